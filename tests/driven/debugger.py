"""`./quartet debug`: gdb stops the kernel at a function and shows its threads, regions and locks."""

import os
import subprocess

from common import build_kernel

kernel = os.environ.get('QUARTET_KERNEL') or build_kernel('debug')
commands = ['tbreak sys_poll', 'continue', 'q-threads', 'q-regions 1', 'q-locks', 'q-backtrace 1', 'kill', 'quit']
arguments = [word for command in commands for word in ('-ex', command)]
done = subprocess.run(['./quartet', 'debug', '--kernel', kernel, '--cpus', '1', '--', *arguments],
                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
print(done.stdout)
for expected in ('sys_poll (', ' idle ', ' init ', ' writeback ', 'regions', 'heap', 'stack',
                 'sys_rt_sigtimedwait'):
    assert expected in done.stdout, expected
assert 'no thread holds a lock' in done.stdout or ' shared ' in done.stdout or ' exclusive ' in done.stdout
assert 'Error occurred in Python' not in done.stdout
