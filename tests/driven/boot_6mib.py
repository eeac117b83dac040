"""
6 MiB of memory are enough to boot to the shell and to work in it, and for the release kernel, which tells nothing it
does not have to, 4 are.
"""

import os

from common import build_kernel
from machine import Machine


def drive(kernel, memory):
    with Machine(cpus=1, memory=memory, kernel=kernel) as machine:
        machine.wait_for_prompt()
        assert machine.shell('ls /bin | wc -l | grep -c .') == '1'
        assert machine.shell('cat /bin/busybox | md5sum > /tmp/sum; echo $?') == '0'
        # What a crowd of small programs needs is found again from page to page of the file cache.
        assert machine.shell('for i in 1 2 3 4 5 6 7 8; do cat /tmp/sum | cat; done | sort -u | wc -l') == '1'


drive(os.environ.get('QUARTET_KERNEL') or build_kernel(), 6)
drive(build_kernel('release'), 6)
drive(build_kernel('release'), 4)
