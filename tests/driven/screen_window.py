"""
Where `./quartet run --screen` and `./quartet debug --screen` show the consoles: in a window if there is a desktop, else in
this terminal, and gdb has none to give. No window opens: a program of QEMU's name only says how it was called.
"""

import os
import shlex
import subprocess
import sys
import tempfile

import pexpect

import qemu
from common import build_kernel

KERNEL = os.environ.get('QUARTET_KERNEL') or build_kernel()
NO_DESKTOP = {name: value for name, value in os.environ.items() if name not in ('DISPLAY', 'WAYLAND_DISPLAY')}
# Past the front door, which would install what a window needs.
QUARTET = [sys.executable, 'tools/quartet']
WINDOW = ['-display', 'gtk', '-serial', 'mon:stdio']
CURSES = ['-display', 'curses', '-serial', 'null', '-monitor', 'none']
LINE = ['-display', 'none', '-serial', 'mon:stdio']


def words_of_qemu(work, command, **desktop):
    """What `./quartet COMMAND` at a terminal gives to QEMU (None: it starts none), and what it says."""
    told = os.path.join(work, 'told')
    if os.path.exists(told):
        os.remove(told)
    environment = dict(NO_DESKTOP, PATH=f'{work}:{os.environ["PATH"]}', TERM='xterm', TOLD=told, QUARTET_FROM=os.getcwd(), **desktop)
    said, status = pexpect.run(shlex.join([*QUARTET, *command, '--kernel', KERNEL]), env=environment, timeout=60, withexitstatus=True)
    if not os.path.exists(told):
        return None, said.decode()
    assert status == 0, (status, said)
    with open(told) as file:
        return file.read().splitlines(), said.decode()


def has(words, wanted):
    """Whether the wanted words stand there one after another, and no other display is asked for."""
    assert words.count('-display') == 1, words
    return any(words[at:at + len(wanted)] == wanted for at in range(len(words)))


with tempfile.TemporaryDirectory() as work:
    with open(os.path.join(work, qemu.QEMU), 'w') as program:
        program.write('#!/bin/sh\nprintf "%s\\n" "$@" > "$TOLD"\n')
    os.chmod(program.name, 0o755)
    for desktop, wanted in (({'DISPLAY': ':7'}, WINDOW), ({'WAYLAND_DISPLAY': 'wayland-7'}, WINDOW),
                            ({'DISPLAY': ':7', 'WAYLAND_DISPLAY': 'wayland-7'}, WINDOW),
                            ({}, CURSES), ({'DISPLAY': '', 'WAYLAND_DISPLAY': ''}, CURSES)):
        words, said = words_of_qemu(work, ['run', '--screen'], **desktop)
        assert words and has(words, wanted), (desktop, words, said)
        words, said = words_of_qemu(work, ['run'], **desktop)
        assert words and has(words, LINE), (desktop, words, said)
    words, said = words_of_qemu(work, ['debug', '--screen'])
    assert words is None and 'needs a desktop' in said, (words, said)
    # Without a terminal there is nowhere to draw.
    done = subprocess.run([*QUARTET, 'run', '--screen', '--kernel', KERNEL], env=dict(NO_DESKTOP, PATH=f'{work}:{os.environ["PATH"]}'),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, text=True)
    assert done.returncode != 0 and 'terminal' in done.stdout, done
