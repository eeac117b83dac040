"""What the kernel forbids itself really traps: each rule is broken in a machine of its own, which must panic over it."""

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
}
PANIC = r'panic on CPU \d, thread 0x[0-9a-f]+: '

with Machine(KERNEL, cpus=1) as machine:
    machine.wait_for_prompt()
    names = machine.shell('cat /proc/quartet/violate').split()
    assert set(EXPECTED) <= set(names), names
    assert 'nvalid' in machine.shell('echo nothing_of_the_kind > /proc/quartet/violate')
for name, reason in EXPECTED.items():
    with Machine(KERNEL, cpus=1) as machine:
        machine.wait_for_prompt()
        machine.serial.send(f'echo {name} > /proc/quartet/violate\r')
        machine.serial.expect(PANIC + r'([^\r\n]*)\r', timeout=20)
        told = machine.serial.match.group(1).decode()
        assert re.match(reason, told), (name, told)
        machine.serial.expect('end of panic', timeout=20)
