"""
./quartet compat SUITE [MODULE ...]: other people's test suites, on Linux and on Quartet, test by test.
./quartet compat self: Quartet's kernel built inside of Quartet by Debian's gcc and make, and then tested.
"""

import argparse
import json
import os

import commands.test
import compat
import selfhost
from common import Failure, build_kernel


def parse(arguments):
    parser = argparse.ArgumentParser(prog='./quartet compat', allow_abbrev=False)
    parser.add_argument('suite', choices=sorted(compat.SUITES) + ['self'])
    parser.add_argument('modules', nargs='*', metavar='MODULE', help='parts of the suite, or patterns of the tests after self; all without any')
    parser.add_argument('--no-linux', action='store_true', help='Quartet alone: nothing is compared')
    parser.add_argument('--linux-results', metavar='FILE', help='take what Linux gave from here, or keep it here')
    parser.add_argument('--document', metavar='FILE', help='write the page about it')
    parser.add_argument('--build', choices=('debug', 'release'), default='release')
    return parser.parse_intermixed_args(arguments)


def build_inside(options):
    """Build the kernel in the machine; then the guest tests (or those with the patterns given) run on it."""
    if options.no_linux or options.linux_results:
        raise Failure('compat self: nothing is compared with Linux')
    made, said = selfhost.build(build_kernel(options.build, 'gcc'), options.build)
    print(f'{made}: {said}', flush=True)
    status = commands.test.main(['--no-linux', '--kernel', made, *(options.modules or ['guest/'])])
    if options.document:
        chosen = 'all of them' if not options.modules else f'of {", ".join(options.modules)} all'
        write_document(options.document, selfhost.document(said, f'{chosen} pass' if status == 0 else 'some fail'))
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
    modules = options.modules or compat.SUITES[options.suite][0]
    kept = {}
    if options.linux_results and os.path.exists(options.linux_results):
        with open(options.linux_results) as file:
            kept = json.load(file)
    missing = [module for module in modules if module not in kept]
    kernel = build_kernel(options.build, 'gcc')
    if missing and not options.no_linux:
        kept.update(compat.run(options.suite, missing, kernel, ['Linux']).of['Linux'])
        if options.linux_results:
            with open(options.linux_results, 'w') as out:
                json.dump(kept, out, indent=1, sort_keys=True)
    outcomes = compat.run(options.suite, modules, kernel, ['Quartet'])
    outcomes.of['Linux'] = kept
    for trouble in outcomes.troubles:
        print(trouble)
    worst = 1.0
    for module in modules:
        only = outcomes.only_on_linux(module)
        for test, result in sorted(only.items()):
            print(f'  only on Linux: {test} ({result})')
        if outcomes.passed('Linux', module):
            worst = min(worst, 1 - len(only) / outcomes.passed('Linux', module))
    if options.document:
        write_document(options.document, compat.document(options.suite, modules, outcomes))
    return 0 if worst >= compat.BAR and not outcomes.troubles else 1
