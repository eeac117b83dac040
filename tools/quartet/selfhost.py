"""
Quartet builds Quartet: its source tree, as git knows it, in a copy of the stock Debian image, made there by Debian's own gcc
and make on a Quartet that was built here. The kernel that comes out is taken from the disk.
"""

import bisect
import os
import struct
import subprocess
import tempfile

import debian
import image
import qemu
from commands.profile import kernel_functions
from commands.run import run_command
from common import ROOT, Failure, build_path

MEMORY, CPUS = 768, 2
PT_LOAD = 1
# As git takes them. What the Makefile includes of the tests must be there, whatever is built.
SOURCES = ('Makefile', 'include', 'kernel', 'tools', 'tests/*/rules.mk')


def source_files():
    """What the kernel is made of -> as debian.add_files() takes it, in /src."""
    files = {'/tests/build_kernel.py': (read_bytes('tests/compat/build_kernel.py'), 0o644)}
    done = subprocess.run(['git', 'ls-files', '-z', *SOURCES], cwd=ROOT, stdout=subprocess.PIPE)
    names = [os.fsdecode(name) for name in done.stdout.split(b'\0') if name]
    if done.returncode != 0 or not names:
        raise Failure('git does not list the source files here')
    for name in names:
        full = os.path.join(ROOT, name)
        if os.path.exists(full):
            files[f'/src/{name}'] = (read_bytes(name), os.stat(full).st_mode & 0o777)
    return files


def read_bytes(name):
    with open(os.path.join(ROOT, name), 'rb') as file:
        return file.read()


def take(disk, place, path):
    """Copy a file out of an ext2 disk."""
    said = image.edit_image(disk, f'dump {place} {path}\n')
    if not os.path.exists(path) or os.path.getsize(path) == 0:
        raise Failure(f'{place} is not on the disk: {said[-300:]}')


def build(kernel, which='release'):
    """
    Build in a machine that runs `kernel`, whose output is shown. Returns the path of the kernel that was built, in
    build/self/, and what there is to say of it.
    """
    made = build_path('self', f'{which}.elf')
    os.makedirs(os.path.dirname(made), exist_ok=True)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(made)) as work:
        disk = os.path.join(work, 'disk')
        image.copy_image(debian.added_to_copy(source_files(), 'self'), disk)
        settings = qemu.Settings(kernel=kernel, image=disk, memory=MEMORY, cpus=CPUS, disk='virtio', snapshot=False,
                                 append=[f'init={debian.INIT}'])
        status = run_command(settings, ['/usr/bin/python3', '/tests/build_kernel.py', str(CPUS), which])
        if status != 0:
            raise Failure(f'the build in the machine ended with status {status}')
        elf, words = os.path.join(work, 'elf'), os.path.join(work, 'said')
        take(disk, f'/src/build/{which}-gcc/quartet.elf', elf)
        take(disk, '/src/build/said', words)
        with open(words) as file:
            said = file.read().strip()
        os.rename(elf, made)
    return made, f'{said}; {likeness(made, kernel)}'


def segments(path):
    """[(address, bytes)] of what is loaded of an ELF file of 32 bits: not what only a debugger reads."""
    with open(path, 'rb') as file:
        content = file.read()
    (table,), (size, count) = struct.unpack_from('<I', content, 28), struct.unpack_from('<HH', content, 42)
    headers = [struct.unpack_from('<8I', content, table + number * size) for number in range(count)]
    return [(address, content[offset:offset + length]) for kind, offset, address, _, length, *_ in headers if kind == PT_LOAD]


def functions_at(kernel, addresses):
    """The names of the functions that lie there."""
    symbols = sorted(kernel_functions(kernel).items())
    starts = [address for address, _ in symbols]
    return sorted({symbols[bisect.bisect(starts, address) - 1][1] for address in addresses})


def likeness(made, kernel):
    """One sentence about two kernels of one source. A compiler may decide otherwise where it is a program of 64 bits itself."""
    inside, here = segments(made), segments(kernel)
    size = sum(len(part) for _, part in inside)
    if inside == here:
        return f'its {size:,} bytes of code and data are those of the kernel that this machine built'
    version = subprocess.run(['gcc', '--version'], stdout=subprocess.PIPE, text=True).stdout.split('\n')[0]
    if [(address, len(part)) for address, part in inside] != [(address, len(part)) for address, part in here]:
        return f'{size:,} bytes of code and data, laid out otherwise than those that this machine built with {version}'
    places = [address + at for (address, ours), (_, theirs) in zip(inside, here)
              for at in range(len(ours)) if ours[at] != theirs[at]]
    return (f'of {size:,} bytes of code and data {len(places):,} are not those that this machine built with {version}: '
            f'in {", ".join(functions_at(made, places))}')


def document(said, tested):
    return f'''# Quartet builds Quartet

Made by `./quartet compat self`: the kernel's source tree in Debian on Quartet ({CPUS} CPUs, {MEMORY} MiB, in QEMU without hardware
virtualization), built by Debian's own gcc and make; then the guest tests run on the kernel that came out.

{said[0].upper()}{said[1:]}.

The guest tests: {tested}.
'''
