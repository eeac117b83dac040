"""
Strangers attack: Debian's trinity and crashme for some minutes each, and stress-ng's stressors one after another, all as
an ordinary user, in a debug kernel. What they do to each other is theirs; the machine must neither panic nor hang, no
lock may be out of order, no stressor may see a wrong result, and nothing may be left when they are gone.

The stock Debian image gets the packages' files in a copy, and a shell script for each attack in /tests, where Quartet's
init finds them. A script removes what its user left in the machine; then the runner compares what the kernel holds.
The stressors run on four processors with 64 MiB. Whether a stressor's complaint is Quartet's fault is seen beside
Debian's Linux (--linux).
"""

import debian
import guest_tests
import linux_machine
import qemu
import stress
from results import FAILED, PASSED, SKIPPED

PACKAGES = ['crashme', 'trinity'] + stress.PACKAGES
MEMORY, STRESS_MEMORY, CPUS = 512, 64, 4
MORE_MEMORY = {'exec': 256}	# whose many processes are killed for want of memory, which it then calls a corruption
STRESSOR_SECONDS = 5
STRESSOR_PATIENCE = 180		# for one that is told to take five seconds, in an emulated machine

# Those whose calls are there; what wants a network, a device, root, or minutes for one round is not.
STRESSORS = '''
    access affinity alarm brk chmod chown clock clone close context copy-file cpu daemon dentry dir dirdeep dup enosys
    env epoll eventfd exec fallocate fault fcntl fiemap fifo filename flock fork fp-error fpunch fstat full futex get
    getdent getrandom hdd hrtimers inode-flags inotify io itimer kill link locka lockf lockofd madvise malloc matrix
    membarrier memcpy memfd mincore mlock mlockmany mmap mmapaddr mmapfixed mmapfork mmapmany mprotect mq mremap msg
    msync msyncmany munmap mutex nanosleep nice null open personality pipe pipeherd poll prctl procfs pthread ptrace
    pty qsort rename resched resources revio rlimit rmap schedpolicy seek sem sem-sysv sendfile session set shm
    shm-sysv sigabrt sigchld sigfd sigfpe signal signest sigpending sigpipe sigq sigrt sigsegv sigsuspend sigtrap
    sleep sockfd sockpair spawn splice stack stackmmap switch symlink sync-file sysinfo tee timer timerfd
    tlb-shootdown tmpfs touch tsc urandom utime vdso vfork vforkmany vm vm-rw vm-segv vm-splice wait xattr yield zero
    zombie
    '''.split()

# A queue of messages has a name that outlives its maker, and that nobody can list here.
ATTACKS = {
    'trinity': 'trinity -q -C 8 -s $seed -l off --disable-fds=sockets --disable-fds=perf -x mq_open',
    'crashme': 'crashme +2000 $seed 1000000 0:10:00 1',
}

# as_user runs a command as the attacker. Whatever he left outside of the test's own folders is removed.
HEAD = '''#!/bin/bash
chmod 777 .
as_user() { setpriv --reuid 1000 --regid 1000 --clear-groups --reset-env "$@"; }
clean_up() {
	pkill -KILL -u 1000
	while pgrep -u 1000 >/dev/null; do sleep 0.1; done
	ipcrm --all
	find / /tmp /dev/shm /run /test-disk -xdev -path /proc -prune -o -uid 1000 -depth ! -path "$PWD" -delete 2>/dev/null
}
'''
# Again and again, with the next seed: an attacker may fall over his own feet (trinity's sockets do, on Linux too).
LONG = '''
end=$((SECONDS + %(seconds)d)) seed=%(seed)d
while [ $SECONDS -lt $end ]; do
	as_user timeout --signal=KILL $((end - SECONDS)) %(command)s >out 2>&1 </dev/null
	echo "seed $seed: status $?"
	seed=$((seed + 1))
	clean_up
done
exit 0
'''
STRESSOR = '''
as_user stress-ng --%(name)s %(cpus)d --verify -t %(seconds)d --oomable --pathological --temp-path . >out 2>&1 </dev/null
status=$?
cat out
clean_up
case $status in 3 | 4) exit 77 ;; esac	# no resources, not implemented: skipped
exit $status
'''


def scripts(minutes, seed):
    """Name -> (script, seconds it may take, MiB of memory)."""
    seconds = int(minutes * 60)
    found = {name: (HEAD + LONG % {'command': command, 'seconds': seconds, 'seed': seed}, seconds + 300, MEMORY)
             for name, command in ATTACKS.items()}
    for name in STRESSORS:
        text = STRESSOR % {'name': name, 'cpus': CPUS, 'seconds': STRESSOR_SECONDS}
        found[f'stress-{name}'] = (HEAD + text, STRESSOR_PATIENCE, MORE_MEMORY.get(name, STRESS_MEMORY))
    return found


class Outcomes:
    """The table, and what went wrong; guest_tests.run_in_machine() tells it."""

    def __init__(self, linux):
        self.columns = (['Linux'] if linux else []) + ['Quartet']
        self.states, self.details = {}, {}

    def cell(self, name, column, state, detail='', seconds=None):
        self.states[name, column] = state
        self.details[name, column] = detail
        print(f'  {column:<8} {name:<24} {state}' + (f' {seconds:.0f} s' if seconds else ''), flush=True)
        if detail and state == FAILED:
            print('    ' + '\n    '.join(detail.splitlines()[-80:]), flush=True)

    def has_failed(self):
        return self.count(FAILED) > 0

    def count(self, state):
        return sum(1 for (_, column), found in self.states.items() if column == 'Quartet' and found == state)


def run(names, minutes, seed, kernel, cpus, linux):
    """Returns the Outcomes."""
    chosen = {name: what for name, what in scripts(minutes, seed).items() if name in names}
    files = debian.package_files(PACKAGES)
    files.update({f'/tests/{name}': (text.encode(), 0o755) for name, (text, _, _) in chosen.items()})
    path = debian.added_to_copy(files, 'strangers')
    outcomes = Outcomes(linux)
    for memory in sorted({memory for _, _, memory in chosen.values()}, reverse=True):
        tests = [guest_tests.GuestTest(name=name, program='', timeout=timeout, memory=memory, image=4096, cpus=(),
                                       on_linux='yes', disk='virtio', append='')
                 for name, (_, timeout, needed) in chosen.items() if needed == memory]

        def linux_settings():
            return linux_machine.settings(path, memory=max(memory, 256), cpus=cpus, append=[f'disk_init={debian.INIT}'])

        def quartet_settings(memory=memory):
            return qemu.Settings(kernel=kernel, image=path, memory=memory, cpus=cpus, disk='virtio',
                                 append=[f'init={debian.INIT}'])

        if linux:
            guest_tests.run_in_machine(tests, linux_settings, 'Linux', outcomes, seed,
                                       lambda name, status, output, _leaks: guest_tests.judge_status(name, status, output, ''))
        guest_tests.run_in_machine(tests, quartet_settings, 'Quartet', outcomes, seed)
    return outcomes


def known_names():
    return list(scripts(1, 1))


def summary(outcomes):
    return f'{outcomes.count(PASSED)} passed, {outcomes.count(FAILED)} failed, {outcomes.count(SKIPPED)} skipped'
