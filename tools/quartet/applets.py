"""
Busybox's applets in ordinary use (tests/applets/): run in a machine of Linux and in one of Quartet. Linux also
counts which system calls they make.
"""

import hashlib
import json
import os
import re
import tempfile

import image
import linux_machine
import packages
from commands import run
from common import ROOT, Failure, build_path, cache_path, make

FOLDER = os.path.join(ROOT, 'tests/applets')
COMMANDS = os.path.join(FOLDER, 'commands')
# What the C library tries once and does without: ENOSYS is a full answer.
DISPENSABLE = {'rseq'}
LIST = os.path.join(FOLDER, 'syscalls')
# `secret`, for each user that may log in.
SHADOW = ''.join(f'{user}:$1$saltsalt$9xy1btjgzLYfb7hivXtC//:19000:0:99999:7:::\n'
                 for user in ('root', 'player', 'nobody'))
# What stands before a command's name in the shell's language.
BEFORE_COMMAND = r"(?:^|[|;&({'\"]\s*|\b(?:busybox|setsid|xargs|do)\s+'?)"


def applet_tree():
    """The root disk with the applets' commands in /applets."""
    make('--silent', 'build/applets/on-terminal')
    tree = image.base_tree()
    for name in ('run', 'count-calls'):
        tree.add_file(f'applets/{name}', os.path.join(FOLDER, name))
    tree.add_file('applets/on-terminal', build_path('applets', 'on-terminal'))
    tree.add_file('applets/commands', COMMANDS, 0o644)
    tree.texts['etc/shadow'] = SHADOW.encode()
    return tree


def linux_key():
    """Identifies all that Linux's answers depend on."""
    whole = hashlib.sha256(os.path.basename(linux_machine.kernel_folder()).encode())
    names = [os.path.join(FOLDER, name) for name in ('commands', 'run', 'count-calls', 'on-terminal.c')]
    for name in [*names, packages.program('busybox-static', 'bin/busybox'), build_path('user', 'init'), __file__]:
        with open(name, 'rb') as file:
            whole.update(file.read())
    return whole.hexdigest()[:16]


def run_on_linux():
    """
    What all commands print in a machine of Linux, and the numbers of the calls they make. It is kept, since Linux
    does not change, and the commands run slowly there.
    """
    kept = cache_path('linux-applets', f'{linux_key()}.json')
    os.makedirs(os.path.dirname(kept), exist_ok=True)
    if not os.path.exists(kept):
        with tempfile.TemporaryDirectory() as work:
            disk = os.path.join(work, 'disk')
            image.make_image(applet_tree(), disk)
            text, _, calls = run_in_machine(linux_machine.settings(disk), 'sh /applets/count-calls ').partition('== calls')
        numbers = re.findall(r'[0-9]+', calls)
        if not numbers:
            raise Failure('Linux counted no system calls')
        with open(f'{kept}.{os.getpid()}', 'w') as out:
            json.dump([text, numbers], out)
        os.rename(f'{kept}.{os.getpid()}', kept)
    with open(kept) as file:
        text, numbers = json.load(file)
    names = {words[0]: words[1] for words in table_lines()}
    return text, sorted(names.get(number, number) for number in numbers)


def run_in_machine(settings, prefix=''):
    """Run all commands in QEMU, where the disk of `settings` is one of applet_tree(). Returns what they printed."""
    with tempfile.TemporaryFile() as output:
        try:
            status = run.run_command(settings, ['sh', '-c', f'cd /tmp && {prefix}sh /applets/run | cat'], output)
        except BaseException:
            print(f'the end of what it printed: {read_text(output)[-500:]}')
            raise
        text = read_text(output)
    if status != 0:
        raise Failure(f'applets: status {status}: {text[-500:]}')
    return text


def read_text(file):
    file.seek(0)
    return file.read().decode(errors='replace')


def split_cases(text):
    """Command line -> what it printed, and its status."""
    cases = re.split(r'^== ', text.replace('\r', ''), flags=re.MULTILINE)[1:]
    return {case.partition('\n')[0]: case.partition('\n')[2] for case in cases}


def known_version():
    """The version of busybox for which every applet was gone through, and the applets that no command runs."""
    with open(os.path.join(FOLDER, 'absent')) as file:
        lines = [line for line in file.read().splitlines() if line and not line.startswith('#')]
    version = next(line.split()[1] for line in lines if line.startswith('version '))
    return version, {name for line in lines if not line.startswith('version ') for name in line.split()}


def unknown_applets():
    """This busybox's version, and those of its applets that neither a command runs nor `absent` names."""
    program = packages.program('busybox-static', 'bin/busybox')
    with open(program, 'rb') as file:
        version = re.search(rb'BusyBox v([0-9.]+)', file.read()).group(1).decode()
    listed = {os.path.basename(path) for path in image.cached_applet_links(program, build_path('images', 'applets'))}
    with open(COMMANDS) as file:
        text = ''.join(line for line in file if not line.startswith('#'))
    return version, [name for name in sorted((listed | image.NOT_LINKED) - known_version()[1])
                     if not re.search(BEFORE_COMMAND + re.escape(name) + r"(?=[\s;|&)'\"]|$)", text, re.MULTILINE)]


def table_lines():
    """The words of each line of the kernel's table: number, name, handler or -, ..."""
    with open(os.path.join(ROOT, 'kernel/syscall/syscall.tbl')) as table:
        return [line.split() for line in table if line.strip() and not line.startswith('#')]


def missing_calls():
    """Calls of the kept list (tests/applets/syscalls) that the kernel's table has no handler for."""
    present = {words[1] for words in table_lines() if len(words) > 2 and words[2] != '-'}
    with open(LIST) as kept:
        return [name for name in kept.read().split() if name not in present | DISPENSABLE]
