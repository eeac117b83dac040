"""
`./quartet run` in a terminal: the shell comes at once, again after `exit`; poweroff and Ctrl-A X end it. Once it has run,
it builds nothing and makes no image.
"""

import hashlib
import os
import resource
import subprocess
import sys
import time

import pexpect

import options
import qemu
from common import build_kernel
from machine import PROMPT

# About a second to the prompt on a quiet machine. On a busy or slow one the same QEMU, started by itself, alternately,
# says how long it has to take: 1.5 times of it is usual, and Python's start comes on top.
def allowed(bare):
    return 2 * bare + 1


kernel = os.environ.get('QUARTET_KERNEL') or build_kernel()


def spawn(command):
    child = pexpect.spawn(command[0], command[1:], timeout=60, encoding='utf-8')
    child.expect(PROMPT)
    return child


def start(*arguments):
    return spawn(['./quartet', 'run', '--kernel', kernel, *arguments])


def expect_end(child, status=0):
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == status, (child.exitstatus, child.signalstatus)


def plain_settings():
    """The machine of `./quartet run` without options."""
    return options.machine_settings(options.parser('run').parse_args([]))


def bare_command():
    """QEMU as `./quartet run` starts it."""
    settings = plain_settings()
    settings.exit_port = False
    return qemu.command_line(settings) + ['-display', 'none', '-serial', 'mon:stdio']


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def time_to_prompt(command):
    """In seconds, and the processor time until its end."""
    began, used = time.monotonic(), processor_seconds()
    child = spawn(command)
    taken = time.monotonic() - began
    child.send('\x01x')
    expect_end(child)
    return taken, processor_seconds() - used


def best(times):
    return tuple(min(column) for column in zip(*times))


machine = start('--cpus', '2', '--memory', '64', '--append', 'norandmaps one=two')
machine.send('cat /proc/cmdline; grep -c ^processor /proc/cpuinfo; grep MemTotal /proc/meminfo\r')
machine.expect(r' norandmaps one=two\r*\n2\r*\nMemTotal: +[56]\d{4} kB')
machine.expect(PROMPT)
machine.send('exit\r')
machine.expect('built-in shell')
machine.expect(PROMPT)
machine.send('\x03')		# a signal for the shell in there, not for us
machine.expect(PROMPT)
machine.send('poweroff\r')
expect_end(machine)

# A command has a terminal with lines, their ends and Ctrl-C; Ctrl-A X ends the machine.
def begin(script):
    child = pexpect.spawn('./quartet', ['run', '--kernel', kernel, '--', 'sh', '-c', f'echo begin; {script}'], timeout=60,
                          encoding='utf-8')
    child.expect('begin')
    return child


child = begin('cat')
child.send('helpo\x7f\x7flo\r')
child.expect('lo\r*\nhello\r*\n')
child.send('\x04')
expect_end(child)
for keys, status in ('\x03', 130), ('\x01x', 1):
    child = begin('sleep 100')
    child.send(keys)
    expect_end(child, status)



def run_true():
    """What plain `./quartet run -- true` says, which should be nothing."""
    done = subprocess.run(['./quartet', 'run', '--', 'true'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=240)
    assert done.returncode == 0, done
    return done.stdout


def made(settings):
    """What tells one kernel and one image from others. (The image's time is that of its last use.)"""
    kernel_status, image_status = os.stat(settings.kernel), os.stat(settings.image)
    with open(settings.image, 'rb') as file:
        content = hashlib.file_digest(file, 'md5').hexdigest()
    return settings.kernel, kernel_status.st_ino, kernel_status.st_mtime_ns, settings.image, image_status.st_ino, content


# The first run may have to build the kernel, the release one, unless it has been for another test.
run_true()
before = made(plain_settings())
assert (said := run_true()) == b'', said
assert (after := made(plain_settings())) == before, (before, after)

pairs = [(time_to_prompt(['./quartet', 'run']), time_to_prompt(bare_command())) for _ in range(4)]
(taken, used), (bare, bare_used) = (best(times) for times in zip(*pairs))
print(f'{taken:.1f} s from the command to the prompt, {used:.1f} s of a processor; QEMU alone {bare:.1f} s')
sys.exit(0 if used < allowed(bare_used) and taken < allowed(bare) else 1)
