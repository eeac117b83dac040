"""
The shells of the four consoles and of the serial line have one text: every page of /bin/busybox that nobody wrote and that
is resident in several of them is in one frame, what was written belongs to one alone, and vmmap tells both.

Each shell leads a session of its own, on its own terminal, and one that exits is followed by a new one.
"""

import collections
import concurrent.futures
import re
import time

from machine import Machine

SHELLS = 5
TERMINALS = [4 << 8 | minor for minor in (1, 2, 3, 4, 64)]	# tty1 to tty4, ttyS0
REGION = re.compile(r'[0-9a-f]{8}-([0-9a-f]{8}) (\S+) +\d+ +\d+ +\d+ +\d+  (\S*)')
RUN = re.compile(r' +([0-9a-f]{8}) +(\d+) pages? +frame ([0-9a-f]{6})\S* +mapped (\d+)  by((?: \d+)+)')


def regions_of(told):
    """What vmmap says of one process: [protection, backing, {address: (frame, how often it is mapped, by whom)}]."""
    regions = []
    for line in told.splitlines():
        region, run = REGION.match(line), RUN.match(line)
        if region:
            regions.append((region[2], region[3], {}))
        if run:
            for page in range(int(run[2])):
                regions[-1][2][int(run[1], 16) + page * 4096] = (int(run[3], 16) + page, int(run[4]), run[5].split())
    return regions


def check(shells):
    """`shells`: regions_of() each. Returns how many pages of the program all have in common."""
    frames, present = collections.defaultdict(set), collections.Counter()
    # One page of the program may be in two places: the end of a segment and the beginning of the next share it.
    places = collections.Counter(frame for regions in shells.values() for _, _, pages in regions for frame, _, _ in pages.values())
    for number, regions in shells.items():
        written = [i for i, (protection, _, _) in enumerate(regions) if protection == 'rw-p']
        for index, (protection, backing, pages) in enumerate(regions):
            # What lies before the data was written to by the program's start, before it was made read-only.
            is_text = backing == '/bin/busybox' and index < written[0] - 1
            for address, (frame, mapped, owners) in pages.items():
                assert number in owners, (number, hex(address), owners)
                if is_text:
                    assert mapped == places[frame], (hex(address), mapped, places[frame], owners)
                    frames[address].add(frame)
                    present[address] += 1
                if protection == 'rw-p':
                    assert owners == [number], (number, hex(address), owners)
    for address, of_page in frames.items():
        assert len(of_page) == 1, (hex(address), of_page)
    return sum(present[address] == SHELLS for address in frames)


def terminals_of(machine, numbers):
    """The shells' terminals, {terminal: process}; each shell must be the leader of its session and its group."""
    found = {}
    for number in numbers:
        fields = machine.shell(f'cat /proc/{number}/stat').rpartition(')')[2].split()
        group, session, terminal, foreground = map(int, fields[2:6])
        assert group == session == int(number), (number, fields)
        assert terminal not in found, (number, fields)
        # The serial line's shell has just let the cat to the front.
        assert foreground == group or terminal == TERMINALS[-1], (number, fields)
        found[terminal] = number
    assert sorted(found) == TERMINALS, found
    return found


def leave_shell(machine, console, numbers):
    """`exit` at a console: another shell follows there, and nowhere else. Returns the shells after that."""
    before = terminals_of(machine, numbers)
    machine.press(f'alt-f{console}')
    machine.wait_for_shell()
    machine.type('exit\n')
    # The old one's prompt is still on the screen: the new one says who it is.
    deadline = time.monotonic() + 60
    while before[TERMINALS[console - 1]] in numbers or len(numbers) < SHELLS:
        assert time.monotonic() < deadline, numbers
        numbers = machine.shell('echo $(pidof sh)').split()
    after = terminals_of(machine, numbers)
    assert {terminal for terminal in TERMINALS if after[terminal] != before[terminal]} == {TERMINALS[console - 1]}, after
    machine.wait_for_shell()
    machine.type('echo now $$\n')
    machine.wait_for_text(f'now {after[TERMINALS[console - 1]]}')
    return numbers


def drive(cpus):
    with Machine(cpus=cpus) as machine:
        machine.wait_for_prompt()
        for console in range(1, 5):
            machine.press(f'alt-f{console}')
            machine.wait_for_shell()
        numbers = machine.shell('echo $(pidof sh)').split()
        assert len(numbers) == SHELLS, numbers
        numbers = leave_shell(machine, 2, numbers)
        common = check({number: regions_of(machine.shell(f'vmmap {number}')) for number in numbers})
        assert common > 100, common
        told = machine.shell('vmmap --shared')
        found = re.search(r'(\d+) pages in (\d+) frames: (\d+) frames are common to all 5; sharing saves (\d+) KiB', told)
        pages, different, shared, saved = map(int, found.groups())
        # Some frames are common to a few of them: that saves, too.
        assert common <= shared < different < pages and saved == (pages - different) * 4, told
        # A shell's own memory is nobody else's.
        assert re.search(r'rw-p +\d+ +\d+ +\d+ +0 +0 K  \[stack\]', told), told


with concurrent.futures.ThreadPoolExecutor() as pool:
    for driven in [pool.submit(drive, cpus) for cpus in (1, 4)]:
        driven.result()
