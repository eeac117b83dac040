"""
The ruler on a machine: the program of bench/yardstick in an initramfs that both kernels boot, and its figures.

Quartet and Linux get the same archive, the same memory and the same QEMU; only the kernel differs. Three ways
to measure:

	icount	QEMU counts instructions (-icount shift=0): a tick of the time stamp counter is one instruction.
		What the host does meanwhile does not matter, so a figure repeats to a fraction of a percent.
	time	plain TCG: a tick is one of the host's clock.
	v86	the emulator v86 under Node, whose clock says 1 GHz.
"""

import fnmatch
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass

import cpio
import packages
import v86
from common import ROOT, Failure, build_path, make
from qemu import PANIC, QEMU

SOURCE = os.path.join(ROOT, 'bench/yardstick')
PROGRAM = build_path('bench', 'yardstick')
MEMORY = 512			# MiB; Linux takes huge pages from 512 usable MiB on, so not more
DONE = '# guest done'
ROW = re.compile(r'\{ "(\w+)", ')
UNUSUAL = ('many',)		# subjects that are rows of felt.py
FOLDERS = ['bin', 'dev', 'proc', 'sys', 'tmp', 'mnt', 'etc', 'root']


@dataclass
class Effort:
    """How long to measure a row."""

    round_ms: int = 20
    rounds: int = 5
    timeout: int = 1500		# seconds for the whole table

    def options(self):
        return f'-t {self.round_ms} -r {self.rounds}'


FULL = Effort()
QUICK = Effort(round_ms=2, rounds=3, timeout=300)
# v86 interprets code first and compiles what runs often, beside it: a short round measures the interpreter.
V86 = Effort(round_ms=150, rounds=7, timeout=2400)


def full_effort(mode):
    return V86 if mode == 'v86' else FULL


def row_names(patterns=()):
    """The rows of the usual table in the ruler's own order, or those of them that a pattern chooses."""
    names = []
    with open(os.path.join(SOURCE, 'main.c')) as file:
        subjects = re.findall(r'(\w+)_benchmarks,', file.read())
    for subject in subjects:
        if subject in UNUSUAL:
            continue
        with open(os.path.join(SOURCE, f'{subject}.c')) as file:
            names += ROW.findall(file.read())
    return [name for name in names if not patterns or any(fnmatch.fnmatchcase(name, each) for each in patterns)]


def build():
    make('--silent', 'bench-programs')
    return PROGRAM


def busybox_path():
    return packages.program('busybox-static', 'bin/busybox')


def script(rows, effort, first=''):
    """What the machine's init does, `first` before the rows. Quartet has mounted /dev itself."""
    return f'''#!/bin/busybox sh
export PATH=/bin
[ -e /dev/null ] || busybox mount -t devtmpfs none /dev
busybox mount -t proc none /proc
echo "# $(busybox uname -srvm)"
{first}
{f'/bin/yardstick -d /tmp {effort.options()} {" ".join(rows)}' if rows else ''}
echo "{DONE}"
busybox poweroff -f
'''


def initramfs(init, more=None):
    """`more`: other files, path -> (bytes, mode)."""
    def read(path):
        with open(path, 'rb') as file:
            return file.read()
    files = {'init': (init.encode(), 0o755), 'bin/busybox': (read(busybox_path()), 0o755),
             'bin/yardstick': (read(PROGRAM), 0o755)}
    files.update(more or {})
    folders = {os.path.dirname(path) for path in files} - {''}
    for folder in list(folders):
        while os.path.dirname(folder):
            folder = os.path.dirname(folder)
            folders.add(folder)
    return cpio.archive(sorted(folders.union(FOLDERS)), files)


def qemu_command(kernel, archive, mode, append, cpus=1, memory=MEMORY):
    command = [QEMU, '-nodefaults', '-no-user-config', '-machine', 'pc', '-m', str(memory), '-smp', str(cpus),
               '-display', 'none', '-monitor', 'none', '-no-reboot', '-net', 'none', '-serial', 'stdio',
               '-kernel', kernel, '-initrd', archive, '-append', append]
    if mode == 'icount':
        # The RTC goes by the machine's own clock too, so that a run is the same run each time.
        return command + ['-accel', 'tcg', '-icount', 'shift=0,sleep=off', '-rtc', 'base=2026-01-01,clock=vm']
    return command + ['-accel', 'tcg,thread=single']


def parse(text):
    """Figures by row: ticks an operation in the best round, or a word that says why there is none."""
    figures = {}
    for line in text.replace('\r', '').splitlines():
        fields = line.split('\t')
        if line.startswith('#') or len(fields) < 2 or not re.fullmatch(r'\w+', fields[0]):
            continue
        if len(fields) == 5 and fields[1].isdigit():
            figures[fields[0]] = float(fields[4])
        elif fields[1] in ('unsupported', 'skipped', 'failed'):
            figures[fields[0]] = ' '.join(fields[1:])
    return figures


def run(kernel, mode, init, append='', timeout=FULL.timeout, more=None, **machine):
    """
    Boot `kernel` with an initramfs whose /init is `init` and that has `more` files, and read the figures that it prints.
    """
    words = f'console=ttyS0 init=/init rdinit=/init quiet panic=-1 norandmaps {append}'.strip()
    with tempfile.NamedTemporaryFile() as archive:
        archive.write(initramfs(init, more))
        archive.flush()
        if mode == 'v86':
            command = v86.bare_command(kernel, archive.name, words, MEMORY)
        else:
            command = qemu_command(kernel, archive.name, mode, words, **machine)
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=timeout)
            output = done.stdout
        except subprocess.TimeoutExpired as error:
            output = (error.stdout or b'') + f'\n(took more than {timeout} s)'.encode()
        except FileNotFoundError as error:
            raise Failure(f'{error.filename} is not installed') from None
    text = output.decode(errors='replace')
    if DONE not in text or PANIC.search(output):
        tail = '\n'.join(text.replace('\r', '').splitlines()[-20:])
        raise Failure(f'{os.path.basename(kernel)} did not reach the end of the benchmarks; it said last:\n{tail}')
    return parse(text)
