"""`./quartet replay` records a guest test and runs exactly that again, with gdb going forwards and backwards."""

import os
import re
import subprocess

from common import build_kernel

KERNEL = os.environ.get('QUARTET_KERNEL') or build_kernel('debug')


def replay(*arguments):
    done = subprocess.run(['./quartet', 'replay', *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
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
