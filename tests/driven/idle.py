"""An idle machine with four shells waiting uses under 3 % of a processor of the host."""

import os
import time

from machine import Machine

SECONDS = 10


def cpu_seconds(pid):
    with open(f'/proc/{pid}/stat') as file:
        fields = file.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


with Machine(cpus=4) as machine:
    machine.wait_for_prompt()
    time.sleep(3)
    before = cpu_seconds(machine.process.pid)
    time.sleep(SECONDS)
    share = (cpu_seconds(machine.process.pid) - before) / SECONDS
    print(f'idle: {share:.1%} of a processor')
    assert share < 0.03
