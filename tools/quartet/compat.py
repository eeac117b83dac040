"""
Test suites that others wrote, run on Debian's Linux and on Quartet from the same image, test by test.

A suite is a list of modules; each is one program in the image (/tests/MODULE) that prints `@ RESULT TEST` lines, where
RESULT is passed, failed, skipped, hung or crashed. What passed on Linux is the bar. The document that a run can write
has the counts, and each test that passes on Linux alone with the reason, which people write into docs/compat/reasons.tsv.
"""

import os
import re

import debian
import guest_tests
import linux_machine
import packages
import qemu
from common import ROOT, Failure
from results import PASSED

DOCUMENTS = os.path.join(ROOT, 'docs/compat')
PROGRAMS = os.path.join(ROOT, 'tests/compat')
MEMORY, CPUS = 768, 2
MODULE_TIMEOUT = 3600
BAR = 0.98			# of what passes on Linux
LINE = re.compile(r'^@ (passed|failed|skipped|hung|crashed) (.+?)\r?$', re.MULTILINE)

PYTHON_MODULES = '''
    test_os test_posix test_signal test_threadsignals test_threading test_subprocess test_mmap test_fcntl test_select
    test_epoll test_poll test_socket test_tempfile test_shutil test_pty test_time test_resource
    test_multiprocessing_fork test_selectors test_io test_fork1 test_wait3 test_wait4 test_pwd test_grp test_largefile
    test_eintr
    '''.split()


def read_bytes(path):
    with open(path, 'rb') as file:
        return file.read()


def python_files(modules):
    """The suite from Debian's package, and a program for each module."""
    top = packages.fetch('libpython3.11-testsuite')
    files = {'/tests/lib/run_module.py': (read_bytes(os.path.join(PROGRAMS, 'run_module.py')), 0o644)}
    for module in modules:
        files[f'/tests/{module}'] = (read_bytes(os.path.join(PROGRAMS, 'python_suite')), 0o755)
    for folder, _, names in os.walk(os.path.join(top, 'usr/lib/python3.11')):
        for name in names:
            full = os.path.join(folder, name)
            if os.path.isfile(full) and not name.endswith('.pyc'):
                files['/' + os.path.relpath(full, top)] = (read_bytes(full), os.stat(full).st_mode & 0o777)
    return files


SUITES = {'python': (PYTHON_MODULES, python_files)}


class Outcomes:
    """What became of each test: column -> module -> test -> result."""

    def __init__(self):
        self.of = {'Linux': {}, 'Quartet': {}}
        self.seconds = {'Linux': {}, 'Quartet': {}}
        self.troubles = []
        self.columns = ['Linux', 'Quartet']

    def judge(self, column):
        def keep(module, status, output, leaks):
            tests = self.of[column].setdefault(module, {})
            for result, test in LINE.findall(output):
                # A test that failed in one part and ended well in another has failed.
                if tests.get(test) != 'failed':
                    tests[test] = result
            if status:
                self.troubles.append(f'{module} on {column}: status {status}')
            if leaks and column == 'Quartet':
                self.troubles.append(f'{module}: {leaks}')
            self.report(column, module)
            return ''
        return keep

    def report(self, column, module):
        tests = self.of[column][module]
        counts = {result: list(tests.values()).count(result) for result in sorted(set(tests.values()))}
        print(f'  {column:<8} {module:<28} ' + ', '.join(f'{count} {result}' for result, count in counts.items()),
              flush=True)

    # What guest_tests.run_in_machine tells.
    def cell(self, name, column, state, detail='', seconds=None):
        self.seconds[column][name] = seconds
        if state != PASSED:
            self.troubles.append(f'{name} on {column}: {detail}')

    def only_on_linux(self, module):
        quartet = self.of['Quartet'].get(module, {})
        return {test: quartet.get(test, 'not run') for test, result in self.of['Linux'].get(module, {}).items()
                if result == 'passed' and quartet.get(test) != 'passed'}

    def passed(self, column, module):
        return list(self.of[column].get(module, {}).values()).count('passed')


def run(suite, modules, kernel, columns, seed=1):
    """Run modules of a suite on the given columns. Returns Outcomes."""
    known, files_of = SUITES[suite]
    for module in modules:
        if module not in known:
            raise Failure(f'the suite {suite} has no module {module}')
    path = debian.added_to_copy(files_of(known), f'compat-{suite}')
    outcomes = Outcomes()
    tests = [guest_tests.GuestTest(name=module, program='', timeout=MODULE_TIMEOUT, memory=MEMORY, image=4096, cpus=(),
                                   on_linux='yes', disk='virtio', append='') for module in modules]

    def linux_settings():
        return linux_machine.settings(path, memory=MEMORY, cpus=CPUS, append=[f'disk_init={debian.INIT}'])

    def quartet_settings():
        return qemu.Settings(kernel=kernel, image=path, memory=MEMORY, cpus=CPUS, disk='virtio',
                             append=[f'init={debian.INIT}'])

    for column, settings in (('Linux', linux_settings), ('Quartet', quartet_settings)):
        if column in columns:
            guest_tests.run_in_machine(tests, settings, column, outcomes, seed, outcomes.judge(column))
    return outcomes


def reasons():
    """Test -> why it does not pass on Quartet."""
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


def troubles(modules, outcomes, why):
    """What hung or crashed on Quartet, and what modules left behind."""
    lines = [f'- `{test}`: {result}; {why.get(test, "not yet looked into")}'
             for module in modules for test, result in sorted(outcomes.of['Quartet'].get(module, {}).items())
             if result in ('hung', 'crashed')]
    lines += ['- ' + trouble.replace('\n', '; ') for trouble in outcomes.troubles]
    return ['', '## Hung, crashed, left behind', ''] + lines if lines else []


def document(suite, modules, outcomes):
    """The page of docs/compat/ about one suite."""
    why = reasons()
    lines = [f'# The {suite} suite', '',
             f'Made by `./quartet compat {suite}`: Debian\'s own tests, on Debian\'s Linux for i386 and on Quartet, in the '
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
    lines += troubles(modules, outcomes, why)
    return '\n'.join(lines) + '\n'
