"""
What the kernel forbids itself really traps: each rule is broken in a machine of its own, which must panic over it; what
the processor watches over also on one that was started later.
"""

import os
import re

from common import build_kernel
from machine import Machine

KERNEL = os.environ.get('QUARTET_KERNEL') or build_kernel('debug')
NOT_ALLOWED = r'kernel %s at 0x[0-9a-f]+: not allowed'
# On QEMU's newest processor, which has NX, SMEP and SMAP.
EXPECTED = {
    'read_user': NOT_ALLOWED % 'read', 'write_user': NOT_ALLOWED % 'write', 'execute_user': NOT_ALLOWED % 'jump',
    'read_null': r'kernel read at 0x0*4: nothing there', 'execute_data': NOT_ALLOWED % 'jump',
    'write_text': NOT_ALLOWED % 'write', 'write_constant': NOT_ALLOWED % 'write',
    'overflow_stack': r'kernel write at 0x[0-9a-f]+fff: nothing there',
    'overrun_buffer': r'a buffer on the stack was overrun',
    'writable_text': r'kernel page 0x[0-9a-f]+ is writable and executable',
    'lock_order': r'lock violated outer \(rank \d+\) is taken while violated inner \(rank \d+\) is held',
    'lock_twice': r'lock violated outer is taken again by its holder',
    'leave_locked': r'back to user mode with lock violated outer held',
    'sleep_locked': r'may sleep, but preemption is off \(1 times\)',
    'mutex_locked': r'may sleep, but preemption is off \(1 times\)',
}
# What control registers and the page tables' bits say, which each processor is told for itself.
OF_EACH_PROCESSOR = ('read_user', 'write_user', 'execute_user', 'execute_data', 'write_text')
PANIC = r'panic on CPU (\d), thread 0x[0-9a-f]+: '

with Machine(KERNEL, cpus=1) as machine:
    machine.wait_for_prompt()
    names = machine.shell('cat /proc/quartet/violate').split()
    assert set(EXPECTED) <= set(names), names
    assert 'nvalid' in machine.shell('echo nothing_of_the_kind > /proc/quartet/violate')


def expect_panic(name, command, reason, processor, **settings):
    """The command breaks the rule `name`, on that processor."""
    with Machine(KERNEL, **settings) as machine:
        machine.wait_for_prompt()
        machine.serial.send(command + '\r')
        machine.serial.expect(PANIC + r'([^\r\n]*)\r', timeout=20)
        told = machine.serial.match.group(2).decode()
        assert re.match(reason, told) and int(machine.serial.match.group(1)) == processor, (command, told)
        machine.serial.expect('end of panic', timeout=20)


for name, reason in EXPECTED.items():
    expect_panic(name, f'echo {name} > /proc/quartet/violate', reason, 0, cpus=1)
for name in OF_EACH_PROCESSOR:
    expect_panic(name, f"taskset 4 sh -c 'echo {name} > /proc/quartet/violate'", EXPECTED[name], 2, cpus=3)
