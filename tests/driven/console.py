"""The virtual consoles: each its own text, colours, UTF-8, scrollback with shift and page-up; a dark screen is dark."""

import collections
import concurrent.futures
import os
import re
import tempfile

import image
import png
from common import build_path, make
from machine import Machine


def backgrounds(machine):
    """The colours of the screen, the most frequent one first."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'screen.ppm')
        machine.screenshot(path)
        _, _, rgb = png.read_ppm(path)
    counts = collections.Counter(rgb[i:i + 3] for i in range(0, len(rgb), 3))
    return [tuple(colour) for colour, _ in counts.most_common()]


def check_dark(machine):
    """Whatever a program says that black is, before and meanwhile; that shows when the screen is light again."""
    black = (0, 0, 0)
    machine.shell('console_dark light')
    assert backgrounds(machine)[0] == black and len(backgrounds(machine)) > 1
    machine.shell("printf '\\033]P0ff0000' > /dev/tty0")
    red = backgrounds(machine)[0]
    assert red[0] > 240 and red[1:] == (0, 0), red
    machine.shell('console_dark dark')
    assert backgrounds(machine) == [black], backgrounds(machine)
    machine.shell("printf 'text\\033]P000ff00' > /dev/tty0")
    assert backgrounds(machine) == [black], backgrounds(machine)
    machine.shell('console_dark light')
    green = backgrounds(machine)[0]
    assert green[1] > 240 and green[0] == green[2] == 0, green
    machine.shell("console_dark dark; printf '\\033]R' > /dev/tty0; console_dark light")
    assert backgrounds(machine)[0] == black


def drive(machine):
    machine.wait_for_prompt()
    machine.press('alt-f3')
    machine.wait_for_shell()
    machine.type("printf 'A\\033[31;44mred\\033[0m \\303\\244\\n'\n")
    screen = machine.wait_for_text('Ared ä')
    row = next(i for i, text in enumerate(screen.rows) if text.startswith('Ared'))
    assert screen.attributes[row][0] == 0x07, screen.attributes[row][:5]
    assert screen.attributes[row][1] == 0x14, screen.attributes[row][:5]

    # Another console knows nothing of it, and coming back shows it again.
    machine.press('alt-f4')
    assert not machine.wait_for_shell().has('Ared')
    machine.press('alt-f3')
    machine.wait_for_text('Ared')

    machine.type('i=1; while [ $i -le 60 ]; do echo line-$i-; i=$((i+1)); done\n')
    machine.wait_for_text('line-60-')
    assert not machine.screen().has('line-20-')
    machine.press('shift-pgup')
    machine.press('shift-pgup')
    machine.wait_for_text('line-20-')
    machine.press('shift-pgdn')
    machine.press('shift-pgdn')
    machine.wait_for_text('line-60-')

    # The cursor moves where the program says, and the screen can be cleared.
    machine.type("printf '\\033[2J\\033[10;20H%s%s' he re; sleep 1\n")
    screen = machine.wait_for_text('here')
    assert screen.rows[9].startswith(' ' * 19 + 'here'), str(screen)

    # A key means what the map says, also when a program has changed it.
    machine.type('cd /tmp; dumpkmap >m; (head -c 323 m; printf "z\\013"; tail -c +326 m)|loadkmap; echo do-ne\n')
    machine.wait_for_text(re.compile(r'^do-ne', re.MULTILINE))
    machine.type('echo -caat-\n')
    machine.wait_for_text(re.compile(r'^-czzt-', re.MULTILINE))


def drive_with(cpus):
    tree = image.base_tree()
    tree.add_file('bin/console_dark', build_path('guest', 'console_dark'))
    with Machine(tree=tree, cpus=cpus) as machine:
        drive(machine)
        check_dark(machine)


make('--silent', 'build/guest/console_dark')
# Mostly they wait for the typist: both machines at once take little longer than one.
with concurrent.futures.ThreadPoolExecutor() as pool:
    for driven in [pool.submit(drive_with, cpus) for cpus in (1, 4)]:
        driven.result()
