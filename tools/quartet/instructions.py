"""Counting guest instructions: the QEMU plugins of tools/count-instructions, built and read."""

import os
import re
import struct
import subprocess

import qemu
from common import ROOT, Failure, build_path, run_quietly

FOLDER = os.path.join(ROOT, 'tools/count-instructions')


def plugin_version():
    """The version of the plugin interface that this QEMU wants: 2 since QEMU 9.0, 3 since 9.1, which later ones take, too."""
    said = subprocess.run([qemu.QEMU, '--version'], stdout=subprocess.PIPE, text=True).stdout
    found = re.search(r'version (\d+)\.(\d+)', said)
    version = tuple(map(int, found.groups())) if found else (0, 0)
    return 3 if version >= (9, 1) else 2 if version >= (9, 0) else 1


def build_plugin(name='plugin'):
    """`plugin` counts all and user mode's; `stacks` the kernel's by chain of callers (./quartet profile)."""
    source = os.path.join(FOLDER, f'{name}.c')
    plugin = build_path('tools', f'count-instructions-{name}.so')
    newest = max(os.path.getmtime(os.path.join(FOLDER, file)) for file in os.listdir(FOLDER))
    if not os.path.exists(plugin) or os.path.getmtime(plugin) < newest:
        os.makedirs(os.path.dirname(plugin), exist_ok=True)
        run_quietly(['gcc', '-shared', '-fPIC', '-O2', '-Wall', '-Wextra', '-fvisibility=hidden',
                     f'-DMACHINE_PLUGIN_VERSION={plugin_version()}', '-o', plugin, source], 'cannot build the plugin')
    return plugin


def physical_entry(path):
    """Where the loader enters a kernel: the entry in its ELF header is a virtual address."""
    with open(path, 'rb') as file:
        data = file.read(4096)
    if data[:4] != b'\x7fELF':
        raise Failure(f'{path} is no ELF file')
    entry, headers = struct.unpack_from('<II', data, 24)
    count = struct.unpack_from('<H', data, 44)[0]
    for index in range(count):
        _, _, virtual, physical, _, size = struct.unpack_from('<6I', data, headers + 32 * index)
        if virtual <= entry < virtual + size:
            return entry - virtual + physical
    return entry


class Counter:
    """The counters of one machine: pass `arguments` to QEMU, call read() at any time."""

    def __init__(self, kernel, output):
        self.output = output
        self.arguments = ['-icount', 'shift=0,sleep=off',
                          '-plugin', f'{build_plugin()},entry={physical_entry(kernel):#x},output={output}']

    def read(self):
        """Instructions since the kernel's first: in all, and in user mode."""
        with open(self.output, 'rb') as file:
            return struct.unpack('<QQ', file.read(16))
