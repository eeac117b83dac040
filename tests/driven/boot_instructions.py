"""
The way to the prompt: init says on the console and in the log how long it was, /proc/quartet/boot keeps it, and no command's
output has it; the release kernel needs fewer than 20 million instructions, and one that boots for longer fails the
comparison with bench/baseline.tsv. Once the kernel is built, there is nothing to build.
"""

import io
import os
import subprocess
import tempfile

import boot_cost
import instructions
from commands import bench
from common import ROOT, build_kernel
from machine import Machine

LIMIT = 20_000_000

kernel = build_kernel('release')
assert subprocess.run(['make', '-q', 'BUILD=release', 'kernel', 'user'], cwd=ROOT).returncode == 0
with tempfile.TemporaryDirectory() as work:
    counter = instructions.Counter(kernel, os.path.join(work, 'counters'))
    with Machine(kernel=kernel, cpus=1, extra=counter.arguments) as machine:
        machine.serial.expect(boot_cost.REPORT, timeout=60)
        milliseconds, ticks, idle = map(int, machine.serial.match.groups())
        machine.wait_for_prompt()
        total, user = counter.read()
        # Whoever asks later is told of the same moment.
        assert machine.shell('cat /proc/quartet/boot') == f'ticks {ticks}\nidle_ticks {idle}\nmilliseconds {milliseconds}'
        assert f'init: booted in {milliseconds} ms: {ticks} ticks, {idle} of them idle' in machine.shell('dmesg')
print(f'{milliseconds} ms; {ticks - idle:,} instructions to the first line, {total:,} to the prompt, {user:,} of them in user mode')
assert 0 < user < ticks - idle < total < LIMIT

said = subprocess.run(['./quartet', 'run', '--kernel', kernel, '--', 'echo', 'alone'], stdin=subprocess.DEVNULL,
                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=True).stdout
assert said == b'alone\n', said

# A kernel that does more on its way, here telling each system call, is found out.
slower = boot_cost.figure(kernel, ['trace=syscall'])
told = io.StringIO()
assert not bench.compare_with_baseline('bench/baseline.tsv', [boot_cost.ROW], {boot_cost.ROW: slower}, told)
print(told.getvalue().strip())
