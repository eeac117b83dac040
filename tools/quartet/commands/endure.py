"""
./quartet endure WHAT [OPTIONS]: what takes long.

	document	the figures of the last full runs of all these into docs/reliability.md
	calls		random system calls that use each other's results
	crash		cuts of power at thousands of points of logged workloads
	shortage	every allocation fails once on each path to it
	fuzz		libFuzzer's inputs for what reads what others made: disks, archives, keys, programs, names, settings
	siege		a user takes all that he gets of 32 MiB, round after round; another one's shell answers
	sim		the portable kernel on a simulated machine, everything decided by one seed
	strangers	other people's attacks
	torture		the guest tests torture_*, in their long form, with 1, 2, 4 and 8 CPUs and ever new seeds

Each but the first has options: ./quartet endure WHAT --help.
"""

import fnmatch
import os
import random
import re
import subprocess
import time

import crash
import endure_record
import fuzz
import guest_tests
import random_calls
import shortage
import strangers
from common import Misuse, Parser, build_kernel, build_path, kernel_file, make, minutes_number, positive_number, seed_number, user_path, whole_number
from results import FAILED, PASSED, SKIPPED, Results

WHOLE_POINTS, WHOLE_ROUNDS, WHOLE_SEEDS = 10000, 1000, 1000
WHOLE_MINUTES = {'calls': 10, 'torture': 60, 'strangers': 10, 'fuzz': 10}
POINTS_OF_A_WORKLOAD = 1000
BOOTED_SHARE = 20		# one point of so many is replayed by a booted kernel as well
CRASH_KINDS = ('files', 'files', 'files', 'sqlite', 'git')	# of workloads, in turn


def parse_crash(arguments):
    parser = Parser('endure crash')
    parser.add_argument('--points', type=positive_number, default=WHOLE_POINTS, metavar='N', help='disks to judge (10000)')
    parser.add_argument('--seed', type=seed_number, help='of the workloads and the points; random unless given')
    parser.add_argument('--workload', choices=sorted(set(CRASH_KINDS)), help='only such ones; in turn unless given')
    parser.add_argument('--build', choices=('debug', 'release'), default='debug')
    parser.add_argument('--kernel', type=kernel_file, metavar='FILE', help='record with this kernel instead of building one')
    parser.add_argument('--log', type=user_path, metavar='DIR', help='judge a point of this recording')
    parser.add_argument('--point', default='', metavar='N[:S]', help='that point')
    return parser.parse_args(arguments)


def judge_one(options):
    recording = crash.Recording(options.log)
    if not re.fullmatch(r'\d+(:\d+)?', options.point, re.ASCII):
        raise Misuse('endure crash: --log goes with --point N or N:S')
    place, _, seed = options.point.partition(':')
    failures = crash.check(recording, [(int(place), int(seed) if seed else None)])
    print('\n'.join(failures) or 'nothing is wrong')
    return 1 if failures else 0


def judge_workload(kind, number, seed, count, kernel):
    """Record one workload and judge `count` points of it. Returns the complaints."""
    block_size = (1024, 4096, 2048)[number // 2 % 3]
    folder = build_path('endure', f'crash-{kind}-{seed}')
    recording = crash.record(kind, seed, kernel, folder, block_size, cpus=(2, 1, 4)[number % 3])
    points = recording.points(count, seed)
    failures = crash.check(recording, points)
    booted = points[::BOOTED_SHARE]
    failures += crash.check(recording, booted, kernel)
    print(f'{kind}, workload {seed}: {len(recording.workload.lines)} operations, {len(recording.log.entries)} writes and flushes, '
          f'blocks of {block_size}; {len(points)} points, {len(booted)} of them in a booted kernel too: '
          f'{len(failures)} failures', flush=True)
    return failures


TORTURE_CPUS = (1, 2, 4, 8)
SHORT_ROUND = 60		# seconds that one round takes about, each test as long as in the suite
LONGEST_SCALE = 20		# times as long


def main_torture(arguments):
    parser = Parser('endure torture')
    parser.add_argument('--minutes', type=minutes_number, default=WHOLE_MINUTES['torture'], metavar='N')
    parser.add_argument('--seed', type=seed_number, help="the scheduler's, of the first round; each has the next one")
    parser.add_argument('--kernel', type=kernel_file, metavar='FILE')
    options = parser.parse_args(arguments)
    first = seed = options.seed if options.seed is not None else random.randrange(1, 1 << 31)
    end = time.monotonic() + options.minutes * 60
    kernel = options.kernel or build_kernel('debug')
    tests = guest_tests.find_tests(lambda name: name.startswith('guest/torture_'))
    make('--silent', 'user', *[f'build/guest/{test.name}' for test in tests])
    scale = max(1, min(LONGEST_SCALE, int(options.minutes * 60 / SHORT_ROUND)))
    for test in tests:
        test.scale, test.timeout = str(100 * scale), test.timeout * scale
    results = Results([guest_tests.column_name(n) for n in TORTURE_CPUS])
    rounds = 0
    while True:
        rounds += 1
        print(f'\nseed {seed}', flush=True)
        guest_tests.run(tests, kernel, TORTURE_CPUS, results, seed, on_linux=False)
        seed += 1
        if time.monotonic() > end or any(results.failures):
            status = results.finish()
            endure_record.add('torture', options.minutes >= WHOLE_MINUTES['torture'], arguments, status,
                              {f'rounds, seeds from {first} on': rounds, 'passed': results.counts[PASSED], 'failed': results.counts[FAILED]})
            return status


def main_crash(arguments):
    options = parse_crash(arguments)
    crash.build_replayer()
    if options.log:
        return judge_one(options)
    kernel = options.kernel or build_kernel(options.build)
    seed = options.seed if options.seed is not None else random.randrange(1, 1 << 31)
    print(f'seed {seed}: give it back with --seed', flush=True)
    failures, left, number = [], options.points, 0
    while left > 0:
        count = min(left, POINTS_OF_A_WORKLOAD)
        kind = options.workload or CRASH_KINDS[number % len(CRASH_KINDS)]
        failures += judge_workload(kind, number, seed + number, count, kernel)
        left -= count
        number += 1
    for failure in failures[:20]:
        print(failure)
    print(f'{options.points} points, {len(failures)} failures')
    status = 1 if failures else 0
    endure_record.add(f'crash, {options.workload or "files, sqlite, git"}', options.points >= WHOLE_POINTS, arguments, status,
                      {'points': options.points, f'workloads, seeds from {seed} on': number, 'failures': len(failures)})
    return status


def main_calls(arguments):
    parser = Parser('endure calls')
    parser.add_argument('--minutes', type=minutes_number, default=WHOLE_MINUTES['calls'], metavar='N', help='in all (10)')
    parser.add_argument('--rounds', type=positive_number, metavar='N', help=f'of {random_calls.ROUND_SECONDS} seconds each, instead')
    parser.add_argument('--seed', type=seed_number, help='of the first round, each has the next one; random unless given')
    parser.add_argument('--as', dest='who', choices=('user', 'root', 'both'), default='user',
                        help='who makes them (user); the allocations of root fail as well')
    parser.add_argument('--cpus', type=int, default=4, choices=range(1, 9), metavar='N')
    parser.add_argument('--kernel', type=kernel_file, metavar='FILE')
    options = parser.parse_args(arguments)
    kernel = options.kernel or build_kernel('debug')
    seed = options.seed if options.seed is not None else random.randrange(1, 1 << 31)
    rounds = options.rounds or random_calls.rounds_in(options.minutes)
    print(f'seeds from {seed} on: give it back with --seed, and --rounds 1', flush=True)
    status = 0 if random_calls.run(kernel, options.cpus, rounds, seed, options.who) else 1
    endure_record.add(f'calls, {options.who}', rounds >= random_calls.rounds_in(WHOLE_MINUTES['calls']),
                      arguments, status, {f'rounds of {random_calls.ROUND_SECONDS} seconds, seeds from {seed} on': rounds})
    return status


def main_strangers(arguments):
    parser = Parser('endure strangers')
    parser.add_argument('names', nargs='*', metavar='NAME',
                        help='trinity, crashme, stress-fork and so on, also with * and ?; all of them unless given')
    parser.add_argument('--minutes', type=minutes_number, default=WHOLE_MINUTES['strangers'], help='for trinity and crashme each (10)')
    parser.add_argument('--seed', type=seed_number, help='of trinity and crashme; random unless given')
    parser.add_argument('--cpus', type=int, default=strangers.CPUS, choices=range(1, 9), metavar='N')
    parser.add_argument('--linux', action='store_true', help='on Debian\'s Linux as well')
    parser.add_argument('--build', choices=('debug', 'release'), default='debug')
    parser.add_argument('--kernel', type=kernel_file, metavar='FILE', help='attack this kernel instead of building one')
    options = parser.parse_args(arguments)
    known = strangers.known_names()
    names = [name for name in known if not options.names or any(fnmatch.fnmatch(name, wanted) for wanted in options.names)]
    if not names:
        raise Misuse('endure strangers: no such attack; known are ' + ' '.join(known))
    seed = options.seed if options.seed is not None else random.randrange(1, 1 << 31)
    print(f'seed {seed}: give it back with --seed', flush=True)
    make('--silent', 'user')
    kernel = options.kernel or build_kernel(options.build)
    outcomes = strangers.run(names, options.minutes, seed, kernel, options.cpus, options.linux)
    print(strangers.summary(outcomes))
    status = 1 if outcomes.has_failed() else 0
    endure_record.add('strangers', names == known and options.minutes >= WHOLE_MINUTES['strangers'], arguments, status,
                      {'': f'seed {seed}', **{word: outcomes.count(state) for word, state in (
                          ('passed', PASSED), ('failed', FAILED), ('skipped', SKIPPED))}})
    return status


def main_shortage(arguments):
    parser = Parser('endure shortage')
    parser.add_argument('names', nargs='*', metavar='NAME', help='guest tests to run as workloads, also with * and ?; all unless given')
    parser.add_argument('--direct', action='store_true', help='no workloads: only the tests that know which error is right')
    parser.add_argument('--runs', type=positive_number, default=shortage.RUNS, metavar='N', help=f'of one workload at most ({shortage.RUNS})')
    parser.add_argument('--cpus', type=int, default=1, choices=range(1, 9), metavar='N')
    parser.add_argument('--seed', type=seed_number, default=1, help="the scheduler's")
    parser.add_argument('--kernel', type=kernel_file, metavar='FILE')
    options = parser.parse_args(arguments)
    path = options.kernel or build_kernel('debug')
    kernel = shortage.Kernel(path)
    outcomes = shortage.Outcomes(kernel)
    tests = guest_tests.find_tests(lambda name: name.startswith('guest/') and (not options.names or any(
        fnmatch.fnmatch(name.removeprefix('guest/'), wanted) for wanted in options.names)))
    make('--silent', 'user', f'build/endure/{shortage.PLAYER}', *[f'build/guest/{test.name}' for test in tests])
    shortage.run_direct(path, options.seed, outcomes)
    if not options.direct:
        shortage.run_workloads(tests, path, options.cpus, options.runs, options.seed, outcomes)
    text = shortage.report(kernel, outcomes)
    print(text)
    status = 1 if outcomes.failures else 0
    endure_record.add('shortage, direct' if options.direct else 'shortage', not options.names and options.runs >= shortage.RUNS,
                      arguments, status, {'': text.partition('\n')[0]})
    return status


def main_fuzz(arguments):
    parser = Parser('endure fuzz')
    parser.add_argument('names', nargs='*', metavar='NAME',
                        help=f'fuzzers: {", ".join(fuzz.targets())}; all unless given')
    parser.add_argument('--minutes', type=minutes_number, default=WHOLE_MINUTES['fuzz'], metavar='N', help='for all of them (10)')
    parser.add_argument('--keep', action='store_true', help='write the inputs worth keeping to tests/fuzz/corpus')
    parser.add_argument('--input', type=user_path, metavar='FILE', help='give one fuzzer this input alone')
    options = parser.parse_args(arguments)
    names = options.names or fuzz.targets()
    for name in names:
        if name not in fuzz.targets():
            raise Misuse(f'endure fuzz: no fuzzer {name}; known are {" ".join(fuzz.targets())}')
    if options.input and len(names) != 1:
        raise Misuse('endure fuzz: --input is for one fuzzer, which has to be named')
    fuzz.build(names)
    if options.input:
        return fuzz.replay(names[0], options.input)
    status = 0 if fuzz.run(names, options.minutes, options.keep) else 1
    endure_record.add('fuzz', names == fuzz.targets() and options.minutes >= WHOLE_MINUTES['fuzz'], arguments, status,
                      {'fuzzers': len(names), 'minutes in all': f'{options.minutes:g}'})
    return status


def main_siege(arguments):
    parser = Parser('endure siege')
    parser.add_argument('--rounds', type=positive_number, default=WHOLE_ROUNDS, metavar='N', help='of one attack each (1000)')
    parser.add_argument('--answer', type=positive_number, default=1000, metavar='MS', help='how long the neighbour may wait (1000)')
    parser.add_argument('--cpus', type=int, default=1, choices=range(1, 9), metavar='N')
    parser.add_argument('--seed', type=seed_number, default=1, help="the scheduler's")
    parser.add_argument('--build', choices=('debug', 'release'), default='debug')
    parser.add_argument('--kernel', type=kernel_file, metavar='FILE')
    options = parser.parse_args(arguments)
    kernel = options.kernel or build_kernel(options.build)
    make('--silent', 'user', f'build/guest/{shortage.SIEGE}')
    status, longest = shortage.run_siege(kernel, options.cpus, options.rounds, options.answer, options.seed)
    endure_record.add(f'siege, {options.cpus} CPUs', options.rounds >= WHOLE_ROUNDS and options.answer <= 1000, arguments, status,
                      {'rounds': options.rounds, **({} if longest is None else {'ms for the slowest answer': longest})})
    return status


SIM_PROGRAM = 'sim/sim'
SIM_BREAKS = ('nothing', 'flush', 'force', 'wake', 'free', 'tlb', 'copy', 'table', 'truncate',
              'reap', 'child', 'resume', 'queue')


def main_sim(arguments):
    """Seeds of the simulated machine (tests/sim), shared out among the host's processors."""
    parser = Parser('endure sim')
    parser.add_argument('--seeds', type=positive_number, default=WHOLE_SEEDS, metavar='N', help='how many (1000)')
    parser.add_argument('--first', type=whole_number, default=None, metavar='S', help='the first of them; random unless given')
    parser.add_argument('--seed', type=whole_number, metavar='S', help='this one alone, and what it does')
    parser.add_argument('--schedule', type=whole_number, default=0, metavar='N', help='another order of the same things')
    parser.add_argument('--only', default='', metavar='LIST', help='operations of the workload, the others are left out')
    parser.add_argument('--break', dest='broken', default='nothing', choices=SIM_BREAKS,
                        help='let the machine do something wrong, to see whether it is noticed')
    parser.add_argument('--scenario', choices=('files', 'memory', 'processes'), default='', help='what is played; as the seed says unless given')
    parser.add_argument('--stop', action='store_true', help='each processor stops at the first seed that fails')
    parser.add_argument('--no-shrink', action='store_true', help='do not look for smaller workloads that fail')
    options = parser.parse_args(arguments)
    make('--silent', 'sim')
    command = [build_path(SIM_PROGRAM), '--break', options.broken] + ['--no-shrink'] * options.no_shrink + ['--stop'] * options.stop
    command += ['--scenario', options.scenario] if options.scenario else []
    if options.seed is not None:
        only = ['--only', options.only] if options.only else []
        return subprocess.run(command + ['--verbose', '--no-shrink', '--first', str(options.seed),
                                         '--schedule', str(options.schedule)] + only).returncode
    first = options.first if options.first is not None else random.randrange(1, 1 << 31)
    print(f'seeds from {first} on', flush=True)
    status, figures = run_seeds(command, first, options.seeds)
    if options.broken == 'nothing':
        endure_record.add(f'sim, {options.scenario or "all scenarios"}', options.seeds >= WHOLE_SEEDS, arguments, status,
                          {f'seeds from {first} on': options.seeds, **figures})
    return status


def run_seeds(command, first, count):
    """`count` seeds in as many processes as there are processors. 0 if none failed, and figures."""
    started, jobs = time.monotonic(), min(os.cpu_count() or 1, count)
    shares = [count // jobs + (job < count % jobs) for job in range(jobs)]
    running = []
    for share in shares:
        running.append(subprocess.Popen(command + ['--first', str(first), '--seeds', str(share)], stdout=subprocess.PIPE, text=True))
        first += share
    operations = failures = 0
    for process in running:
        lines = process.communicate()[0].splitlines()
        total = re.fullmatch(r'\d+ seeds, (\d+) operations, (.*); (\d+) failures', lines[-1] if lines else '')
        print('\n'.join(lines[:-1]), end='\n' if lines[:-1] else '')
        operations += int(total[1]) if total else 0
        failures += int(total[3]) if total else 1
        print(total[2] if total else 'it has not come to its end')
    seconds = time.monotonic() - started
    print(f'{count} seeds, {operations} operations in {seconds:.0f} s, {operations * 60 / seconds:.0f} a minute, '
          f'{failures} failures')
    return 1 if failures else 0, {'operations': operations, 'a minute': int(operations * 60 / seconds), 'failures': failures}


def main_document(arguments):
    Parser('endure document').parse_args(arguments)
    endure_record.take_over()
    endure_record.write_table()
    return 0


def main(arguments):
    commands = {'calls': main_calls, 'crash': main_crash, 'document': main_document, 'fuzz': main_fuzz, 'shortage': main_shortage, 'siege': main_siege, 'sim': main_sim,
                'strangers': main_strangers, 'torture': main_torture}
    if arguments and arguments[0] in ('-h', '--help'):
        print(__doc__.strip())
        return 0
    if not arguments or arguments[0] not in commands:
        raise Misuse(f'endure: what? known are {", ".join(commands)}')
    return commands[arguments[0]](arguments[1:])
