"""v86, the PC emulator in JavaScript, under Node: installed in the cache by exact version."""

import os
import sys

from common import Failure, ROOT, cache_lock, cache_path, run_quietly

VERSION = '0.5.462'
BIOS = '/usr/share/seabios/bios.bin'


def v86_folder():
    """Where the package lies; installed on the first call ever."""
    folder = cache_path(f'v86-{VERSION}')
    package = os.path.join(folder, 'node_modules', 'v86')

    def is_there():
        return os.path.exists(os.path.join(package, 'build', 'libv86.mjs'))
    if not is_there():
        with cache_lock():
            if not is_there():
                os.makedirs(folder, exist_ok=True)
                print(f'quartet: fetching v86 {VERSION}', file=sys.stderr, flush=True)
                run_quietly(['npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', folder,
                             f'v86@{VERSION}'], 'cannot install v86')
    if not os.path.exists(package):
        raise Failure(f'{package} is missing after its installation')
    return package


def command(kernel, image_path, append, memory=128):
    """The program that runs a machine: serial line on its standard input and output."""
    return ['node', os.path.join(ROOT, 'tools/v86/run.mjs'), v86_folder(), kernel, image_path, str(memory), append]


def bare_command(kernel, archive, append, memory):
    """The same without a disk, from an initramfs. A Linux kernel needs a BIOS, ours none."""
    with open(kernel, 'rb') as file:
        bios = '' if file.read(4) == b'\x7fELF' else BIOS
    if bios and not os.path.exists(bios):
        raise Failure(f'{bios} is missing; the package seabios has it')
    return command(kernel, '', append, memory) + [archive, bios]
