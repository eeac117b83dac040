"""`kill -N PID` from the shell, for every N: the default action, as `wait` reports it."""

from machine import Machine

IGNORED = {17, 18, 23, 28}		# SIGCHLD, SIGCONT, SIGURG, SIGWINCH
STOPPING = {19, 20, 21, 22}		# SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU

with Machine(cpus=2) as machine:
    machine.wait_for_prompt()
    for number in [*range(1, 32), *range(34, 65)]:
        machine.shell('sleep 1000 &')
        machine.shell(f'p=$!; kill -{number} $p; sleep 0.1')
        state = machine.shell('cut -d" " -f3 /proc/$p/stat 2>/dev/null')
        if number in IGNORED:
            assert state == 'S', (number, state)
        elif number in STOPPING:
            assert state == 'T', (number, state)
            machine.shell('kill -CONT $p; sleep 0.1')
            assert machine.shell('cut -d" " -f3 /proc/$p/stat') == 'S', number
        if number in IGNORED | STOPPING:
            machine.shell('kill -KILL $p')
            number = 9
        status = machine.shell('wait $p 2>/dev/null; echo =$?').split('=')[-1]
        assert status == str(128 + number), (number, status)
