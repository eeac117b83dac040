"""
Run one module of Python's own test suite, and say how each test ended, one line a test on the given descriptor:

	start ID, then: passed ID | failed ID | skipped ID

Tests whose names are in the file of the third argument are left out: they ran before. test_socket's part is the one
about local sockets.
"""

import os
import re
import signal
import sys
import unittest

# Of these modules only the tests whose names match: the rest is about networks.
PARTS = {'test_socket': r'Unix|UNIX|SocketPair|AbstractNamespace'}


def processes():
    """Those of the module multiprocessing that are alive."""
    return sys.modules['multiprocessing'].active_children() if 'multiprocessing' in sys.modules else []


class Teller(unittest.TestResult):
    """Tells each end as it comes; of subtests that fail, the test has failed."""

    def __init__(self, out):
        super().__init__()
        self.out = out
        self.has_failed = False
        self.children = set()

    def say(self, word, test):
        os.write(self.out, f'{word} {test.id()}\n'.encode())

    def startTest(self, test):
        super().startTest(test)
        self.has_failed = False
        self.children = set(processes())
        self.say('start', test)

    def stopTest(self, test):
        """What a test that failed has begun may wait for ever, and the module for it."""
        super().stopTest(test)
        if self.has_failed:
            for process in set(processes()) - self.children:
                process.kill()
                process.join()

    def addSuccess(self, test):
        if not self.has_failed:
            self.say('passed', test)

    def complain(self, test, error):
        self.has_failed = True
        self.say('failed', test)
        print(f'--- {test.id()}\n{self._exc_info_to_string(error, test)}', flush=True)

    def addFailure(self, test, error):
        self.complain(test, error)

    def addError(self, test, error):
        self.complain(test, error)

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.complain(test, error)

    def addSkip(self, test, reason):
        self.say('skipped', test)

    def addExpectedFailure(self, test, error):
        self.say('passed', test)

    def addUnexpectedSuccess(self, test):
        self.complain(test, (AssertionError, AssertionError('succeeded unexpectedly'), None))


def wanted(suite, known, part):
    """The tests of a suite, in its order, of the part that is asked for, but those that ran before."""
    kept = unittest.TestSuite()
    for entry in suite:
        if isinstance(entry, unittest.TestSuite):
            kept.addTest(wanted(entry, known, part))
        elif entry.id() not in known and re.search(part, entry.id()):
            kept.addTest(entry)
    return kept


def main():
    name, out, known_path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    os.set_inheritable(out, False)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with open(known_path) as lines:
        known = set(lines.read().split('\n'))
    from test import support
    support.verbose = 0
    support.use_resources = []
    support.junit_xml_list = None
    suite = unittest.defaultTestLoader.loadTestsFromName(f'test.{name}')
    wanted(suite, known, PARTS.get(name, '')).run(Teller(out))
    os.write(out, b'done\n')


if __name__ == '__main__':
    main()
