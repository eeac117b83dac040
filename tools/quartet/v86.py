"""v86, the PC emulator in JavaScript, under Node: installed in the cache by exact version."""

import os
import subprocess
import sys

from common import Failure, ROOT, cache_lock, cache_path

VERSION = '0.5.462'
BIOS = '/usr/share/seabios/bios.bin'
# npm's own patience with a registry that does not answer is a minute and more.
INSTALL = ['npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--fetch-retries=2', '--fetch-retry-mintimeout=1000',
           '--fetch-retry-factor=2']


def reason(said):
    """The one line of what npm says about its failure that tells why; the rest is about npm."""
    lines = [line.removeprefix('npm').strip().removeprefix('error').removeprefix('ERR!').strip() for line in said.splitlines()]
    telling = [line for line in lines if 'reason:' in line] + [line for line in lines if line and not line.startswith('code ')]
    return telling[0] if telling else 'npm gives no reason'


def install(folder):
    try:
        done = subprocess.run(INSTALL + ['--prefix', folder, f'v86@{VERSION}'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors='replace')
    except FileNotFoundError:
        raise Failure('cannot install v86: npm is not installed') from None
    if done.returncode != 0:
        raise Failure(f'cannot install v86 {VERSION}: {reason(done.stdout)}')


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
                install(folder)
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
