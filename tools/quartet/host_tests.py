"""Host unit tests: programs built by tests/host/rules.mk from the kernel's own files."""

import os
import subprocess
import time

from common import ROOT, Failure, build_path, i386_command, make
from results import FAILED, PASSED

# Seconds for one program: the journal's takes 105 on an emulated i386 under the sanitizers.
TIME_LIMIT = 400


def find_tests(is_wanted):
    """Paths without extension, such as kernel/lib/rbtree_test."""
    found = []
    for folder, _, names in os.walk(os.path.join(ROOT, 'kernel')):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), ROOT).removesuffix('.c')
            if name.endswith('_test.c') and is_wanted(path.replace('kernel/', 'host/', 1)):
                found.append(path)
    return sorted(found)


def run(paths, results):
    if not paths:
        return
    results.heading('host unit tests')
    targets = {path: os.path.relpath(build_path('host', path), ROOT) for path in paths}
    try:
        make('--silent', '--keep-going', *targets.values())
        unbuilt = set()
    except Failure:
        unbuilt = {path for path in paths if subprocess.run(['make', '-q', targets[path]], cwd=ROOT).returncode}
    for path in paths:
        if path in unbuilt:
            results.single(path.replace('kernel/', 'host/', 1), FAILED, 'does not build')
            continue
        started = time.monotonic()
        try:
            done = subprocess.run(i386_command(build_path('host', path)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=TIME_LIMIT, cwd=ROOT)
            outcome = PASSED if done.returncode == 0 else FAILED
            detail = f'status {done.returncode}\n{done.stdout.decode(errors="replace")}'
        except (OSError, subprocess.TimeoutExpired) as error:
            outcome, detail = FAILED, str(error)
        results.single(path.replace('kernel/', 'host/', 1), outcome, detail, time.monotonic() - started)
