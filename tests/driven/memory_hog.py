"""In 32 MiB a program takes all the memory, again and again: it dies and says so, and every shell lives and answers."""

import concurrent.futures

from machine import Machine


def drive(cpus):
    with Machine(cpus=cpus, memory=32) as machine:
        machine.wait_for_prompt()
        shells = machine.shell('pidof sh')
        assert len(shells.split()) == 5, shells
        for _ in range(3):
            # One line without an end, which tail keeps.
            told = machine.shell('tail /dev/zero; echo status $?', timeout=120)
            assert 'status 137' in told, told
        assert machine.shell('pidof sh') == shells
        assert int(machine.shell('dmesg | grep -c "out of memory"')) >= 3
        for console in range(1, 5):
            machine.press(f'alt-f{console}')
            machine.wait_for_shell()
            machine.type(f'echo alive $((40 + {console}))\n')
            machine.wait_for_text(f'alive {40 + console}')


with concurrent.futures.ThreadPoolExecutor() as pool:
    for driven in [pool.submit(drive, cpus) for cpus in (1, 4)]:
        driven.result()
