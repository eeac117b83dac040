"""v86 under Node boots the same kernel and disk, without a BIOS, to the same prompt."""

import os
import sys

import pexpect

import image
import v86
from common import Failure, build_kernel
from machine import PROMPT

kernel = os.environ.get('QUARTET_KERNEL') or build_kernel()
disk = image.cached_image(image.base_tree(), 'root')
try:
    command = v86.command(kernel, disk, 'console=ttyS0 root=/dev/hda')
except Failure as failure:
    print(f'skipped: {str(failure).splitlines()[0]}')	# no network, perhaps
    sys.exit(77)
child = pexpect.spawn(command[0], command[1:], timeout=120, echo=False)
try:
    child.expect(PROMPT)
    child.send('echo $((6 * 7))\r')
    child.expect('\n42\r*\n')
    child.expect(PROMPT)
    child.send('poweroff\r')
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0, child.exitstatus
except Exception:
    print((child.before or b'').decode(errors='replace')[-3000:])
    raise
finally:
    child.close(force=True)
