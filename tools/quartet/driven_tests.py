"""
Driven tests: tests/driven/*.py, each a program that types at a machine and looks at what it shows.

A test imports `machine` (tools/quartet/machine.py), exits with 0 if it passed, 77 if it cannot run
here, anything else if it failed. The kernel to use stands in QUARTET_KERNEL, the seed in QUARTET_SEED.
"""

import concurrent.futures
import os
import subprocess
import sys
import time

from common import ROOT
from results import FAILED, PASSED, SKIPPED

TIMEOUT = 300
SKIP_STATUS = 77
TESTS_AT_ONCE = 2


def find_tests(is_wanted):
    folder = os.path.join(ROOT, 'tests/driven')
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return [os.path.join(folder, name) for name in names
            if name.endswith('.py') and is_wanted(f'driven/{name.removesuffix(".py")}')]


def test_name(path):
    return f'driven/{os.path.basename(path).removesuffix(".py")}'


def run_one(path, environment, results):
    name = test_name(path)
    started = time.monotonic()
    try:
        done = subprocess.run([sys.executable, path], env=environment, cwd=ROOT, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT)
        text = done.stdout.decode(errors='replace')
        outcome = {0: PASSED, SKIP_STATUS: SKIPPED}.get(done.returncode, FAILED)
    except subprocess.TimeoutExpired as error:
        outcome, text = FAILED, f'took more than {TIMEOUT} s\n{(error.stdout or b"").decode(errors="replace")}'
    # One line, such as a number that a test has measured, is worth seeing even if it passes.
    lines = text.strip().splitlines()
    note = lines[0] if outcome == PASSED and len(lines) == 1 else ''
    results.single(name, outcome, text, time.monotonic() - started, note)


def run(paths, kernel, results, seed):
    if not paths:
        return
    results.heading('driven tests')
    tools = os.path.join(ROOT, 'tools/quartet')
    environment = dict(os.environ, QUARTET_KERNEL=kernel, QUARTET_SEED=str(seed), PYTHONPATH=tools)
    run_round(paths, environment, results)
    if results.second_chance:
        results.second_chance = False
        run_round([path for path in paths if test_name(path) in results.suspects], environment, results)
        results.second_chance = True


def run_round(paths, environment, results):
    with concurrent.futures.ThreadPoolExecutor(TESTS_AT_ONCE) as pool:
        for job in [pool.submit(run_one, path, environment, results) for path in paths]:
            job.result()
