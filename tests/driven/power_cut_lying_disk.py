"""
The judge of power cuts sees what it is there to see: of a recorded workload, replayed as on a disk that lies about its
flushes, it says that what was synced is lost; of the same points on the disk that obeyed it says nothing.
"""

import os
import re

import crash
from common import build_kernel, build_path

SEED = int(os.environ.get('QUARTET_SEED') or '1')
KERNEL = os.environ.get('QUARTET_KERNEL') or build_kernel('debug')
LOST = re.compile(r'was durable$|are not the \d+ bytes synced$', re.MULTILINE)
SYNCS = 12			# operations that make something durable
IGNORED = 3			# flushes, the last ones before a point
POINTS = 40
REPLAYS = 2			# of each point: by Quartet and by e2fsck

crash.build_replayer()
FOLDER = build_path('endure', 'crash-lying-disk')
honest = crash.record('files', SEED, KERNEL, FOLDER)
work, marks = honest.workload, honest.marks
syncs = [n for n in range(2, len(work.lines) + 1) if work.durable[n] > work.durable[n - 1]]
syncs = syncs[::max(1, len(syncs) // SYNCS)][:SYNCS]
places = {number: marks.index(number) for number in syncs}	# where the operation is just over
reordered = [point for point in honest.points(2 * POINTS, SEED) if point[1] is not None]


def losses(log_change, points):
    """How many replays miss what was synced, and how many are wrong at all, when the log is changed so."""
    lying = crash.Recording(FOLDER)
    log_change(lying.log)
    found = crash.check(lying, points)
    return sum(1 for text in found if LOST.search(text)), len(found)


found = crash.check(honest, [(place, None) for place in places.values()] + reordered)
assert not found, '\n'.join(found)

seen = 0			# all that was written during the operation is gone; before it a sync of something else may have been there
for number, place in places.items():
    lost, _ = losses(lambda log, number=number, place=place: log.forget(marks.index(number - 1), place), [(place, None)])
    print(f'operation {number}, {work.lines[number - 1]}: forgotten; {lost} of {REPLAYS} replays miss it')
    seen += lost == REPLAYS
assert seen > len(places) * 3 // 4, f'{seen} of {len(places)} lost syncs were seen'

lost = wrong = 0		# later writes pass the flushes
for point in reordered:
    flushes = [place for place, entry in enumerate(honest.log.entries[:point[0]]) if entry.is_flush]
    losing, failing = losses(lambda log, flushes=flushes: log.ignore_flushes(flushes[-IGNORED:]), [point])
    lost, wrong = lost + losing, wrong + failing
print(f'{IGNORED} flushes ignored: {lost} of {REPLAYS * POINTS} replays miss something synced, {wrong} are wrong')
assert lost > POINTS // 4, lost		# of those that there are; not every flush was needed, nor every write late
