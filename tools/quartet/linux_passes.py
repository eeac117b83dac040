"""
Which guest tests have passed on the emulated Linux, kept in the cache: neither a program nor that kernel answers
otherwise tomorrow. A run of everything tries there what is new or was changed; a test that is named is always run.
"""

import hashlib
import os

import linux_machine
from common import build_path, cache_path
from results import PASSED


def _digest(*parts):
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()


def _content(path):
    with open(path, 'rb') as file:
        return file.read()


class LinuxPasses:
    """Results as guest_tests.run_in_machine() tells them; what passes is noted on the way to the true ones."""

    def __init__(self, results, tests):
        self.results = results
        around = _content(build_path('user/init')) + os.path.basename(linux_machine.kernel()).encode()
        self.paths = {test.name: cache_path('linux-passes', f'{test.name}-' + _digest(
            _content(test.program), f'{test.scale} {test.image}'.encode(), around)[:16]) for test in tests}

    def is_known(self, test):
        return os.path.exists(self.paths[test.name])

    def cell(self, name, column, outcome, detail='', seconds=None):
        if outcome == PASSED:
            os.makedirs(os.path.dirname(self.paths[name]), exist_ok=True)
            open(self.paths[name], 'wb').close()
        self.results.cell(name, column, outcome, detail, seconds)

    def certain(self, name, detail):
        self.results.certain(name, detail)
