"""The simulated machine: a thousand seeds find nothing wrong; what it does wrong on purpose is found out, repeated and made smaller."""

import re
import shlex
import subprocess


def quartet(*arguments):
    done = subprocess.run(['./quartet', *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=290)
    print(done.stdout[-4000:])
    return done


def simulate(*arguments):
    return quartet('endure', 'sim', '--no-shrink', *arguments)


assert simulate('--first', '1', '--seeds', '1000').returncode == 0
# Process 1 stopped catching a signal while one was on its way, and died of it.
assert simulate('--first', '870', '--seeds', '1', '--scenario', 'processes').returncode == 0
# A process that was ending kept all the signals that its user may have waiting.
assert simulate('--first', '5866', '--seeds', '1', '--scenario', 'processes').returncode == 0
# What was read-only since its disk had failed, without a journal and with one, was written to while it was frozen; and an fsync that came
# while it was being frozen had no error to tell.
# And there was no room, since another's commit came between the try and the look at what waits for one.
for seed in (27735, 36790, 72325, 77204):
    assert simulate('--first', str(seed), '--seeds', '1', '--scenario', 'files').returncode == 0, seed
# So many seeds that several find it, whatever an unrelated change of the kernel does to the order of events.
for broken, scenario, seeds, complaint in (('flush', 'files', 40, 'after the power went'), ('tlb', 'memory', 10, ' fails: '),
                                           ('copy', 'memory', 5, 'a load at'), ('table', 'memory', 5, ' fails: '),
                                           ('truncate', 'memory', 20, 'the file is shorter'),
                                           ('reap', 'processes', 10, 'the answer is 1, not'), ('child', 'processes', 40, 'no SIGCHLD'),
                                           ('resume', 'processes', 80, 'does nothing any more'),
                                           ('queue', 'processes', 15, 'has taken signal')):
    found = simulate('--first', '1', '--seeds', str(seeds), '--scenario', scenario, '--break', broken)
    assert found.returncode != 0 and complaint in found.stdout, broken

# A seed decides everything: each scenario does the same twice.
for scenario in ('files', 'memory', 'processes'):
    first, second = (quartet('endure', 'sim', '--seed', '5', '--scenario', scenario) for _ in range(2))
    assert first.returncode == 0 and first.stdout == second.stdout and len(first.stdout.splitlines()) > 50, scenario
# One that fails prints the command that repeats it, and then one for a workload that is smaller and fails, too.
found = quartet('endure', 'sim', '--first', '1', '--seeds', '1', '--scenario', 'processes', '--break', 'queue').stdout
complaint = re.search(r'^seed 1 fails: (.*)$', found, re.MULTILINE)[1]
again = re.search(r'^  again: \./quartet (.*)$', found, re.MULTILINE)[1]
left, before, smaller = re.search(r'^  fails with (\d+) of (\d+) operations too: \./quartet (.*)$', found, re.MULTILINE).groups()
assert 0 < int(left) <= int(before) // 4, (left, before)
repeated = quartet(*shlex.split(again))
assert repeated.returncode == 1 and f'seed 1 fails: {complaint}\n' in repeated.stdout
assert quartet(*shlex.split(smaller)).returncode == 1
