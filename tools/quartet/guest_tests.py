"""
Guest tests: each program of tests/guest/ on Linux and in Quartet with 1 and 4 CPUs.

Linux is Debian's for i386 in QEMU (linux_machine.py), with the same disk and the same init as Quartet: the same version
everywhere, and what a test does to clocks, consoles and devices is done to a machine of its own. A developer may ask for
this machine's Linux instead (--linux-here): there a test runs as root, in name spaces and a folder of its own.
In QEMU many tests run in one boot: init works through a list and reports on the third serial line
	begin NAME, counters, after NAME, counters, end NAME STATUS
while the tests' output, after a line `begin NAME`, is on the second. Counters are those of
/proc/quartet/leaks; a test that leaves one of them changed has failed. When the machine panics, falls silent or
resets, the test that was running has failed, and the machine boots again for the rest.
"""

import concurrent.futures
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, replace

import image
import linux_machine
import linux_passes
import qemu
from common import ROOT, Failure, build_path, kernel_path, run_quietly
from results import FAILED, PASSED, SKIPPED

DEFAULT_TIMEOUT = 60		# seconds; a test may ask for another
BOOT_TIMEOUT = 60
SILENCE_AFTER_TIMEOUT = 20	# init kills a test that takes too long; if it does not, the kernel hangs
SKIP_STATUS, STATUS_TIMEOUT = 77, 124
TESTS_AT_ONCE = 3	# even on two processors: a machine seldom uses more than one, and none while its test sleeps
EMULATED_LINUX_SCALE = '10'	# what TEST_SCALE is there, unless set or the test says linux-scale=
EMULATED_LINUX_SLOWNESS = 3	# what a test's time limit is multiplied with there


@dataclass
class GuestTest:
    name: str
    program: str
    timeout: int
    memory: int
    image: int			# block size of the root disk
    cpus: tuple			# CPU counts it wants, empty for all
    on_linux: str			# yes, no, or here: what Debian's Linux for i386 does differently, newer ones do not
    disk: str
    append: str
    linux_scale: str = EMULATED_LINUX_SCALE	# for the emulated Linux
    scale: str = os.environ.get('TEST_SCALE', '')	# per cent of the full number of repetitions; '': all


def parse_directives(source):
    """The words `key=value` after `test:` in the first comment of a test."""
    with open(source, errors='replace') as file:
        head = ''.join(file.readlines()[:12])
    found = re.search(r'test:((?:[ \t]+[\w-]+=\S+)+)', head)
    return dict(word.split('=', 1) for word in found.group(1).split()) if found else {}


def find_tests(is_wanted):
    folder = os.path.join(ROOT, 'tests/guest')
    tests = []
    for entry in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        name, extension = os.path.splitext(entry)
        if extension != '.c' or not is_wanted(f'guest/{name}'):
            continue
        words = parse_directives(os.path.join(folder, entry))
        tests.append(GuestTest(
            name=name, program=build_path('guest', name), timeout=int(words.get('timeout', DEFAULT_TIMEOUT)),
            memory=int(words.get('memory', 128)), image=int(words.get('image', '1k').rstrip('k')) * 1024,
            cpus=tuple(int(n) for n in words['cpus'].split(',')) if 'cpus' in words else (),
            on_linux=words.get('linux', 'yes'), disk=words.get('disk', 'ide'),
            append=words.get('append', '').replace(',', ' '),
            linux_scale=words.get('linux-scale', EMULATED_LINUX_SCALE)))
    return tests


def column_name(cpus):
    return '1 CPU' if cpus == 1 else f'{cpus} CPUs'


def list_line(test):
    """What init reads about it."""
    return f'{test.name} {test.timeout}' + (f' TEST_SCALE={test.scale}' if test.scale else '') + '\n'


# ---- on Linux --------------------------------------------------------------------------------------


def isolation():
    """The command that gives a test name spaces of its own, or None if this machine grants none."""
    common = ['unshare', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child', '--ipc']
    attempts = [common] if os.getuid() == 0 else []
    attempts += [['sudo', '-n'] + common, ['unshare', '--map-root-user'] + common[1:], []]
    for command in attempts:
        try:
            if not command or subprocess.run(command + ['true'], stdin=subprocess.DEVNULL, timeout=10,
                                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
                return command
        except (OSError, subprocess.TimeoutExpired):
            continue
    return []


# A shell is process 1 in the name space: it adopts and reaps orphans, and a test must not be process 1,
# which ignores signals that would kill others. $1 is the image of a small disk, if the test wants one.
LINUX_SCRIPT = '''
if [ -n "$1" ] && mkdir "$2" && mount -o loop "$1" "$2" 2>/dev/null; then
	export TEST_DISK_DIR="$2"
fi
"$0"
exit $?
'''


def small_disk(test, work):
    """An empty ext2 disk for a test that asks for one (its text names TEST_DISK_DIR), or ''."""
    with open(test.program, 'rb') as program:
        if b'TEST_DISK_DIR' not in program.read():
            return ''
    path = os.path.join(work, '.disk.img')
    run_quietly(['/usr/sbin/mke2fs', '-q', '-F', '-t', 'ext2', '-b', str(test.image), path, '48M'], 'mke2fs failed')
    return path


def run_on_linux(test, results, isolate):
    work = tempfile.mkdtemp(prefix='quartet-test-')
    os.chmod(work, 0o755)
    here = os.path.join(work, 'here')
    os.mkdir(here)
    started = time.monotonic()
    environment = {key: value for key, value in os.environ.items() if key in ('PATH', 'HOME', 'TEST_SCALE')}
    command = isolate + ['/bin/sh', '-c', LINUX_SCRIPT, test.program, small_disk(test, work), os.path.join(work, 'disk')]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=here, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=output, start_new_session=True)
        try:
            status = process.wait(timeout=test.timeout)
        except subprocess.TimeoutExpired:
            status = None
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        output.seek(0)
        text = output.read().decode(errors='replace')
    seconds = time.monotonic() - started
    subprocess.run(['chmod', '-R', 'u+rwx', work], stderr=subprocess.DEVNULL)
    shutil.rmtree(work, ignore_errors=True)
    if status is None:
        results.cell(test.name, 'Linux', FAILED, f'took more than {test.timeout} s\n{text}', seconds)
    elif status in (0, SKIP_STATUS):
        results.cell(test.name, 'Linux', PASSED if status == 0 else SKIPPED, text, seconds)
    else:
        results.cell(test.name, 'Linux', FAILED, f'status {status}\n{text}', seconds)


# ---- in QEMU ---------------------------------------------------------------------------------------

interrupted = threading.Event()		# all machines stop, in whatever thread they are followed


class Report:
    """What init says on the third serial line, read as it grows."""

    def __init__(self):
        self.test = None		# the one that is running
        self.phase = ''
        self.counters = {}		# phase -> {name: value}
        self.unfinished = b''

    def feed(self, data):
        """Take more bytes in. Yields (name, status, counters before, counters after) for each end."""
        lines = (self.unfinished + data).split(b'\n')
        self.unfinished = lines.pop()
        for line in lines:
            words = line.decode(errors='replace').split()
            if not words:
                continue
            if words[0] == 'begin' and len(words) == 2:
                self.test, self.phase, self.counters = words[1], 'before', {'before': {}, 'after': {}}
            elif words[0] == 'after' and self.test:
                self.phase = 'after'
            elif words[0] == 'end' and len(words) == 3 and self.test == words[1]:
                self.test = None
                yield words[1], int(words[2]), self.counters['before'], self.counters['after']
            elif self.test and len(words) == 2:
                self.counters[self.phase][words[0].rstrip(':')] = words[1]


def leak_report(before, after):
    """What a test left behind, or ''."""
    names = [name for name in before if before[name] != after.get(name)]
    return '\n'.join(f'leak: {name} was {before[name]}, is {after.get(name)}' for name in names)


class Growing:
    """A file that QEMU appends to."""

    def __init__(self, path):
        open(path, 'wb').close()
        self.file = open(path, 'rb')
        self.path = path

    def new_bytes(self):
        return self.file.read()

    def whole(self):
        with open(self.path, 'rb') as file:
            return file.read()


class Boot:
    """One boot of one machine, working through a list of tests."""

    def __init__(self, settings, tests, work, seed):
        self.tests = {test.name: test for test in tests}
        self.console = Growing(os.path.join(work, 'console'))
        self.output = Growing(os.path.join(work, 'output'))
        self.report_file = Growing(os.path.join(work, 'report'))
        self.report = Report()
        self.console_mark = 0		# where the console stood when the last test ended
        image.write_into_image(settings.image, '/quartet.tests', ''.join(map(list_line, tests)).encode())
        settings.append = ['quartet.tests=/quartet.tests', f'seed={seed}', 'loglevel=6'] + settings.append
        command = qemu.command_line(settings) + ['-display', 'none', '-monitor', 'none']
        for file in (self.console, self.output, self.report_file):
            command += ['-serial', f'file:{file.path}']
        self.process = qemu.start(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def output_of(self, name):
        """What the test that ran last under this name has printed."""
        text = self.output.whole().decode(errors='replace')
        start = text.rfind(f'begin {name}\n')
        if start < 0:
            return ''
        text = text[start:].partition('\n')[2]
        following = re.search(r'^begin (\S+)\n', text, re.MULTILINE)
        return text[:following.start()] if following and following.group(1) in self.tests else text

    def console_tail(self, mark=0, lines=60):
        """The kernel's last words, since `mark`."""
        text = self.console.whole()[mark:].decode(errors='replace').replace('\r', '')
        return '\n'.join(text.splitlines()[-lines:])

    def follow(self, on_end):
        """
        Call on_end for each test that ends. Returns None when the machine has powered off in order,
        else what became of it; then self.report.test is the culprit, or None if it did not get that far.
        """
        deadline = time.monotonic() + BOOT_TIMEOUT
        current, broken_since = None, None
        try:
            while not interrupted.is_set():
                exited = self.process.poll() is not None
                for name, status, before, after in self.report.feed(self.report_file.new_bytes()):
                    on_end(self, name, status, before, after)
                    self.console_mark = len(self.console.whole())
                    deadline = time.monotonic() + BOOT_TIMEOUT
                if self.report.test != current:
                    current = self.report.test
                    if current:
                        deadline = time.monotonic() + self.tests[current].timeout + SILENCE_AFTER_TIMEOUT
                if exited:
                    return 'the machine stopped or was reset' if self.process.returncode not in (0, 1) \
                        or self.report.test else None
                if broken_since is None and qemu.PANIC.search(self.console.whole()):
                    broken_since = time.monotonic()
                if broken_since is not None and time.monotonic() - broken_since > 3:
                    return 'the kernel panicked'
                if time.monotonic() > deadline:
                    return 'the machine hangs'
                time.sleep(0.05)
            return 'interrupted'
        finally:
            if self.process.poll() is None:
                self.stop()
            self.process.communicate()

    def stop(self):
        self.process.kill()


def judge_status(name, status, output, leaks):
    """What is wrong with a test's end, or ''."""
    return '\n'.join(part for part in (f'status {status}' if status else '', leaks, output) if part) if status or leaks else ''


def check_disk(path, column, results):
    """After a power-off in order, e2fsck must find nothing in the disk that the tests worked on."""
    done = subprocess.run(['/usr/sbin/e2fsck', '-fn', path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors='replace')
    if done.returncode != 0:
        results.certain(f'guest/e2fsck on {column}', f'status {done.returncode}\n{done.stdout}')


def run_in_machine(tests, settings_for, column, results, seed, judge=judge_status, again='',
                   checks_disk=False, after_boot=lambda boot: None):
    """
    Run a list of tests with one kind of machine and kernel, booting as often as it takes. `again` is the command that
    runs one once more, with braces for its name and scale; shown with failures. `after_boot` may look at each Boot when it is over.
    """
    left = list(tests)
    failed_boots = 0
    started = {}

    def once_more(test):
        return again.format(test.name + (f' --scale {shlex.quote(test.scale)}' if test.scale else ''))

    def on_end(boot, name, status, before, after):
        seconds = time.monotonic() - started.get('time', time.monotonic())
        started['time'] = time.monotonic()
        leaks = leak_report(before, after)
        left[:] = [test for test in left if test.name != name]
        if status == SKIP_STATUS:
            results.cell(name, column, SKIPPED, boot.output_of(name), seconds)
            return
        complaint = judge(name, status, boot.output_of(name), leaks)
        if complaint:
            results.cell(name, column, FAILED, f'{once_more(boot.tests[name])}{complaint}\n{boot.console_tail(boot.console_mark)}', seconds)
        else:
            results.cell(name, column, PASSED, '', seconds)

    while left and not interrupted.is_set():
        with tempfile.TemporaryDirectory(prefix='quartet-boot-') as work:
            settings = settings_for()
            copy = os.path.join(work, 'image')
            image.copy_image(settings.image, copy)
            settings.image, settings.snapshot = copy, False
            count = len(left)
            started['time'] = time.monotonic()
            boot = Boot(settings, left, work, seed)
            trouble = boot.follow(on_end)
            if interrupted.is_set():
                return
            after_boot(boot)
            if trouble is None and checks_disk:
                check_disk(copy, column, results)
            if trouble is None and len(left) == count:
                trouble = 'the machine powered off without running a test'
            if trouble is None:
                continue
            culprit = boot.report.test or left[0].name
            command = once_more(boot.tests[culprit])
            if boot.report.test is None and len(left) == count:
                failed_boots += 1
            detail = f'{command}{trouble}\n{boot.output_of(culprit)}\n{boot.console_tail()}'
            left[:] = [test for test in left if test.name != culprit]
            results.cell(culprit, column, FAILED, detail)
            if failed_boots >= 2:
                for test in left:
                    results.cell(test.name, column, FAILED, 'the machine does not boot')
                left.clear()


def replay_command(kernel, seed):
    """How a test that failed is recorded and replayed, on one CPU."""
    choice = '' if kernel == kernel_path('debug') else f' --kernel {os.path.relpath(kernel, ROOT)}'
    return f'to record and replay it: ./quartet replay {{}} --seed {seed}{choice}\n'


def run(tests, kernel, cpu_counts, results, seed, accel='tcg', on_linux=True, linux_here=False, keeps_linux=False):
    """
    All guest tests in all their environments, a few machines at a time. `linux_here`: Linux is this machine's.
    `keeps_linux`: what has passed on the emulated Linux before, and is the same, is not run there.
    """
    linux_tests = [test for test in tests if test.on_linux != 'no'] if on_linux else []
    cpu_columns = {test.name: [n for n in cpu_counts if not test.cpus or n in test.cpus] for test in tests}
    run_round(tests, linux_tests, cpu_columns, kernel, results, seed, accel, linux_here, keeps_linux)
    if results.second_chance:
        results.second_chance = False
        suspects = set(results.suspects)
        linux_tests = [test for test in linux_tests if f'{test.name} on Linux' in suspects]
        cpu_columns = {name: [n for n in counts if f'{name} on {column_name(n)}' in suspects]
                       for name, counts in cpu_columns.items()}
        again = [test for test in tests if test in linux_tests or cpu_columns[test.name]]
        if again:
            results.heading('once more, what failed')
        run_round(again, linux_tests, cpu_columns, kernel, results, seed, accel, linux_here, False)
        results.second_chance = True


def run_round(tests, linux_tests, cpu_columns, kernel, results, seed, accel, linux_here, keeps_linux):
    """Each test once in each of its environments."""
    for test in tests:
        columns = (['Linux'] if test in linux_tests else []) + [column_name(n) for n in cpu_columns[test.name]]
        results.expect(test.name, columns)
    if not tests:
        return
    results.table_heading()
    groups = {}
    for test in tests:
        for cpus in cpu_columns[test.name]:
            groups.setdefault((cpus, test.memory, test.image, test.disk, test.append), []).append(test)
    images = {size: test_image(tests, size) for size in {test.image for test in tests}}
    with concurrent.futures.ThreadPoolExecutor(TESTS_AT_ONCE) as pool:
        jobs = submit_linux(pool, linux_tests, images, results, seed, linux_here, keeps_linux)
        for (cpus, memory, size, disk, append), group in sorted(groups.items(), key=lambda item: -len(item[1])):
            def settings_for(cpus=cpus, memory=memory, size=size, disk=disk, append=append):
                return qemu.Settings(kernel=kernel, image=images[size], memory=memory, cpus=cpus, disk=disk,
                                     accel=accel, append=append.split())
            jobs.append(pool.submit(run_in_machine, group, settings_for, column_name(cpus), results, seed,
                                    again=replay_command(kernel, seed), checks_disk=True))
        try:
            for job in jobs:
                job.result()
        except BaseException:		# Ctrl-C
            interrupted.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def submit_linux(pool, tests, images, results, seed, here, keeps_linux):
    """Start the tests on Linux, on this machine's or the emulated one. Returns the jobs."""
    if not tests:
        return []
    if here:
        isolate = isolation()
        return [pool.submit(run_on_linux, test, results, isolate) for test in tests]
    try:
        machine = linux_machine.settings(image='')
    except Failure as failure:
        for test in tests:
            results.cell(test.name, 'Linux', SKIPPED, f'no Linux for i386: {failure}')
        return []
    for test in tests:
        if test.on_linux == 'here':
            results.cell(test.name, 'Linux', SKIPPED, 'wants another Linux than Debian\'s for i386 (--linux-here)')
    patient = [replace(test, timeout=test.timeout * EMULATED_LINUX_SLOWNESS, scale=test.scale or test.linux_scale)
               for test in tests if test.on_linux != 'here']
    passes = linux_passes.LinuxPasses(results, patient)
    known = [test for test in patient if keeps_linux and passes.is_known(test)]
    if known:
        results.remark(f'{len(known)} passed on Linux before, with the same program: they have no time there')
    groups = {}
    for test in patient:
        if test in known:
            results.cell(test.name, 'Linux', PASSED)
        else:
            groups.setdefault(test.image, []).append(test)
    return [pool.submit(run_in_machine, group, lambda size=size: replace(machine, image=images[size]),
                        'Linux', passes, seed)
            for size, group in groups.items()]


def test_image(tests, block_size):
    """The root disk with the test programs of one block size in /tests."""
    tree = image.base_tree()
    tree.folders['tests'] = 0o755
    for test in tests:
        if test.image == block_size:
            tree.add_file(f'tests/{test.name}', test.program)
    return image.cached_image(tree, 'tests', block_size, free_space=64 << 20)
