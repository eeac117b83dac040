"""
Test suites that others wrote, run on Debian's Linux and on Quartet from the same image, test by test.

A suite is a list of modules; each is one program in the image (/tests/MODULE) that prints `@ RESULT TEST` lines, where
RESULT is passed, failed, skipped, hung or crashed, and after a tab what the test said about it, if anything. What passed
on Linux is the bar. The document that a run can write has the counts, and each test that passes on Linux alone with the
reason, which people write into docs/compat/reasons.tsv; beside it a table has every test.

A long suite may be run in parts: what came out of a column can be kept in a file, to be taken from there by the next run.
"""

import collections
import json
import os
import re
from dataclasses import dataclass
from typing import Callable

import debian
import go_suite
import guest_tests
import linux_machine
import packages
import qemu
import stress
from common import ROOT, build_path
from results import PASSED

DOCUMENTS = os.path.join(ROOT, 'docs/compat')
PROGRAMS = os.path.join(ROOT, 'tests/compat')
MEMORY, CPUS = 768, 2
LINE = re.compile(r'^@ (passed|failed|skipped|hung|crashed) ([^\t\r\n]+)(?:\t(.*?))?\r?$', re.MULTILINE)

Ending = collections.namedtuple('Ending', 'result said')

PYTHON_MODULES = '''
    test_os test_posix test_signal test_threadsignals test_threading test_subprocess test_mmap test_fcntl test_select
    test_epoll test_poll test_socket test_tempfile test_shutil test_pty test_time test_resource
    test_multiprocessing_fork test_selectors test_io test_fork1 test_wait3 test_wait4 test_pwd test_grp test_largefile
    test_eintr
    '''.split()


def read_bytes(path):
    with open(path, 'rb') as file:
        return file.read()


def stress_page(suite, modules, outcomes):
    why = reasons()
    return stress.page(suite, modules, outcomes, why) + '\n'.join(troubles(suite, modules, outcomes, why) + [''])


def python_files(modules, _seconds):
    """The suite from Debian's package, and a program for each module."""
    top = packages.fetch('libpython3.11-testsuite')
    files = {f'/tests/lib/{name}': (read_bytes(os.path.join(PROGRAMS, name)), 0o644) for name in ('loopback.py', 'run_module.py')}
    for module in modules:
        files[f'/tests/{module}'] = (read_bytes(os.path.join(PROGRAMS, 'python_suite')), 0o755)
    for folder, _, names in os.walk(os.path.join(top, 'usr/lib/python3.11')):
        for name in names:
            full = os.path.join(folder, name)
            if os.path.isfile(full) and not name.endswith('.pyc'):
                files['/' + os.path.relpath(full, top)] = (read_bytes(full), os.stat(full).st_mode & 0o777)
    return files


class Outcomes:
    """What became of each test: column -> module -> test -> Ending; and column -> module -> what went wrong besides."""

    def __init__(self):
        self.of = {'Linux': {}, 'Quartet': {}}
        self.troubles = {'Linux': {}, 'Quartet': {}}
        self.columns = ['Linux', 'Quartet']

    def judge(self, column, folder):
        """What takes a module's end. What it printed is left in a folder, for who wants to know more."""
        os.makedirs(folder, exist_ok=True)

        def keep(module, status, output, leaks):
            with open(os.path.join(folder, module), 'w') as out:
                out.write(output.replace('\r', ''))
            tests = self.of[column].setdefault(module, {})
            for result, test, said in LINE.findall(output):
                # A test that failed in one part and ended well in another has failed.
                if test not in tests or tests[test].result != 'failed':
                    tests[test] = Ending(result, said)
            if status:
                self.complain(column, module, f'status {status}')
            if leaks and column == 'Quartet':
                self.complain(column, module, leaks)
            self.report(column, module)
            return ''
        return keep

    def complain(self, column, module, text):
        self.troubles[column].setdefault(module, []).append(text)

    def report(self, column, module):
        counts = collections.Counter(ending.result for ending in self.of[column][module].values())
        print(f'  {column:<8} {module:<28} ' + ', '.join(f'{counts[result]} {result}' for result in sorted(counts)), flush=True)

    # What guest_tests.run_in_machine tells.
    def cell(self, name, column, state, detail='', seconds=None):
        if state != PASSED:
            self.complain(column, name, detail)

    def result(self, column, module, test):
        """How a test ended, in a word."""
        return self.of[column].get(module, {}).get(test, NOT_RUN).result

    def said(self, column, module, test):
        return self.of[column].get(module, {}).get(test, NOT_RUN).said

    def only_on_linux(self, module):
        """Test -> what it did on Quartet, for those that pass on Linux alone."""
        return {test: self.result('Quartet', module, test) for test, ending in self.of['Linux'].get(module, {}).items()
                if ending.result == 'passed' and self.result('Quartet', module, test) != 'passed'}

    def passed(self, column, module):
        return sum(ending.result == 'passed' for ending in self.of[column].get(module, {}).values())

    def forget(self, column, modules):
        for module in modules:
            self.of[column].pop(module, None)
            self.troubles[column].pop(module, None)

    def load(self, column, path):
        """Take what a run before kept of a column."""
        if path and os.path.exists(path):
            with open(path) as file:
                kept = json.load(file)
            self.of[column] = {module: {test: Ending(*ending) for test, ending in tests.items()}
                               for module, tests in kept['tests'].items()}
            self.troubles[column] = kept['troubles']

    def save(self, column, path):
        if path:
            with open(path + '.new', 'w') as out:
                json.dump({'tests': self.of[column], 'troubles': self.troubles[column]}, out, indent=1, sort_keys=True)
            os.rename(path + '.new', path)


NOT_RUN = Ending('not run', '')


def run(suite, modules, kernel, column, outcomes, seconds=None, seed=1):
    """Run modules of a suite on a column, and put what comes out into `outcomes`."""
    path = debian.added_to_copy(suite.files(suite.modules, seconds), f'compat-{suite.name}')
    outcomes.forget(column, modules)
    tests = [guest_tests.GuestTest(name=module, program='', timeout=suite.timeout, memory=MEMORY, image=4096, cpus=(),
                                   on_linux='yes', disk='virtio', append='') for module in modules]

    def linux_settings():
        return linux_machine.settings(path, memory=MEMORY, cpus=CPUS, append=[f'disk_init={debian.INIT}'])

    def quartet_settings():
        return qemu.Settings(kernel=kernel, image=path, memory=MEMORY, cpus=CPUS, disk='virtio',
                             append=[f'init={debian.INIT}'])

    settings = linux_settings if column == 'Linux' else quartet_settings
    guest_tests.run_in_machine(tests, settings, column, outcomes, seed,
                               outcomes.judge(column, build_path('compat', suite.name, column)))


def reasons():
    """Test -> why it does not pass on Quartet; SUITE.MODULE -> why a module leaves something behind."""
    found = {}
    try:
        with open(os.path.join(DOCUMENTS, 'reasons.tsv')) as lines:
            for line in lines:
                if line.strip() and not line.startswith('#'):
                    test, _, reason = line.rstrip('\n').partition('\t')
                    found[test] = reason
    except FileNotFoundError:
        pass
    return found


def one_line(text, most=300):
    """What a machine or a test complained, in one line of a page."""
    line = '; '.join(part.strip() for part in text.strip().splitlines() if part.strip())
    return line if len(line) <= most else line[:most] + ' ...'


def troubles(suite, modules, outcomes, why):
    """What hung or crashed on Quartet, and what modules left behind."""
    lines = [f'- `{test}`: {ending.result}; {why.get(test, "not yet looked into")}'
             for module in modules for test, ending in sorted(outcomes.of['Quartet'].get(module, {}).items())
             if ending.result in ('hung', 'crashed')]
    lines += [f'- {module} on {column}: {one_line(text)}; {why.get(f"{suite.name}.{module}", "not yet looked into")}'
              for column in outcomes.columns for module in modules for text in outcomes.troubles[column].get(module, [])]
    return ['', '## Hung, crashed, left behind', ''] + lines if lines else []


def document(suite, modules, outcomes):
    """The page of docs/compat/ about a suite whose modules are made of many tests."""
    why = reasons()
    lines = [f'# {suite.title}', '',
             f'Made by `./quartet compat {suite.name}`: {suite.what}, on Debian\'s Linux for i386 and on Quartet, in the '
             'same emulated machine.', '',
             '| module | passed on Linux | of them on Quartet | passed on Quartet | share |', '|---|---|---|---|---|']
    total = both = 0
    for module in modules:
        linux, missing = outcomes.passed('Linux', module), outcomes.only_on_linux(module)
        total += linux
        both += linux - len(missing)
        share = f'{100 * (linux - len(missing)) / linux:.1f} %' if linux else '-'
        lines.append(f'| {module} | {linux} | {linux - len(missing)} | {outcomes.passed("Quartet", module)} | {share} |')
    share = f'{100 * both / total:.1f} %' if total else '-'
    lines += [f'| all | {total} | {both} | | {share} |', '', '## Passed on Linux alone', '']
    for module in modules:
        for test, result in sorted(outcomes.only_on_linux(module).items()):
            lines.append(f'- `{test}`: {result}; {why.get(test, "not yet looked into")}')
    lines += troubles(suite, modules, outcomes, why)
    return '\n'.join(lines) + '\n'


def table(modules, outcomes):
    """Every test that was run, a line each: how it ended in each column, and why it does not pass on Quartet if it does on Linux."""
    why = reasons()
    lines = ['# module\ttest\tLinux\tQuartet\twhy']
    for module in modules:
        lost = outcomes.only_on_linux(module)
        for test in sorted({test for column in outcomes.columns for test in outcomes.of[column].get(module, {})}):
            reason = why.get(test, '') or one_line(outcomes.said('Quartet', module, test)) if test in lost else ''
            lines.append('\t'.join([module, test, *(outcomes.result(column, module, test) for column in outcomes.columns), reason]).rstrip())
    return '\n'.join(lines) + '\n'


@dataclass
class Suite:
    name: str
    title: str			# of its page
    what: str			# whose tests they are
    modules: list
    files: Callable		# (modules, seconds) -> what it puts into the image: path -> (bytes, mode)
    page: Callable = document
    bar: float = 0.98		# of what passes on Linux, in all modules together
    excused: tuple = ()		# results on Quartet that do not count against it
    timeout: int = 3600		# of a module, in seconds


SUITES = {suite.name: suite for suite in (
    Suite('python', 'The python suite', 'Debian\'s own tests', PYTHON_MODULES, python_files),
    Suite('go', 'Go\'s standard library', 'Go\'s own tests of packages of its standard library, static 386 programs',
          go_suite.MODULES, go_suite.files),
    Suite('stress-ng', 'stress-ng', 'the stressors of Debian\'s stress-ng 0.15.06', stress.stressors(), stress.files,
          page=stress_page, bar=1, excused=('skipped',), timeout=stress.TIMEOUT),
)}
