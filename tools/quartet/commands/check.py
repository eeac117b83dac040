"""./quartet check: layers, headers, format, and both compilers."""

import checks
from results import Results


def main(arguments):
    results = Results([])
    checks.run(lambda name: not arguments or any(word in name for word in arguments), results)
    return results.finish()
