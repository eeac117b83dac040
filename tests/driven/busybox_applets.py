"""Busybox's applets in ordinary use, and in ordinary failure, print on Quartet what they print on Linux."""

import os
import sys
import tempfile

import applets
import image
import qemu
from common import build_kernel


def run_on_quartet():
    kernel = os.environ.get('QUARTET_KERNEL') or build_kernel()
    with tempfile.TemporaryDirectory() as work:
        disk = os.path.join(work, 'disk')
        image.make_image(applets.applet_tree(), disk)
        return applets.run_in_machine(qemu.Settings(kernel=kernel, image=disk))


linux, calls = applets.run_on_linux()
linux, ours = applets.split_cases(linux), applets.split_cases(run_on_quartet())
different = [line for line in linux if ours.get(line) != linux[line]]
for line in different:
    print(f'== {line}\n-- Linux:\n{linux[line]}-- Quartet:\n{ours.get(line, "(did not run)")}')
told = [f'{len(linux) - len(different)} of {len(linux)} agree']
with open(applets.LIST) as kept:
    new_calls = sorted(set(calls) - set(kept.read().split()))
if new_calls:
    told.append(f'calls that tests/applets/syscalls does not list (tools/trace-applets): {" ".join(new_calls)}')
version, unknown = applets.unknown_applets()
if unknown:
    told.append(f'applets of busybox {version} that neither commands nor absent in tests/applets has: {" ".join(unknown)}')
print('; '.join(told))
sys.exit(1 if different or (unknown and version == applets.known_version()[0]) else 0)
