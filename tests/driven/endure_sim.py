"""The simulated machine: a thousand seeds find nothing wrong, and a disk whose flushes mean nothing is found out."""

import subprocess


def simulate(*arguments):
    done = subprocess.run(['./quartet', 'endure', 'sim', '--no-shrink', *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=290)
    print(done.stdout)
    return done


assert simulate('--first', '1', '--seeds', '1000').returncode == 0
broken = simulate('--first', '1', '--seeds', '15', '--break', 'flush')
assert broken.returncode != 0 and 'after the power went' in broken.stdout
