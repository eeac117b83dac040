"""
./quartet compat python|go|stress-ng [PART ...]: other people's test suites, on Linux and on Quartet, test by test.
./quartet compat self: Quartet's kernel built inside of Quartet by Debian's gcc and make, and then tested.
"""

import os

import commands.test
import compat
import selfhost
from common import Failure, Misuse, Parser, build_kernel, positive_number, user_path

SUITES = [*sorted(compat.SUITES), 'self']


def parse(arguments):
    parser = Parser('compat')
    parser.add_argument('suite', nargs='?', metavar='SUITE', choices=SUITES, help=', '.join(SUITES))
    parser.add_argument('modules', nargs='*', metavar='MODULE', help='parts of the suite, or patterns of the tests after self; all without any')
    parser.add_argument('--no-linux', action='store_true', help='Quartet alone: nothing is compared')
    parser.add_argument('--linux-results', type=user_path, metavar='FILE', help='take what Linux gave from here, and keep it here')
    parser.add_argument('--quartet-results', type=user_path, metavar='FILE',
                        help='keep what Quartet gives here, and take from here what is in it, but for the parts that are named')
    parser.add_argument('--seconds', type=positive_number, metavar='N', help='for each stressor of stress-ng (5)')
    parser.add_argument('--document', type=user_path, metavar='FILE', help='write the page about it, and beside it a table (.tsv) of every test')
    parser.add_argument('--build', choices=('debug', 'release'), default='release')
    options = parser.parse_intermixed_args(arguments)
    if options.suite is None:
        raise Misuse(f'compat: which suite? known are {", ".join(SUITES)}')
    return options


def build_inside(options):
    """Build the kernel in the machine; then the guest tests (or those with the patterns given) run on it."""
    if options.no_linux or options.linux_results or options.quartet_results or options.seconds:
        raise Misuse('compat self: it takes a PATTERN, --document and --build alone')
    made, said = selfhost.build(build_kernel(options.build, 'gcc'), options.build)
    print(f'{made}: {said}', flush=True)
    results = commands.test.run(['--no-linux', '--kernel', made, *(options.modules or ['guest/'])])
    status = results.finish()
    if options.document:
        chosen = 'all of them' if not options.modules else f'those of {", ".join(options.modules)}'
        write_document(options.document, selfhost.document(said, f'{chosen}, on 1 and 4 CPUs: {results.summary()}'))
    return status


def write_document(path, text):
    try:
        with open(path, 'w') as out:
            out.write(text)
    except OSError as error:
        raise Failure(f'{path}: {error.strerror}') from None


def main(arguments):
    options = parse(arguments)
    if options.suite == 'self':
        return build_inside(options)
    suite = compat.SUITES[options.suite]
    modules = options.modules or suite.modules
    for module in modules:
        if module not in suite.modules:
            raise Misuse(f'compat: the suite {suite.name} has no part {module}')
    outcomes = compat.Outcomes()
    outcomes.load('Linux', options.linux_results)
    outcomes.load('Quartet', options.quartet_results)
    kernel = build_kernel(options.build, 'gcc')
    missing = [module for module in modules if module not in outcomes.of['Linux']]
    if missing and not options.no_linux:
        compat.run(suite, missing, kernel, 'Linux', outcomes, options.seconds)
        outcomes.save('Linux', options.linux_results)
    missing = [module for module in modules if options.modules or module not in outcomes.of['Quartet']]
    if missing:
        compat.run(suite, missing, kernel, 'Quartet', outcomes, options.seconds)
        outcomes.save('Quartet', options.quartet_results)
    is_good = tell(suite, modules, outcomes)
    if options.document:
        write_document(options.document, suite.page(suite, modules, outcomes))
        write_document(os.path.splitext(options.document)[0] + '.tsv', compat.table(modules, outcomes))
    return 0 if is_good else 1


def tell(suite, modules, outcomes):
    """Print what is to be looked into. Returns whether there is nothing."""
    passed, lost, is_clean, why = 0, 0, True, compat.reasons()
    for module in modules:
        for column in outcomes.columns:
            for trouble in outcomes.troubles[column].get(module, []):
                print(f'{module} on {column}: {trouble}')
                is_clean = is_clean and (column != 'Quartet' or f'{suite.name}.{module}' in why)
        only = outcomes.only_on_linux(module)
        for test, result in sorted(only.items()):
            print(f'  only on Linux: {test} ({result})')
        passed += outcomes.passed('Linux', module)
        lost += len([result for result in only.values() if result not in suite.excused])
    return is_clean and lost <= (1 - suite.bar) * passed
