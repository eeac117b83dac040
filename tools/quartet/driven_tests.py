"""
Driven tests: tests/driven/*.py, each a program that types at a machine and looks at what it shows.

A test imports `machine` (tools/quartet/machine.py), exits with 0 if it passed, 77 if it cannot run
here, anything else if it failed. The kernel to use stands in QUARTET_KERNEL, the seed in QUARTET_SEED.
"""

import concurrent.futures
import os
import signal
import subprocess
import sys
import time

import debian
from common import ROOT, Failure
from results import FAILED, PASSED, SKIPPED

TIMEOUT = 300
GRACE = 5	# seconds to clean up after that
# What a script starts in the background ignores these two, and would pass that on to all that the tests start and interrupt.
HEARING = ['env', '--default-signal=INT,QUIT']
SKIP_STATUS = 77
TESTS_AT_ONCE = 3	# mostly they wait for somebody to type
LONG = ('driven/endure_calls', 'driven/endure_fuzz', 'driven/endure_sim', 'driven/power_cut', 'driven/power_cut_programs')


def find_tests(is_wanted):
    folder = os.path.join(ROOT, 'tests/driven')
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return [os.path.join(folder, name) for name in names
            if name.endswith('.py') and is_wanted(f'driven/{name.removesuffix(".py")}')]


def test_name(path):
    return f'driven/{os.path.basename(path).removesuffix(".py")}'


running = set()	# leaders of process groups; each thread adds and takes away its own


def run_group(command, **options):
    """subprocess.run in a process group of its own, which ends whole when the time is up or someone interrupts."""
    process = subprocess.Popen(command, start_new_session=True, **options)
    running.add(process)
    try:
        output, _ = process.communicate(timeout=TIMEOUT)
        return subprocess.CompletedProcess(command, process.returncode, output)
    except BaseException:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.communicate(timeout=GRACE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        raise
    finally:
        running.discard(process)


def wants_debian(path):
    return test_name(path).startswith('driven/debian')


def order(path):
    """The long ones begin first, those that want the Debian image come last: making it takes minutes."""
    return (wants_debian(path), test_name(path) not in LONG, path)


def run_one(path, environment, results):
    name = test_name(path)
    started = time.monotonic()
    if wants_debian(path):
        try:
            debian.stock_image()	# if it is new, this takes more time than a test has
        except (Failure, OSError) as error:
            results.single(name, FAILED, str(error), time.monotonic() - started)
            return
    started = time.monotonic()
    try:
        done = run_group([*HEARING, sys.executable, path], env=environment, cwd=ROOT, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
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
    tools = os.path.join(ROOT, 'tools/quartet')
    environment = dict(os.environ, QUARTET_KERNEL=kernel, QUARTET_SEED=str(seed), PYTHONPATH=tools)
    run_round(paths, environment, results)
    if results.second_chance:
        results.second_chance = False
        run_round([path for path in paths if test_name(path) in results.suspects], environment, results)
        results.second_chance = True


def run_round(paths, environment, results):
    with concurrent.futures.ThreadPoolExecutor(TESTS_AT_ONCE) as pool:
        jobs = [pool.submit(run_one, path, environment, results) for path in sorted(paths, key=order)]
        try:
            for job in jobs:
                job.result()
        except BaseException:		# Ctrl-C, which a group of its own does not hear
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(running):
                os.killpg(process.pid, signal.SIGINT)
            raise
