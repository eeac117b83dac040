"""
stress-ng's stressors, of Debian's package: the files that run them, and the page about how they ended.

A stressor is one program of the suite and one test. It runs as root (bad-ioctl, which refuses root, as a user), twice at
once, and looks at its results (--verify); those of the class filesystem work on the disk, the others in memory. One that the machine has nothing for says so itself,
and is skipped.
"""

import os

import debian
from common import ROOT

PACKAGES = '''
    stress-ng libapparmor1 libbsd0 libdrm2 libegl1 libgbm1 libgles2 libglvnd0 libjpeg62-turbo libjudydebian1 libkmod2 libmd0
    libsctp1 libwayland-server0 libxxhash0
    '''.split()
SECONDS = 5
PATIENCE = 150		# seconds for one that is told to take five, in an emulated machine
TIMEOUT = PATIENCE + 60	# then init ends it

# Each stands once, under the first of its classes: nearly all of them are of the class os, too.
CLASSES = {
    'pipe': '''
        fifo pipe pipeherd ring-pipe sendfile splice tee vm-splice
        ''',
    'interrupt': '''
        aio aiol alarm clock fault itimer kill nanosleep pidfd schedpolicy sigabrt sigchld sigfd sigfpe sigio
        signal signest sigpending sigpipe sigq sigrt sigsegv sigsuspend sigtrap sleep timer timerfd
        ''',
    'scheduler': '''
        affinity clone close cyclic daemon dnotify eventfd exec exit-group fanotify fork forkheavy futex
        hrtimers inotify loadavg mmapfork mq msg mutex netlink-proc netlink-task nice poll pthread race-sched
        resched sem sem-sysv session softlockup spawn switch vfork vforkmany wait yield zombie
        ''',
    'vm': '''
        bad-altstack bigheap brk dev-shm env madvise malloc mlock mlockmany mmap mmapaddr mmapfixed mmaphuge
        mmapmany mprotect mremap msync msyncmany munmap pagemove pageswap physpage shm shm-sysv stack stackmmap
        swap tmpfs userfaultfd vm vm-addr vm-rw vm-segv watchdog
        ''',
    'filesystem': '''
        access bind-mount binderfs chattr chdir chmod chown copy-file dentry dir dirdeep dirmany dup fallocate
        fcntl fiemap file-ioctl filename flock fpunch fsize fstat getdent handle hdd inode-flags io iomix ioprio
        lease link locka lockf lockofd mknod open procfs rename symlink sync-file touch utime verity xattr
        ''',
    'os': '''
        af-alg apparmor bad-ioctl cap chroot cpu-online dccp dev dynlib efivar enosys epoll full get getrandom
        icmp-flood idle-page io-uring kcmp key klog kvm landlock loop memfd memhotplug mincore null numa
        oom-pipe opcode pci personality ping-sock plugin prctl ptrace pty quota ramfs rawpkt rawsock rawudp
        readahead reboot remap resources revio rlimit rmap rtc seal seccomp seek set sock sockabuse sockdiag
        sockfd sockpair sockmany sysbadaddr syscall sysinfo sysinval sysfs tlb-shootdown tun udp udp-flood
        umount unshare urandom usersyscall vdso x86syscall zero
        ''',
}
ON_DISK = ('filesystem',)
# Not run, and why.
NETWORK = 'it is about networks; there are none (AF_INET is EAFNOSUPPORT)'
LEFT_OUT = {
    'bind-mount': 'it uses name spaces, which are not there',
    'swap': 'there is no swap space, and no swapon',
    'dccp': NETWORK,
    'icmp-flood': NETWORK,
    'netlink-proc': NETWORK,
    'netlink-task': NETWORK,
    'ping-sock': NETWORK,
    'rawpkt': NETWORK,
    'rawsock': NETWORK,
    'rawudp': NETWORK,
    'sock': NETWORK,
    'sockabuse': NETWORK,
    'sockdiag': NETWORK,
    'sockmany': NETWORK,
    'tun': NETWORK,
    'udp': NETWORK,
    'udp-flood': NETWORK,
}


def stressors():
    """Those that are run, class by class."""
    return [name for names in CLASSES.values() for name in names.split() if name not in LEFT_OUT]


def files(modules, seconds):
    """The package, and a program for each stressor."""
    seconds = seconds or SECONDS
    places = {name: 'disk' if kind in ON_DISK else 'memory' for kind, names in CLASSES.items() for name in names.split()}
    with open(os.path.join(ROOT, 'tests/compat/stressor'), 'rb') as file:
        program = file.read()
    found = debian.package_files(PACKAGES)
    lines = [f'{name} {places[name]} {seconds} {PATIENCE}\n' for name in modules]
    found['/tests/lib/stressors'] = (''.join(lines).encode(), 0o644)
    found.update({f'/tests/{name}': (program, 0o755) for name in modules})
    return found


def table(modules, result):
    """Class by class, how many ended how."""
    lines = ['| class | stressors | run | passed on Linux | passed on Quartet | failed on Linux | failed on Quartet | '
             'skipped on Linux | skipped on Quartet |', '|---|---|---|---|---|---|---|---|---|']
    for kind, names in list(CLASSES.items()) + [('all', ' '.join(CLASSES.values()))]:
        chosen = [name for name in names.split() if name in modules]
        counts = [len(names.split()), len(chosen)]
        for group in (('passed',), ('failed', 'hung', 'crashed', 'not run'), ('skipped',)):
            counts += [sum(result(column, name) in group for name in chosen) for column in ('Linux', 'Quartet')]
        lines.append(f'| {kind} | ' + ' | '.join(str(count) for count in counts) + ' |')
    return lines


def page(suite, modules, outcomes, why):
    """The page of docs/compat/."""
    def result(column, name):
        return outcomes.result(column, name, name)

    def section(heading, chosen, text):
        return ['', f'## {heading}', ''] + [f'- `{name}`: {text(name)}' for name in chosen] if chosen else []

    def both(name):
        return '; '.join(f'{column}: {result(column, name)}' + (f', {said}' if said else '')
                         for column in outcomes.columns for said in [outcomes.said(column, name, name)])

    def explained(name):
        reason = why.get(f'stress-ng.{name}', '' if result('Quartet', name) == 'skipped' else 'not yet looked into')
        return both(name) + (f'; {reason}' if reason else '')

    bad = [name for name in modules if result('Quartet', name) not in ('passed', 'skipped')]
    worse = [name for name in bad if result('Linux', name) in ('passed', 'skipped')]
    skipped = [name for name in modules if result('Quartet', name) == 'skipped']
    lines = [f'# {suite.title}', '',
             f'Made by `./quartet compat stress-ng`: {suite.what}, on Debian\'s Linux for i386 and on Quartet, in the same '
             f'emulated machine. Each stressor works for {SECONDS} s, twice at once, as root (`bad-ioctl`, which refuses root, as a '
             'user), and looks at its results '
             '(`--verify`). One that is of several classes is counted in one. Why one failed or was skipped is told in stress-ng\'s words.', '']
    lines += table(modules, result)
    lines += section('Failed on Quartet, not on Linux', worse, explained)
    lines += section('Failed on both', [name for name in bad if name not in worse], both)
    lines += section('Failed on Linux alone', [name for name in modules if name not in bad and
                                               result('Linux', name) not in ('passed', 'skipped')], both)
    lines += section('Skipped on Quartet alone', [name for name in skipped if result('Linux', name) != 'skipped'], explained)
    lines += section('Skipped on both', [name for name in skipped if result('Linux', name) == 'skipped'], both)
    lines += section('Not run', LEFT_OUT, LEFT_OUT.get)
    return '\n'.join(lines) + '\n'
