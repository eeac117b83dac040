"""Host unit tests: programs built by tests/host/rules.mk from the kernel's own files."""

import concurrent.futures
import itertools
import os
import re
import subprocess
import time

from common import ROOT, Failure, build_path, i386_command, make
from results import FAILED, PASSED

TIME_LIMIT = 300		# seconds for one program
# Begun first, so that the others run beside them.
LONG = ('kernel/fs/ext2/ext2_journal_test', 'kernel/fs/ext2/ext2_journal_memory_test')
WIDE = re.compile(r'test:.*\bbits=64\b')


def test_name(path):
    return path.replace('kernel/', 'host/', 1)


def is_wide(path):
    """Whether a test is a program of 64 bits: it says so in its first lines."""
    with open(os.path.join(ROOT, f'{path}.c'), errors='replace') as source:
        return any(WIDE.search(line) for line in itertools.islice(source, 20))


def program_of(path):
    return build_path('host64' if is_wide(path) else 'host32', path)


def find_tests(is_wanted):
    """Paths without extension, such as kernel/lib/rbtree_test."""
    found = []
    for folder, _, names in os.walk(os.path.join(ROOT, 'kernel')):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), ROOT).removesuffix('.c')
            if name.endswith('_test.c') and is_wanted(test_name(path)):
                found.append(path)
    return sorted(found)


def run(paths, results):
    if not paths:
        return
    results.heading('host unit tests')
    targets = {path: os.path.relpath(program_of(path), ROOT) for path in paths}
    try:
        make('--silent', '--keep-going', *targets.values())
        unbuilt = set()
    except Failure:
        unbuilt = {path for path in paths if subprocess.run(['make', '-q', targets[path]], cwd=ROOT).returncode}
    for path in unbuilt:
        results.single(test_name(path), FAILED, 'does not build')
    built = sorted(set(paths) - unbuilt, key=lambda path: (path not in LONG, path))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for job in [pool.submit(run_one, path, results) for path in built]:
            job.result()


def run_one(path, results):
    started = time.monotonic()
    try:
        command = [program_of(path)] if is_wide(path) else i386_command(program_of(path))
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=TIME_LIMIT, cwd=ROOT)
        outcome = PASSED if done.returncode == 0 else FAILED
        detail = f'status {done.returncode}\n{done.stdout.decode(errors="replace")}'
    except (OSError, subprocess.TimeoutExpired) as error:
        outcome, detail = FAILED, str(error)
    results.single(test_name(path), outcome, detail, time.monotonic() - started)
