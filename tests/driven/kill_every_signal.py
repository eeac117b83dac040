"""`kill -N PID` from the shell, for every N: the default action, as `wait` reports it."""

from machine import Machine

IGNORED = {17, 18, 23, 28}	# SIGCHLD, SIGCONT, SIGURG, SIGWINCH
IN_BACKGROUND_IGNORED = {2, 3}	# SIGINT, SIGQUIT: by every process that a script puts in the background
STOPPING = {19, 20, 21, 22}	# SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU

# One shell for each signal, so that it still knows the job when it waits for it. After the kill it says
# the state of the process, if there still is one, and at last its status.
SCRIPT = ("sleep 1000 & p=$!; sleep 0.1; kill -{number} $p; sleep 0.1; "
          "echo state $(cut -d' ' -f3 /proc/$p/stat 2>/dev/null); kill -CONT $p; kill -{final} $p; wait $p; echo status $?")

with Machine(cpus=2) as machine:
    machine.wait_for_prompt()
    for number in range(1, 65):
        survives = number in IGNORED | IN_BACKGROUND_IGNORED | STOPPING
        script = SCRIPT.format(number=number, final=9 if survives else number)
        said = machine.shell(f'sh -c "{script}" 2>/dev/null'.replace('$', '\\$'))
        # The shell reaps a child that has died while it waits for another, so then there is no state.
        state = ' S' if number in IGNORED | IN_BACKGROUND_IGNORED else ' T' if number in STOPPING else ''
        expected = f'state{state}\nstatus {128 + (9 if survives else number)}'
        assert said.split('\n')[-2:] == expected.split('\n'), (number, said)
