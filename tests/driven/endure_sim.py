"""The simulated machine: a thousand seeds find nothing wrong, and what the machine does wrong on purpose is found out."""

import subprocess


def simulate(*arguments):
    done = subprocess.run(['./quartet', 'endure', 'sim', '--no-shrink', *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=290)
    print(done.stdout)
    return done


assert simulate('--first', '1', '--seeds', '1000').returncode == 0
# Process 1 stopped catching a signal while one was on its way, and died of it.
assert simulate('--first', '870', '--seeds', '1', '--scenario', 'processes').returncode == 0
# So many seeds that several find it, whatever an unrelated change of the kernel does to the order of events.
for broken, scenario, seeds, complaint in (('flush', 'files', 40, 'after the power went'), ('tlb', 'memory', 10, ' fails: '),
                                           ('copy', 'memory', 5, 'a load at'), ('table', 'memory', 5, ' fails: '),
                                           ('truncate', 'memory', 20, 'the file is shorter'),
                                           ('reap', 'processes', 10, 'the answer is 1, not'), ('child', 'processes', 40, 'no SIGCHLD'),
                                           ('resume', 'processes', 80, 'does nothing any more'),
                                           ('queue', 'processes', 15, 'has taken signal')):
    found = simulate('--first', '1', '--seeds', str(seeds), '--scenario', scenario, '--break', broken)
    assert found.returncode != 0 and complaint in found.stdout, broken
