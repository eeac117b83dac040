"""
./quartet replay: a failing guest test, recorded once and replayed exactly, with gdb that also goes backwards.

QEMU's record/replay writes down all that enters the machine from outside (time, devices' completions); the processor
itself counts instructions and repeats. It has one processor then. A snapshot at the beginning, in a layer over the disk,
lets gdb step back: QEMU begins there again and stops one instruction earlier.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import guest_tests
import image
import qcow2
import qemu
from common import Failure, Parser, build_kernel, build_path, kernel_file, make, positive_number, seed_number
from commands import debug
from results import FAILED, PASSED

FOLDER = build_path('replay')
# Nanoseconds of the machine's clock for an instruction, as a power of two.
CLOCK_SHIFT = 5


def parse(arguments):
    parser = Parser('replay')
    parser.add_argument('test', nargs='?', default='', help='record this guest test until it fails; without: the last recording')
    parser.add_argument('--seed', type=seed_number, default=1, help="the scheduler's seed of the first try")
    parser.add_argument('--tries', type=positive_number, default=10, metavar='N', help='recordings at most, each with the next seed')
    parser.add_argument('--scale', default='', metavar='WORDS', help='what TEST_SCALE was when it failed, if that was set')
    parser.add_argument('--build', choices=('debug', 'release'), default='debug')
    parser.add_argument('--kernel', type=kernel_file, metavar='FILE')
    parser.add_argument('--record-only', action='store_true', help='do not start gdb')
    return parser.parse_args(arguments)


def find_test(name):
    name = name.removeprefix('guest/')
    tests = guest_tests.find_tests(lambda full: full == f'guest/{name}')
    if not tests:
        raise Failure(f'there is no guest test {name}')
    return tests[0]


class Recording:
    """A folder with everything that a run depended on."""

    def __init__(self, folder=FOLDER):
        self.folder = folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def create(self, test, kernel, seed):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        image.copy_image(guest_tests.test_image([test], test.image), self.path('disk'))
        image.write_into_image(self.path('disk'), '/quartet.tests', guest_tests.list_line(test).encode())
        qcow2.create_layer(self.path('layer'), self.path('disk'))
        shutil.copyfile(kernel, self.path('kernel'))
        about = {'test': test.name, 'seed': seed, 'memory': test.memory, 'append': test.append.split(),
                 'disk': test.disk, 'timeout': test.timeout}
        with open(self.path('about'), 'w') as file:
            json.dump(about, file)

    def about(self):
        try:
            with open(self.path('about')) as file:
                return json.load(file)
        except FileNotFoundError:
            raise Failure('nothing was recorded yet: ./quartet replay TEST') from None

    def command(self, mode, outputs, layer):
        """QEMU's command line to `record` or `replay`; `layer` is written to, and the serial lines go to files in `outputs`."""
        about = self.about()
        device, root = ('virtio-blk-pci', 'vda') if about['disk'] == 'virtio' else ('ide-hd,bus=ide.0', 'hda')
        settings = qemu.Settings(
            kernel=self.path('kernel'), cpus=1, memory=about['memory'], accel='tcg-single', exit_port=False,
            append=[f'root=/dev/{root}', 'quartet.tests=/quartet.tests', f'seed={about["seed"]}', 'loglevel=6', *about['append']],
            extra=['-icount', f'shift={CLOCK_SHIFT},rr={mode},rrfile={self.path("log")},rrsnapshot=beginning',
                   '-drive', f'file={layer},format=qcow2,if=none,id=disk',
                   '-drive', 'driver=blkreplay,if=none,image=disk,id=replayed', '-device', f'{device},drive=replayed'])
        command = qemu.command_line(settings) + ['-display', 'none', '-monitor', 'none']
        for name in ('console', 'output', 'report'):
            command += ['-serial', f'file:{os.path.join(outputs, name)}']
        return command


class RecordedBoot(guest_tests.Boot):
    """The boot of a recording; it ends in order, so that the log is whole."""

    def __init__(self, recording, test):
        self.tests = {test.name: test}
        self.console, self.output, self.report_file = (
            guest_tests.Growing(recording.path(name)) for name in ('console', 'output', 'report'))
        self.report = guest_tests.Report()
        self.console_mark = 0
        self.process = qemu.start(recording.command('record', recording.folder, recording.path('layer')), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()


def record(recording, test):
    """Run the test once, written down. Returns what was wrong, or ''."""
    complaints = []

    def on_end(boot, name, status, before, after):
        if status != guest_tests.SKIP_STATUS:
            complaints.append(guest_tests.judge_status(name, status, boot.output_of(name),
                                                       guest_tests.leak_report(before, after)))

    boot = RecordedBoot(recording, test)
    trouble = boot.follow(on_end)
    if trouble:
        return f'{trouble}\n{boot.console_tail()}'
    return '\n'.join(complaints)


def record_failure(recording, options):
    """Record until the test fails. Returns whether it did."""
    test = find_test(options.test)
    test.scale = options.scale or test.scale
    # With instructions counted everything takes longer.
    test.timeout *= 4
    kernel = options.kernel or build_kernel(options.build)
    make('--silent', 'user', f'build/guest/{test.name}')
    for number in range(options.tries):
        recording.create(test, kernel, options.seed + number)
        complaint = record(recording, test)
        print(f'seed {options.seed + number}: {FAILED if complaint else PASSED}', flush=True)
        if complaint:
            print('\n'.join(f'    {line}' for line in complaint.splitlines()[-40:]), flush=True)
            return True
    return False


def replay(recording, gdb_arguments):
    """The recorded run again, under gdb, standing at its first instruction."""
    with tempfile.TemporaryDirectory(prefix='quartet-replay-') as outputs:
        socket, layer = os.path.join(outputs, 'gdb'), os.path.join(outputs, 'layer')
        # What the run writes, and what it leaves when it is ended in the middle, must not meet the next one.
        image.copy_image(recording.path('layer'), layer)
        command = recording.command('replay', outputs, layer) + [
            '-S', '-chardev', f'socket,id=gdb,path={socket},server=on,wait=off', '-gdb', 'chardev:gdb']
        machine = qemu.start(command, stdin=subprocess.DEVNULL, start_new_session=True)
        print('The recording stands at its beginning. `continue` runs it to its end or a breakpoint, the same each time;\n'
              '`reverse-stepi`, `reverse-continue` and so on go back, each by running from the beginning. `help quartet` lists the kernel\'s commands.',
              flush=True)
        try:
            qemu.await_socket(socket, machine)
            gdb = subprocess.Popen(debug.gdb_command(recording.path('kernel'), gdb_arguments, socket))
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            return gdb.wait()
        finally:
            machine.kill()
            machine.wait()


def main(arguments):
    own, gdb_arguments = arguments, []
    if '--' in arguments:
        own, gdb_arguments = arguments[:arguments.index('--')], arguments[arguments.index('--') + 1:]
    options = parse(own)
    recording = Recording()
    if options.test and not record_failure(recording, options):
        print(f'{options.test} did not fail in {options.tries} recordings; the last one is kept')
        return 1
    if options.record_only:
        return 0
    if not os.path.exists(recording.path('layer')):
        raise Failure('replay: there is no recording yet; ./quartet replay TEST makes one')
    sys.stdout.flush()
    return replay(recording, gdb_arguments)
