"""
Session tests: tests/sessions/NAME, short scripts that put Debian's own programs to work, each of which must
print on Quartet what it prints on Linux.

Both kernels boot the same Debian image with the same init, which runs one session after another, in a folder in
memory and with another on the disk ($TEST_DISK_DIR). What Linux printed is kept in the cache until the session, the
image or init changes. They leave files behind, in /run and on the disk, so what the machine holds is not compared as for guest
tests. What differs by nature, such as a process id, the session itself must not print.

A session may ask for more by words in its first lines: `# test: timeout=240 memory=1024`.
"""

import difflib
import hashlib
import os

import debian
import guest_tests
import linux_machine
import qemu
from common import ROOT, Failure, cache_path
from results import FAILED

FOLDER = os.path.join(ROOT, 'tests/sessions')
DEFAULT_TIMEOUT = 90
MEMORY = 512
CPUS = 2
# The short set, when no pattern asks for others: the rest takes many minutes. (git works through power cuts in the suite.)
USUAL = {'bash', 'gawk', 'less', 'python3'}


def is_session(path):
    """Sessions say by which program they run; other files of the folder are for them to read."""
    return os.path.isfile(path) and os.access(path, os.X_OK) and not path.endswith('.sh')


def find_tests(is_wanted, patterns):
    tests = []
    for name in sorted(os.listdir(FOLDER)) if os.path.isdir(FOLDER) else []:
        path = os.path.join(FOLDER, name)
        if not is_session(path) or not is_wanted(f'session/{name}') or (not patterns and name not in USUAL):
            continue
        words = guest_tests.parse_directives(path)
        tests.append(guest_tests.GuestTest(
            name=name, program=path, timeout=int(words.get('timeout', DEFAULT_TIMEOUT)), memory=int(words.get('memory', MEMORY)),
            image=4096, cpus=(), on_linux=True, disk='virtio', append=''))
    return tests


def session_files():
    """Everything of the folder, as it goes into the image."""
    files = {}
    for folder, _, names in os.walk(FOLDER):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, 'rb') as file:
                inside = os.path.normpath(os.path.join('/tests', os.path.relpath(path, FOLDER)))
                files[inside] = (file.read(), os.stat(path).st_mode & 0o777)
    return files


class LinuxOutputs:
    """What each session printed on Linux, with its status: kept in files."""

    def __init__(self):
        self.common = hashlib.sha256(os.path.basename(debian.stock_image()).encode())
        for path, (content, _) in sorted({**session_files(), **debian.own_programs()}.items()):
            if not path.startswith('/tests/') or path.startswith('/tests/lib/'):
                self.common.update(content)
        self.common.update(os.path.basename(linux_machine.kernel()).encode())

    def path(self, test):
        whole = self.common.copy()
        with open(test.program, 'rb') as file:
            whole.update(file.read())
        return cache_path('sessions', f'{test.name}-{whole.hexdigest()[:16]}')

    def find(self, test):
        try:
            with open(self.path(test)) as file:
                return file.read()
        except FileNotFoundError:
            return None

    def keep(self, test, text):
        os.makedirs(os.path.dirname(self.path(test)), exist_ok=True)
        with open(self.path(test) + '.new', 'w') as file:
            file.write(text)
        os.rename(self.path(test) + '.new', self.path(test))


def difference(linux, quartet):
    lines = difflib.unified_diff(linux.splitlines(), quartet.splitlines(), 'Linux', 'Quartet', lineterm='', n=1)
    return '\n'.join(lines)


def whole_output(output, status):
    return f'{output.replace(chr(13), "")}status {status}\n'


def run_on_linux(tests, path, outputs, results, seed):
    """Run those sessions on Linux whose output is not known."""
    known = {test.name: outputs.find(test) for test in tests}
    by_name = {test.name: test for test in tests}

    def judge(name, status, output, _leaks):
        if status == guest_tests.STATUS_TIMEOUT:
            return 'took too long'
        outputs.keep(by_name[name], whole_output(output, status))
        return ''

    def settings():
        return linux_machine.settings(path, memory=MEMORY, cpus=CPUS, append=[f'disk_init={debian.INIT}'])

    guest_tests.run_in_machine([test for test in tests if known[test.name] is None], settings, 'Linux', results, seed, judge)


def run_in_quartet(tests, path, kernel, outputs, results, seed, accel):
    by_name = {test.name: test for test in tests}

    def judge(name, status, output, _leaks):
        expected = outputs.find(by_name[name])
        if expected is None:
            return 'no output of Linux to compare with'
        return difference(expected, whole_output(output, status))

    def settings():
        return qemu.Settings(kernel=kernel, image=path, memory=MEMORY, cpus=CPUS, disk='virtio', accel=accel,
                             append=[f'init={debian.INIT}'])

    guest_tests.run_in_machine(tests, settings, 'Quartet', results, seed, judge)


class SessionResults:
    """Results as guest_tests.run_in_machine() tells them, as lines of their own: driven tests run beside sessions."""

    def __init__(self, results):
        self.results = results

    def cell(self, name, column, outcome, detail='', seconds=None):
        title = f'session/{name}' + ('' if column == 'Quartet' else f' on {column}')
        self.results.single(title, outcome, detail, seconds, is_certain=True)

    def certain(self, name, detail):
        self.results.certain(name, detail)


def run(tests, kernel, results, seed, accel='tcg'):
    """All sessions in one machine, after those whose output on Linux is not known yet have run there."""
    if not tests:
        return
    results = SessionResults(results)
    try:
        path = debian.added_to_copy(session_files(), 'sessions')
        outputs = LinuxOutputs()
    except Failure as failure:
        for test in tests:
            results.cell(test.name, 'Quartet', FAILED, str(failure))
        return
    run_on_linux(tests, path, outputs, results, seed)
    run_in_quartet(tests, path, kernel, outputs, results, seed, accel)
