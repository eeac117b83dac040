"""A CPU that is stuck, deaf or never letting go, is noticed and told, with the backtraces of all."""

import os
import re

from common import build_kernel
from machine import Machine

KERNEL = os.environ.get('QUARTET_KERNEL') or build_kernel('debug')


def panic_after(name, cpus, before=''):
    """Break that rule with beats each second. Returns what the machine said from its panic on."""
    with Machine(KERNEL, cpus=cpus, append=['watchdog=1']) as machine:
        machine.wait_for_prompt()
        if before:
            machine.shell(before)
        machine.serial.send(f'echo {name} > /proc/quartet/violate\r')
        machine.serial.expect(r'panic on CPU \d, thread 0x[0-9a-f]+: ', timeout=60)
        machine.serial.expect('end of panic', timeout=30)
        return machine.serial.before.decode(errors='replace')


told = panic_after('stuck_deaf', 4)
assert re.match(r'CPU \d is stuck: no timer interrupt for 4 s', told), told
assert 'stuck_deaf+' in told and told.count('was at:') == 3, told

# Somebody must be waiting for the CPU.
told = panic_after('stuck_holding', 1, 'while :; do :; done &')
assert re.match(r'CPU 0 is stuck: no other thread could run for 4 s', told), told
assert 'procfs_violate+' in told, told	# of the interrupted function itself only the caller shows

# One that is only busy, or idle, is not stuck.
with Machine(KERNEL, cpus=2, append=['watchdog=1']) as machine:
    machine.wait_for_prompt()
    assert 'quiet' in machine.shell('(while :; do :; done) & sleep 6; kill $!; echo quiet')
    assert 'stuck' not in machine.shell('dmesg')
