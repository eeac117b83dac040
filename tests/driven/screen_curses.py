"""`./quartet run --screen` in a terminal: the consoles, Alt-F1 to Alt-F4 as terminals send them, Ctrl-A X, poweroff."""

import os
import re
import time

import pexpect

from common import build_kernel

KERNEL = os.environ.get('QUARTET_KERNEL') or build_kernel()
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ('DISPLAY', 'WAYLAND_DISPLAY')}
COLOURS = re.compile(rb'\x1b(?:\[[0-9;?]*[a-zA-Z]|\([AB0])|[\r\n]')


def start():
    child = pexpect.spawn('./quartet', ['run', '--screen', '--cpus', '2', '--kernel', KERNEL], timeout=60,
                          dimensions=(25, 80), env=dict(ENVIRONMENT, TERM='xterm-256color'))
    wait_for(child, b'# ')
    return child


def wait_for(child, text, seconds=60):
    """Read until the picture, without its colours and cursor movements, has had `text` in it."""
    seen = b''
    while text not in COLOURS.sub(b'', seen):
        seen += child.read_nonblocking(65536, timeout=seconds)


def say(child, word):
    """
    Let the console print a word that is not what is typed. On a busy host the display may miss a key, or a word that is drawn
    and scrolled between two looks: then it is told again.
    """
    for seconds in (10, 10, 60):
        child.send(f'\recho {word[:2]}""{word[2:]}\r')
        try:
            return wait_for(child, word.encode(), seconds)
        except pexpect.TIMEOUT:
            if seconds == 60:
                raise


screen = start()
say(screen, 'FIRST')
for number, letter in enumerate('QRS', 2):
    screen.send(f'\x1b[1;3{letter}')
    time.sleep(1)	# until it is drawn: what is the same on both screens is not drawn again
    say(screen, f'console{number}')
    screen.send('tty\r')
    wait_for(screen, f'/dev/tty{number}'.encode())
screen.send('\x1b[1;3P')		# back: what stood there is drawn again
wait_for(screen, b'FIRST')
screen.send('poweroff\r')
screen.expect(pexpect.EOF)
screen.wait()
assert screen.exitstatus == 0, (screen.exitstatus, screen.signalstatus)

screen = start()
screen.send('\x01x')
screen.expect(pexpect.EOF)
screen.wait()
assert screen.exitstatus == 0, (screen.exitstatus, screen.signalstatus)
