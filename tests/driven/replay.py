"""`./quartet replay` records a guest test and runs exactly that again, with gdb going forwards and backwards."""

import os
import re
import shlex
import subprocess

from common import build_kernel

KERNEL = os.environ.get('QUARTET_KERNEL') or build_kernel('debug')


def replay(*arguments):
    return quartet('replay', *arguments)


def quartet(*arguments, **environment):
    done = subprocess.run(['./quartet', *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env={**os.environ, **environment},
                          stderr=subprocess.STDOUT, text=True, timeout=200)
    print(done.stdout)
    return done


def session():
    """Forward to a fork, to the third write after it, and back over the call. Returns what gdb showed of each place."""
    places = ['hbreak process_clone', 'continue', 'p $pc', 'delete', 'hbreak sys_write', 'continue', 'continue', 'continue',
              'p $pc', 'p $esp', 'reverse-stepi', 'p $pc', 'stepi', 'p $pc', 'p $esp', 'kill']
    done = replay('--', '-batch', *[word for place in places for word in ('-ex', place)])
    return re.findall(r'^\$\d+ = .*$', done.stdout, re.MULTILINE)


# On a busy machine each step back, which is a run from the beginning, takes its time.
# The test passes, so nothing fails in one try; the recording is kept all the same.
done = replay('fork_inherits', '--kernel', KERNEL, '--tries', '1', '--seed', '7')
assert done.returncode == 1 and 'seed 7: passed' in done.stdout and 'the last one is kept' in done.stdout
first, second = session(), session()
assert first == second and len(first) == 6, (first, second)
assert 'process_clone' in first[0] and 'sys_write' in first[1] and first[1][5:] != first[3][5:] and 'sys_write' in first[4], first
assert replay('no_such_test').returncode == 1


def failure():
    """What gdb shows of the end of a test that fails: its status, and where it stood."""
    places = ['hbreak sys_exit_group if status == 99', 'continue', 'p status', 'p $pc', 'p $esp', 'reverse-stepi', 'p $pc', 'kill']
    done = replay('--', '-batch', *[word for place in places for word in ('-ex', place)])
    return re.findall(r'^\$\d+ = .*$', done.stdout, re.MULTILINE)


# One that fails, as it has no disk: the command that is printed records it and finds the same, and so does each replay.
told = quartet('test', '--no-linux', '--cpus', '1', '--seed', '3', '--kernel', KERNEL, 'guest/protect_read_only_map',
               TEST_SCALE='50 TEST_DISK_DIR=/nowhere')
complaint = re.search(r'check\.h:\d+: not true: chdir.*\(errno 2', told.stdout)
command = re.search(r'to record and replay it: \./quartet (replay .*)', told.stdout)
assert told.returncode == 1 and complaint and command, told.stdout
done = quartet(*shlex.split(command[1]), '--record-only')
assert done.returncode == 0 and 'seed 3: failed' in done.stdout and complaint[0] in done.stdout, done.stdout
first, second = failure(), failure()
assert first == second and len(first) == 4 and first[0].endswith('= 99'), (first, second)
