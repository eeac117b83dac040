"""The virtual consoles: each its own text, colours, UTF-8, scrollback with shift and page-up."""

import concurrent.futures
import re

from machine import Machine


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
    with Machine(cpus=cpus) as machine:
        drive(machine)


# Mostly they wait for the typist: both machines at once take little longer than one.
with concurrent.futures.ThreadPoolExecutor() as pool:
    for driven in [pool.submit(drive_with, cpus) for cpus in (1, 4)]:
        driven.result()
