"""A real-time clock that has lost its date says 1970, perhaps a moment before the machine's own start: no reason not to start."""

from machine import Machine

with Machine(cpus=1, extra=['-rtc', 'base=1970-01-01T00:00:00']) as machine:
    machine.wait_for_prompt()
    assert 0 <= int(machine.shell('date +%s')) < 600
