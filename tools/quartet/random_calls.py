"""
Our own random calls (tests/stress/syscall_fuzz.c), for some minutes: a debug kernel with 64 MiB, rounds of a few seconds by
an ordinary user, or by root, whose allocations fail as well. A panic, a hang, a process that does not die, and anything that
a round leaves in the kernel, is a failure; its seed repeats it.
"""

import os

import guest_tests
import image
import qemu
from common import ROOT, build_path, make
from results import FAILED

PROGRAM = 'syscall_fuzz'
TEST = 'random_calls'
MEMORY = 64
ROUND_SECONDS = 5
SLOWEST = 4			# times as long as that a round may take, with all that follows it
PATIENCE = 120


class Outcome:
    """What guest_tests.run_in_machine() tells."""

    def __init__(self):
        self.has_failed = False

    def cell(self, name, _column, state, detail='', seconds=None):
        self.has_failed |= state == FAILED
        print(f'  {name} {state}' + (f' {seconds:.0f} s' if seconds else ''), flush=True)
        if state == FAILED:
            lines = [line for line in detail.splitlines() if 'failing allocation' not in line]
            print('    ' + '\n    '.join(lines[-80:]), flush=True)


def rounds_in(minutes):
    return max(1, int(minutes * 60 / ROUND_SECONDS))


def run(kernel, cpus, rounds, seed, who):
    """Whether nothing was wrong."""
    make('--silent', f'build/stress/{PROGRAM}')
    tree = image.base_tree()
    tree.folders['tests'] = 0o755
    tree.add_file(PROGRAM, build_path('stress', PROGRAM))
    tree.add_file(f'tests/{TEST}', os.path.join(ROOT, 'tests/stress', TEST))
    path = image.cached_image(tree, 'random-calls', free_space=64 << 20)
    test = guest_tests.GuestTest(name=TEST, program='', timeout=PATIENCE + rounds * ROUND_SECONDS * SLOWEST, memory=MEMORY, image=1024,
                                 cpus=(), on_linux='no', disk='ide', append='',
                                 scale=f'100 SEED={seed} ROUNDS={rounds} EACH={ROUND_SECONDS} WHO={"" if who == "both" else who}')
    outcome = Outcome()

    def judge(name, status, output, _leaks):
        """The program looks for what was left itself, round by round."""
        return guest_tests.judge_status(name, status, output, '')

    guest_tests.run_in_machine([test], lambda: qemu.Settings(kernel=kernel, image=path, cpus=cpus, memory=MEMORY),
                               f'{cpus} CPUs', outcome, seed, judge=judge)
    return not outcome.has_failed
