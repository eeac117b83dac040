"""Busybox's applets in ordinary use print on Quartet what they print on Linux."""

import os
import sys
import tempfile

import applets
import image
import qemu
from common import build_kernel

SKIPPED = 77

if os.getuid() != 0:
    print('skipped: comparing with Linux needs root, for chroot')
    sys.exit(SKIPPED)
kernel = os.environ.get('QUARTET_KERNEL') or build_kernel()
with tempfile.TemporaryDirectory() as work:
    disk = os.path.join(work, 'disk')
    image.make_image(applets.applet_tree(), disk)
    ours = applets.split_cases(applets.run_in_machine(qemu.Settings(kernel=kernel, image=disk)))
linux = applets.split_cases(applets.run_on_linux())
different = [line for line in linux if ours.get(line) != linux[line]]
for line in different:
    print(f'== {line}\n-- Linux:\n{linux[line]}-- Quartet:\n{ours.get(line, "(did not run)")}')
print(f'{len(linux) - len(different)} of {len(linux)} agree')
sys.exit(1 if different else 0)
