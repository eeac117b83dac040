"""Busybox's applets in ordinary use print on Quartet what they print on Linux."""

import os
import subprocess
import sys
import tempfile

import applets
import image
from common import build_kernel

SKIPPED = 77

if os.getuid() != 0:
    print('skipped: comparing with Linux needs root, for chroot')
    sys.exit(SKIPPED)
kernel = os.environ.get('QUARTET_KERNEL') or build_kernel()
with tempfile.TemporaryDirectory() as work:
    disk = os.path.join(work, 'disk')
    image.make_image(applets.applet_tree(), disk)
    done = subprocess.run(['./quartet', 'run', '--kernel', kernel, '--image', disk, '--',
                           'sh', '-c', 'cd /tmp && sh /applets/run | cat'],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=280)
if done.returncode != 0:
    print(f'the machine ended with status {done.returncode}\n{done.stderr.decode(errors="replace")[-3000:]}')
ours = applets.split_cases(done.stdout.decode(errors='replace'))
linux = applets.split_cases(applets.run_on_linux())
different = [line for line in linux if ours.get(line) != linux[line]]
for line in different:
    print(f'== {line}\n-- Linux:\n{linux[line]}-- Quartet:\n{ours.get(line, "(did not run)")}')
print(f'{len(linux) - len(different)} of {len(linux)} agree')
sys.exit(1 if different or done.returncode != 0 else 0)
