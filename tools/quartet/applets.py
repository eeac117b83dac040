"""
Busybox's applets in ordinary use (tests/applets/): run on this machine in a root of their own, or in
Quartet; and traced here, to learn which system calls they make.
"""

import os
import re
import shutil
import subprocess
import tempfile

import image
import linux_machine
from commands import run
from common import ROOT, Failure, runs_i386_programs

FOLDER = os.path.join(ROOT, 'tests/applets')
# What the C library tries once and does without: ENOSYS is a full answer.
DISPENSABLE = {'rseq'}
LIST = os.path.join(FOLDER, 'syscalls')


def applet_tree():
    """The root disk with the applets' commands in /applets."""
    tree = image.base_tree()
    tree.add_file('applets/run', os.path.join(FOLDER, 'run'))
    tree.add_file('applets/commands', os.path.join(FOLDER, 'commands'), 0o644)
    return tree


def run_on_linux():
    """Run all commands on this machine, or in a machine of Linux's own. Returns what they printed."""
    if runs_i386_programs():
        return run_here()
    with tempfile.TemporaryDirectory() as work:
        disk = os.path.join(work, 'disk')
        image.make_image(applet_tree(), disk)
        return run_in_machine(linux_machine.settings(disk))


def run_in_machine(settings):
    """Run all commands in QEMU, where the disk of `settings` is one of applet_tree()."""
    with tempfile.TemporaryFile() as output:
        status = run.run_command(settings, ['sh', '-c', 'cd /tmp && sh /applets/run | cat'], output)
        output.seek(0)
        text = output.read().decode(errors='replace')
    if status != 0:
        raise Failure(f'applets: status {status}: {text[-500:]}')
    return text


def run_here(prefix=()):
    """
    Run all commands on this machine, in a mount and process name space, with the root disk's tree as root.
    Returns what they printed. `prefix` is a program that runs the whole, such as strace.
    """
    work = tempfile.mkdtemp(prefix='quartet-applets-')
    try:
        applet_tree().lay_out(work)
        os.chmod(work, 0o755)
        script = ('mount -t tmpfs none "$0/tmp" && mount -t proc none "$0/proc" && mount --rbind /dev "$0/dev" && '
                  'hostname quartet && exec setarch i686 chroot "$0" /bin/busybox sh -c "cd /tmp && exec /bin/busybox sh /applets/run"')
        command = list(prefix) + ['unshare', '--mount', '--pid', '--fork', '--uts', '--kill-child', 'sh', '-c', script, work]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise Failure(f'applets on Linux: status {done.returncode}: {done.stderr.decode(errors="replace")[-500:]}')
        return done.stdout.decode(errors='replace')
    finally:
        shutil.rmtree(work, ignore_errors=True)


def split_cases(text):
    """Command line -> what it printed, and its status."""
    cases = re.split(r'^== ', text.replace('\r', ''), flags=re.MULTILINE)[1:]
    return {case.partition('\n')[0]: case.partition('\n')[2] for case in cases}


def trace():
    """Names of all system calls that the applets make on Linux."""
    with tempfile.NamedTemporaryFile() as log:
        run_here(['strace', '-f', '-qq', '-o', log.name])
        # unshare, sh and chroot are this machine's own; what runs after busybox's execve is i386.
        names, outside, begun = set(), set(), False
        for line in log.read().decode(errors='replace').splitlines():
            found = re.match(r'(\d+) +(\w+)\(', line)
            if not found:
                continue
            pid, name = found.groups()
            if begun and pid not in outside:
                names.add(name)
            elif not begun:
                outside.add(pid)
                if 'execve("/bin/busybox"' in line:
                    begun = True
                    outside.discard(pid)
        return sorted(names)


def missing_calls():
    """Calls of the kept list (tests/applets/syscalls) that the kernel's table has no handler for."""
    with open(os.path.join(ROOT, 'kernel/syscall/syscall.tbl')) as table:
        lines = [line.split() for line in table if line.strip() and not line.startswith('#')]
    present = {words[1] for words in lines if len(words) > 2 and words[2] != '-'}
    with open(LIST) as kept:
        return [name for name in kept.read().split() if name not in present | DISPENSABLE]
