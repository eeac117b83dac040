"""`./quartet debug`: gdb stops the kernel, at a function or by Ctrl-C, and shows what its commands promise."""

import os
import re
import subprocess
import sys

import pexpect

from common import build_kernel

KERNEL = os.environ.get('QUARTET_KERNEL') or build_kernel('debug')
DEBUG = ['./quartet', 'debug', '--kernel', KERNEL, '--cpus', '1']


def at_a_function():
    # Init is read from the disk: its blocks are looked up under a lock.
    commands = ['tbreak ext2_map_find', 'continue', 'q-locks', 'echo at-poll\\n',
                'tbreak sys_poll', 'continue', 'q-threads', 'q-processes', 'q-regions 1', 'q-files 1', 'q-locks', 'q-backtrace 1',
                'q-frame 0x100000', 'q-frame 0xffffffffff', 'q-regions', 'q-regions 99', 'q-files x', 'kill', 'quit']
    arguments = [word for command in commands for word in ('-ex', command)]
    done = subprocess.run([*DEBUG, '--', *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120)
    print(done.stdout)
    for expected in ('sys_poll (', ' idle ', ' init ', ' writeback ', 'regions', 'heap', 'stack', 'sys_rt_sigtimedwait',
                     'no process 99', 'A process id', 'beyond the end of memory'):
        assert expected in done.stdout, expected
    for expected in (r'(?m)^ +1 +1 init$', r'(?m)^ +\d+ +1   sh$', r'(?m)^  [0-9a-f-]{17} r-xp cache .* /sbin/init$',
                     r'(?m)^  [0-9a-f-]{17} r-xp +\[vdso\]$', r'(?m)^ +0 +2 +\d+ +\d+ 0x[0-9a-f]{8} /\S+$',
                     r'frame 0x100 \(0x[0-9a-f]+\): FRAME_\w+, \d+ references'):
        assert re.search(expected, done.stdout), expected
    in_file_system, _, at_poll = done.stdout.partition('at-poll\n')
    assert re.search(r'(?m)^\S+ +ext2 block map +0x[0-9a-f]{8} exclusive at \w+ \+ \d+$', in_file_system), in_file_system
    assert 'no thread holds a lock' in at_poll or ' shared ' in at_poll or ' exclusive ' in at_poll
    assert 'Error occurred in Python' not in done.stdout


def by_interrupt():
    gdb = pexpect.spawn(DEBUG[0], DEBUG[1:], timeout=90, encoding='utf-8', dimensions=(50, 200))
    gdb.logfile_read = sys.stdout
    gdb.expect(r'\(gdb\) ')
    gdb.sendline('help quartet')
    gdb.expect('q-backtrace TID')
    gdb.expect(r'\(gdb\) ')
    gdb.sendline('tbreak sys_poll')
    gdb.expect(r'\(gdb\) ')
    for _ in range(2):
        gdb.sendline('continue')
        gdb.expect('Continuing')
        try:
            gdb.expect(r'\(gdb\) ', timeout=15)		# the first time, at the function
        except pexpect.TIMEOUT:
            gdb.sendintr()
            gdb.expect('received signal SIGINT')
            gdb.expect(r'\(gdb\) ')
    gdb.sendline('q-backtrace 0')		# the processor idles: its thread is the one that runs
    gdb.expect(r'idle \(thread')
    gdb.expect(r'#0 ')
    gdb.expect(r'\(gdb\) ')
    gdb.sendline('quit')
    gdb.expect(pexpect.EOF)
    gdb.wait()
    assert gdb.exitstatus == 0, gdb.exitstatus


at_a_function()
by_interrupt()
