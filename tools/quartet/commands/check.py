"""./quartet check: layers, headers, format, and both compilers."""

import checks
from common import Parser
from results import Results


def main(arguments):
    parser = Parser('check')
    parser.add_argument('words', nargs='*', metavar='WORD', help='part of a name, such as layers or clang')
    arguments = parser.parse_args(arguments).words
    results = Results([])
    checks.run(lambda name: not arguments or any(word in name for word in arguments), results)
    return results.finish()
