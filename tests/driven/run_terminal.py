"""`./quartet run` in a terminal: the shell comes at once, again after `exit`; poweroff and Ctrl-A X end it."""

import os
import sys
import time

import pexpect

from common import build_kernel
from machine import PROMPT

PROMPT_SECONDS = 10		# about one on a quiet machine; no more than this on a busy one
kernel = os.environ.get('QUARTET_KERNEL') or build_kernel()


def start(*options):
    child = pexpect.spawn('./quartet', ['run', '--kernel', kernel, *options], timeout=60, encoding='utf-8')
    child.expect(PROMPT)
    return child


def expect_end(child):
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0, (child.exitstatus, child.signalstatus)


def quickest():
    """The best of three times to the prompt."""
    best = None
    for _ in range(3):
        began = time.monotonic()
        child = start()
        seconds = time.monotonic() - began
        best = min(best or seconds, seconds)
        child.send('\x01x')
        expect_end(child)
    return best


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

taken = quickest()
print(f'{taken:.1f} s from the command to the prompt')
sys.exit(0 if taken < PROMPT_SECONDS else 1)
