"""./quartet screenshot: docs/four-shells.png, the four consoles of a running machine side by side."""

import os
import tempfile

import png
from common import ROOT, Failure, Parser, build_kernel, shown_path, user_path
from machine import Machine

# What is typed on each console, and what shows that it is done.
CONSOLES = [
    ('vmmap --shared', None),
    ('uname -a; ps -o pid,ppid,stat,tty,args', None),
    ('free; cat /proc/loadavg; ls /', None),
    ('vmmap $$ | head -n 22', None),
]
GAP = 8		# pixels between the four pictures
GAP_COLOUR = b'\x60\x60\x60'


def capture(machine, work):
    pictures = []
    for number, (line, _) in enumerate(CONSOLES, 1):
        machine.press(f'alt-f{number}')
        machine.wait_for_shell()
        machine.type(f'clear; {line}; echo\n')
    for number in range(1, len(CONSOLES) + 1):
        machine.press(f'alt-f{number}')
        # Two equal screens in a row: nothing is being printed any more.
        before = None
        while before != str(machine.screen()):
            before = str(machine.screen())
            machine.shell('sleep 1')
        path = os.path.join(work, f'{number}.ppm')
        machine.screenshot(path)
        pictures.append(png.read_ppm(path))
    return pictures


def tile(pictures):
    """Four pictures of one size, two by two."""
    width, height = pictures[0][0], pictures[0][1]
    rows = []
    bar = GAP_COLOUR * (2 * width + GAP)
    for left, right in ((0, 1), (2, 3)):
        for y in range(height):
            a, b = (pictures[i][2][y * width * 3:(y + 1) * width * 3] for i in (left, right))
            rows.append(a + GAP_COLOUR * GAP + b)
        rows += [bar] * GAP
    rows = rows[:-GAP]
    return 2 * width + GAP, len(rows), b''.join(rows)


def main(arguments):
    parser = Parser('screenshot')
    parser.add_argument('target', nargs='?', type=user_path, metavar='FILE')
    target = parser.parse_args(arguments).target or os.path.join(ROOT, 'docs/four-shells.png')
    folder = os.path.dirname(os.path.abspath(target))
    if os.path.isdir(target) or not os.access(folder, os.W_OK):
        raise Failure(f'{target}: cannot be written')
    with tempfile.TemporaryDirectory() as work, Machine(kernel=build_kernel(), cpus=4) as machine:
        machine.wait_for_prompt()
        width, height, pixels = tile(capture(machine, work))
    png.write_png(target, width, height, pixels)
    print(shown_path(target))
    return 0
