"""
What a disk may hold after a cut of power, from the log of its writes.

QEMU's blklogwrites driver keeps the format of Linux's dm-log-writes: a superblock, then for each write or flush a
sector that describes it, followed by the data. Writes between two flushes may reach the medium in any order, sector
by sector; those before a flush are there when it is in the log.

A point names one such disk: `N` is all that the first N entries wrote; `N:S` is what they wrote up to the last flush
among them, and of what came after it a part that the seed S chooses.
"""

import random
import struct
from dataclasses import dataclass

SECTOR = 512
MAGIC = 0x6a736677736872
FLUSH = 1


@dataclass
class Entry:
    sector: int
    data: bytes
    is_flush: bool


def read_log(path):
    with open(path, 'rb') as file:
        magic, version, count, sector_size = struct.unpack('<QQQI', file.read(28))
        assert (magic, version, sector_size) == (MAGIC, 1, SECTOR), f'{path} is no log of writes'
        entries, place = [], SECTOR
        for _ in range(count):
            file.seek(place)
            sector, sectors, flags, _ = struct.unpack('<4Q', file.read(32))
            file.seek(place + SECTOR)
            entries.append(Entry(sector, file.read(sectors * SECTOR), bool(flags & FLUSH)))
            place += SECTOR * (1 + sectors)
    return entries


def without_flushes_of_marks(entries, mark_sector):
    """
    Marks must not make durable what the operations before them did not: a flush that directly follows a mark is no
    flush here. Entries keep their numbers.
    """
    for mark, entry in zip(entries, entries[1:]):
        if mark.sector == mark_sector and mark.data and entry.is_flush:
            entry.is_flush = False
    return entries


def sectors_of(entry):
    for place in range(0, len(entry.data), SECTOR):
        yield entry.sector + place // SECTOR, entry.data[place:place + SECTOR]


class Log:
    """The entries of a log and the disk before the first; points in it, made in ascending order quickly."""

    def __init__(self, path, disk, mark_sector):
        self.entries = without_flushes_of_marks(read_log(path), mark_sector)
        self.start = disk
        self.medium, self.flushed = bytearray(disk), 0	# with all before entry `flushed`, which a flush ends

    def _advance(self, count):
        """Bring the medium to the last flush among the first `count` entries. Returns where that stands."""
        flushes = [n for n in range(self.flushed, count) if self.entries[n].is_flush]
        if count < self.flushed:
            self.medium, self.flushed = bytearray(self.start), 0
            flushes = [n for n in range(count) if self.entries[n].is_flush]
        end = flushes[-1] + 1 if flushes else self.flushed
        for entry in self.entries[self.flushed:end]:
            self.medium[entry.sector * SECTOR:entry.sector * SECTOR + len(entry.data)] = entry.data
        self.flushed = end

    def ignore_flushes(self, places):
        """From now on as on a disk that says of the flushes at these places that they are done, and does nothing."""
        for place in places:
            self.entries[place].is_flush = False
        self.medium, self.flushed = bytearray(self.start), 0

    def forget(self, start, end):
        """From now on as on a disk that has lost what these entries wrote."""
        for entry in self.entries[start:end]:
            entry.data = b''
        self.medium, self.flushed = bytearray(self.start), 0

    def disk_at(self, count, seed=None):
        """The disk at a point."""
        self._advance(count)
        disk = bytearray(self.medium)
        choose = random.Random(f'{count} {seed}')
        late = self.entries[self.flushed:count]
        if seed is not None:
            late = choose.sample(late, len(late))
        share = choose.choice([0.2, 0.5, 0.8, 1.0])		# of the writes that arrive
        torn = choose.random() < 0.3				# some of them in part
        for entry in late:
            if seed is not None and choose.random() > share:
                continue
            for sector, data in sectors_of(entry):
                if seed is None or not torn or choose.random() < 0.7:
                    disk[sector * SECTOR:(sector + 1) * SECTOR] = data
        return disk

    def marks(self, sector):
        """For each number of entries, the last number that was written as `mark N` to that sector."""
        marks = [0]
        for entry in self.entries:
            if entry.sector == sector and entry.data.startswith(b'mark '):
                marks.append(int(entry.data[5:entry.data.index(b'\n')]))
            else:
                marks.append(marks[-1])
        return marks
