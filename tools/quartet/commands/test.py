"""./quartet test: everything that can be proven here, or what the patterns choose."""

import concurrent.futures
import fnmatch
import random

import checks
import driven_tests
import guest_tests
import host_tests
import prefetch
import session_tests
from common import Failure, Misuse, Parser, build_kernel, build_user, kernel_file, make, runs_i386_programs, seed_number
from qemu import ACCELERATORS
from results import Results


def parse(arguments):
    parser = Parser('test')
    parser.add_argument('patterns', nargs='*', metavar='PATTERN',
                        help='part of a name such as guest/pipe, host/lib, driven/ctrl_c, session/perl, check/layers; or with * and ?')
    parser.add_argument('--cpus', default='1,4', metavar='LIST', help="CPU counts of guest tests (1,4); '' for Linux alone")
    parser.add_argument('--seed', type=seed_number, default=None, help="the scheduler's seed; random unless given")
    parser.add_argument('--build', choices=('debug', 'release'), default='debug')
    parser.add_argument('--cc', choices=('gcc', 'clang'), default='gcc')
    parser.add_argument('--accel', choices=ACCELERATORS, default='tcg')
    parser.add_argument('--kernel', type=kernel_file, metavar='FILE', help='test this kernel instead of building one')
    parser.add_argument('--second-chance', action='store_true',
                        help='run guest and driven tests that failed once more; those that then pass are listed as unsteady')
    linux = parser.add_mutually_exclusive_group()
    linux.add_argument('--no-linux', action='store_true', help='do not run guest tests on Linux')
    linux.add_argument('--linux-here', action='store_true',
                       help="run them on this machine's Linux, not Debian's in QEMU: as root, they set clocks and use devices")
    options = parser.parse_args(arguments)
    if options.linux_here and not runs_i386_programs():
        raise Failure('--linux-here: this machine does not run i386 programs')
    return options


def chooser(patterns):
    """A function that says whether a name, such as guest/pipe_end_of_file, is wanted."""
    def is_wanted(name):
        return not patterns or any(fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(name.split('/', 1)[1], pattern)
                                   or pattern in name for pattern in patterns)
    return is_wanted


def processor_counts(text):
    words = [word for word in text.split(',') if word]
    if not all(word in ('1', '2', '3', '4', '5', '6', '7', '8') for word in words):
        raise Misuse(f'test: --cpus {text}: numbers from 1 to 8, with commas')
    return [int(word) for word in words]


def run(arguments):
    """Run what is chosen. Returns the Results, which are not finished yet."""
    options = parse(arguments)
    if '' in options.patterns:
        raise Misuse('test: an empty pattern would be every test; leave it out for all')
    is_wanted = chooser(options.patterns)
    cpu_counts = processor_counts(options.cpus)
    seed = options.seed if options.seed is not None else random.randrange(1, 1 << 31)
    results = Results(([] if options.no_linux else ['Linux']) + [guest_tests.column_name(n) for n in cpu_counts])
    guest = guest_tests.find_tests(is_wanted)
    driven = driven_tests.find_tests(is_wanted)
    sessions = session_tests.find_tests(is_wanted, options.patterns)
    print(f'seed {seed}: give it back with --seed', flush=True)
    if not options.patterns:
        prefetch.begin()
    checks.run(is_wanted, results)
    host_tests.run(host_tests.find_tests(is_wanted), results)
    results.second_chance = options.second_chance
    kernel = options.kernel or ''
    if not kernel and (driven or sessions or (guest and cpu_counts)):
        kernel = build_kernel(options.build, options.cc)
    elif kernel:
        build_user()
    if guest:
        make('--silent', 'user', *[f'build/guest/{test.name}' for test in guest])
        guest_tests.run(guest, kernel, cpu_counts, results, seed, options.accel, not options.no_linux,
                        options.linux_here, keeps_linux=not options.patterns)
    if driven or sessions:
        results.heading('driven tests and sessions')
    # A session mostly keeps one processor busy, and driven tests wait.
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        job = pool.submit(session_tests.run, sessions, kernel, results, seed, options.accel)
        try:
            driven_tests.run(driven, kernel, results, seed)
            job.result()
        except BaseException:		# Ctrl-C
            guest_tests.interrupted.set()
            raise
    return results


def main(arguments):
    return run(arguments).finish()
