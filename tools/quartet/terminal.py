"""
A full-screen program, QEMU's curses display, in a terminal of its own between it and ours.

Terminals send Alt-F2 as one sequence (ESC [ 1 ; 3 Q), for which ncurses has a key code that QEMU does not know.
QEMU wants an escape before the plain function key, so that is what it gets from here. And Ctrl-A X ends the
program, as it does on the serial line; Ctrl-A Ctrl-A is one Ctrl-A.
"""

import curses
import fcntl
import os
import pty
import re
import select
import signal
import sys
import termios
import tty

from common import Failure

ALT_FUNCTION_KEY = re.compile(rb'\x1b(?:\[1;|O)[39]([PQRS])')
ESCAPE = b'\x01'	# Ctrl-A
ENOUGH = 65536


def key_translation():
    """A function that rewrites what the terminal sends."""
    try:
        curses.setupterm()
        keys = {letter: curses.tigetstr(f'kf{number}') for number, letter in enumerate(b'PQRS', 1)}
    except curses.error:
        keys = {}

    def translate(data):
        return ALT_FUNCTION_KEY.sub(lambda found: b'\x1b' + keys[found[1][0]] if keys.get(found[1][0]) else found[0], data)
    return translate


class Prefix:
    """What remains of the input without Ctrl-A and the key after it."""

    def __init__(self):
        self.is_open = False
        self.wants_end = False

    def feed(self, data):
        out = bytearray()
        for byte in data:
            if self.is_open:
                self.is_open = False
                self.wants_end |= byte in b'xX'
                out += b'' if byte in b'xX' else bytes([byte])
            elif byte == ESCAPE[0]:
                self.is_open = True
            else:
                out.append(byte)
        return bytes(out)


def copy_size(target):
    """Give our terminal's size to the inner one; its program gets SIGWINCH if it has changed."""
    fcntl.ioctl(target, termios.TIOCSWINSZ, fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8)))


def relay(inner, translate):
    """Pass keys in and pictures out, until the program ends or the user ends it."""
    prefix = Prefix()
    while not prefix.wants_end:
        ready, _, _ = select.select([0, inner], [], [])
        if 0 in ready:
            keys = os.read(0, ENOUGH)
            if not keys:
                return
            os.write(inner, prefix.feed(translate(keys)))
        if inner in ready:
            try:
                picture = os.read(inner, ENOUGH)
            except OSError:		# EIO: the last user of the inner terminal is gone
                return
            if not picture:
                return
            os.write(1, picture)


def run(command):
    """Run the program. Returns its status; ended from the keyboard, 0."""
    if not os.isatty(0) or not os.isatty(1):
        raise Failure('--screen needs a desktop or a terminal')
    translate = key_translation()
    before = termios.tcgetattr(0)
    child, inner = pty.fork()
    if child == 0:
        try:
            # The size is there before the program asks for it.
            os.read(0, 1)
            os.execvp(command[0], command)
        except OSError as error:
            print(f'quartet: {command[0]}: {error.strerror}', file=sys.stderr)
        os._exit(127)
    try:
        copy_size(inner)
        signal.signal(signal.SIGWINCH, lambda *_: copy_size(inner))
        tty.setraw(0)
        os.write(inner, b'\n')
        relay(inner, translate)
    finally:
        signal.signal(signal.SIGWINCH, signal.SIG_DFL)
        os.close(inner)			# hangs up: QEMU ends in order
        _, status = os.waitpid(child, 0)
        termios.tcsetattr(0, termios.TCSADRAIN, before)
    return 0 if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
