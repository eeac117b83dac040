"""Ctrl-C, SIGTERM or a closed terminal end ./quartet and all that it has started, and leave no file behind."""

import os
import signal
import subprocess
import sys
import tempfile
import time

from common import build_kernel
from qemu import QEMU

KERNEL = os.environ.get('QUARTET_KERNEL') or build_kernel()


def machines_with(word):
    """The QEMU processes that have `word` in their command line."""
    return processes_with(QEMU, word)


def processes_with(*needed):
    found = []
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{pid}/cmdline', 'rb') as file:
                words = file.read()
        except OSError:
            continue
        if all(word.encode() in words for word in needed):
            found.append(int(pid))
    return found


def wait_until(condition, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def interrupt(arguments, number, whole_group, status):
    with tempfile.TemporaryDirectory(prefix='quartet-interrupted-') as work:
        process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   start_new_session=True, env=dict(os.environ, TMPDIR=work))
        wait_until(lambda: machines_with(work), f'{arguments}: no machine')
        if whole_group:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        said, _ = process.communicate(timeout=30)
        assert process.returncode == status, (arguments, number, process.returncode, said)
        assert b'Traceback' not in said, said.decode(errors='replace')
        wait_until(lambda: not machines_with(work), f'{arguments}: a machine survives', 10)
        if status >= 0:
            wait_until(lambda: not os.listdir(work), f'{arguments} leaves {os.listdir(work)}', 10)


def interrupt_build(function):
    """
    Ctrl-C in the middle of a build: nothing of it goes on, none of its programs complains, and no file is left that is half
    made. A second build waits.
    """
    with tempfile.TemporaryDirectory(prefix='quartet-build-') as work:
        rules, mark, target = (os.path.join(work, name) for name in ('Makefile', 'mark', 'target'))
        with open(rules, 'w') as file:
            file.write(f'{target}:\n\t@touch {mark} {target}; exec python3 -c "import time; time.sleep(1000)" {mark}\n')
        script = f'import common, sys\ntry:\n\t{function}("-f", sys.argv[1], "{target}")\nexcept KeyboardInterrupt:\n\tsys.exit(130)'
        first = subprocess.Popen([sys.executable, '-c', script, rules], start_new_session=True, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        wait_until(lambda: os.path.exists(mark), 'the build does not begin')
        second = subprocess.Popen([sys.executable, '-c', 'import common; common.make("--version")'], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert second.stdout.readline() == 'quartet: waiting for another build here\n'
        os.killpg(first.pid, signal.SIGINT)
        said, _ = first.communicate(timeout=30)
        assert first.returncode == 130 and 'Traceback' not in said, said
        assert not processes_with(mark), 'the build goes on'
        assert not os.path.exists(target), 'half of a file is left'
        second.communicate(timeout=60)
        assert second.returncode == 0


interrupt_build('common.make')
interrupt_build('common.try_make')
RUN = ['./quartet', 'run', '--kernel', KERNEL, '--', 'sleep', '1000']
interrupt(RUN, signal.SIGINT, True, 130)
interrupt(RUN, signal.SIGTERM, False, 128 + 15)
interrupt(RUN, signal.SIGHUP, True, 128 + 1)
interrupt(RUN, signal.SIGKILL, False, -9)		# no time for anything; the machine must not outlive it

TEST = ['./quartet', 'test', '--kernel', KERNEL, '--no-linux', '--cpus', '1,4']
interrupt([*TEST, 'guest/mmap_random'], signal.SIGINT, True, 130)
interrupt([*TEST, 'driven/idle'], signal.SIGINT, True, 130)
interrupt([*TEST, 'driven/idle'], signal.SIGTERM, False, 128 + 15)
sys.exit(0)
