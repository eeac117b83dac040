"""
The release kernel needs fewer than 30 million instructions from its first to the serial prompt; and once it is built, there
is nothing to build.
"""

import os
import subprocess
import tempfile

import instructions
from common import ROOT, build_kernel
from machine import Machine

LIMIT = 30_000_000

kernel = build_kernel('release')
assert subprocess.run(['make', '-q', 'BUILD=release', 'kernel', 'user'], cwd=ROOT).returncode == 0
with tempfile.TemporaryDirectory() as work:
    counter = instructions.Counter(kernel, os.path.join(work, 'counters'))
    with Machine(kernel=kernel, cpus=1, extra=counter.arguments) as machine:
        machine.wait_for_prompt()
        total, user = counter.read()
print(f'{total:,} instructions to the prompt, {user:,} of them in user mode')
assert 0 < total < LIMIT
