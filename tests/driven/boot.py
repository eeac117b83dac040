"""The machine boots: a prompt on the serial line and on four consoles, at the right time of day, then powers off in order."""

import time

from machine import Machine

with Machine(cpus=4, append=['watchdog=soon']) as machine:
    machine.wait_for_prompt()
    assert 'watchdog=soon: not a number' in machine.shell('dmesg')
    assert machine.shell('echo $((6 * 7))') == '42'
    assert abs(int(machine.shell('date +%s')) - time.time()) < 5
    for console in range(1, 5):
        machine.press(f'alt-f{console}')
        machine.wait_for_shell()
        machine.type(f'echo console $(({console} + 10))\n')
        machine.wait_for_text(f'console {console + 10}')
    machine.serial.send('poweroff\r')
    machine.wait_for_end()
