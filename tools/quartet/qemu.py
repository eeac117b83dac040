"""
How a Quartet machine is started in QEMU: one place for the command line, whoever starts it.

Serial lines: the first is the kernel's console and the serial shell; the second carries the output of
`run -- CMD` and of tests, byte for byte; the third what init has to report about them.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field

from common import Failure

ACCELERATORS = ('tcg', 'tcg-single', 'tcg-multi', 'kvm')
QEMU = 'qemu-system-i386'
START_SECONDS = 60	# for QEMU, on a busy machine
# How core/panic.c begins on the console, and Linux's.
PANIC = re.compile(rb'panic on CPU \d|panic in a panic|Kernel panic - not syncing')
PANIC_END = b'end of panic'


@dataclass
class Settings:
    """What can be chosen about a machine."""

    kernel: str = ''
    image: str = ''
    memory: int = 128			# MiB
    memory_file: str = ''		# that holds it, for viewers from outside; '': none
    cpus: int = 4
    cpu: str = 'max'			# QEMU's model of the processor
    disk: str = 'ide'			# or virtio
    share: str = ''			# image of a second disk, only to be read; '': none
    snapshot: bool = True		# writes to the image are forgotten
    accel: str = 'tcg'			# one of ACCELERATORS
    append: list = field(default_factory=list)
    initrd: str = ''
    exit_port: bool = True		# the guest can end QEMU, with status 1; else it powers off by ACPI
    extra: list = field(default_factory=list)	# more words for QEMU itself


def start(command, **options):
    """
    Start QEMU, as subprocess.Popen does. It ends when the thread that started it does, however that ends: a test that
    takes too long is killed and can stop nothing itself.
    """
    wrapper = []
    if shutil.which('setpriv'):
        # We may have ended before the wish was made: then the shell finds another parent.
        wrapper = ['setpriv', '--pdeathsig', 'KILL', 'sh', '-c', 'test $PPID = "$0" && exec "$@"', str(os.getpid())]
    return subprocess.Popen(wrapper + command, **options)


def is_listened_at(path):
    """Whether some program accepts connections at a Unix socket; its name is there a moment earlier."""
    with open('/proc/net/unix') as file:
        return any(words[-1] == path and words[3] == '00010000' for words in map(str.split, file))


def await_socket(path, process):
    """Wait until QEMU listens at `path`, which it does a moment after it was started."""
    deadline = time.monotonic() + START_SECONDS
    while not is_listened_at(path):
        if process.poll() is not None or time.monotonic() > deadline:
            raise Failure('QEMU did not start')
        time.sleep(0.01)


def accelerator(settings):
    if settings.accel == 'kvm':
        if not os.access('/dev/kvm', os.R_OK | os.W_OK):
            print('quartet: /dev/kvm cannot be used here; running without it', file=sys.stderr)
        else:
            return ['-accel', 'kvm']
    # Where the host has fewer processors than the machine, a thread for each of the machine's would
    # mostly spin for locks whose holder is not running; taking turns is far quicker then.
    threads = {'tcg-multi': 'multi', 'tcg-single': 'single'}.get(settings.accel)
    threads = threads or ('multi' if 1 < settings.cpus <= (os.cpu_count() or 1) else 'single')
    return ['-accel', f'tcg,thread={threads}']


SHARE_DEVICES = {'ide': '/dev/hdb', 'virtio': '/dev/vdb'}


def drive(settings):
    """Arguments for the disks, and the device name that the kernel gives to the first, the root disk."""
    def one(path, is_snapshot):
        options = f'if={settings.disk},file={path.replace(",", ",,")},format=raw,cache=writeback'
        return ['-drive', options + (',snapshot=on' if is_snapshot else '')]
    drives = one(settings.image, settings.snapshot) + (one(settings.share, True) if settings.share else [])
    return drives, '/dev/vda' if settings.disk == 'virtio' else '/dev/hda'


def command_line(settings):
    """QEMU's arguments without display and serial lines, which differ with the purpose."""
    drives, root = drive(settings) if settings.image else ([], '')
    words = ['console=ttyS0'] + ([f'root={root}'] if root else []) + list(settings.append)
    machine = 'pc'
    backend = []
    if settings.memory_file:
        machine = 'pc,memory-backend=ram'
        backend = ['-object', f'memory-backend-file,id=ram,size={settings.memory}M,share=on,'
                              f'mem-path={settings.memory_file.replace(",", ",,")}']
    command = [QEMU, '-M', machine, *backend, '-cpu', settings.cpu, '-m', str(settings.memory), '-smp', str(settings.cpus)]
    command += accelerator(settings)
    command += ['-no-reboot', '-nic', 'none']
    if settings.exit_port:
        command += ['-device', 'isa-debug-exit,iobase=0xf4,iosize=4']
    # Its path is the beginning of the kernel's command line: from here on, so that no blank or quote above ends up there.
    command += ['-kernel', os.path.relpath(settings.kernel), '-append', ' '.join(words)]
    if settings.initrd:
        command += ['-initrd', settings.initrd]
    return command + drives + list(settings.extra)
