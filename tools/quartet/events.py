"""
The event rings of a running machine, read straight out of its memory.

QEMU keeps the machine's RAM in a file, which is mapped here. Where things lie in it is an ABI:
include/uapi/quartet/events.h. The machine does nothing for its viewer but write events.
"""

import mmap
import os
import struct
from collections import namedtuple

IMAGE_START, IMAGE_HEAD = 1 << 20, 8192
MAGIC = b'QUAR1TET'
VERSION, CPU_MAX = 1, 8
DIRECTORY = struct.Struct(f'<8s5I{2 * CPU_MAX}I5I')
RECORD = struct.Struct('<QIIHH28s')
WORDS = struct.Struct('<7I')

KINDS = ('none', 'syscall_enter', 'syscall_leave', 'text', 'fault', 'fault_done', 'frame_zeroed', 'frame_shared',
         'frame_copied', 'frame_reused', 'fork', 'exec', 'death', 'forgiven', 'signal', 'switch', 'lock_wait', 'lock_taken')

Event = namedtuple('Event', 'time_ns cpu thread kind words texts')


class Viewer:
    """What one machine's rings hold; call look() often enough, and events() at the end."""

    def __init__(self, memory_file):
        self.path = memory_file
        self.memory = None
        self.directory = None		# its address, once found
        self.seen = [0] * CPU_MAX	# records taken of each CPU's ring
        self.parts = [[] for _ in range(CPU_MAX)]	# bytes, whole records
        self.lost = 0

    def _find(self):
        """True once the kernel has written its directory."""
        if self.memory is None:
            if not os.path.exists(self.path) or os.path.getsize(self.path) < IMAGE_START + IMAGE_HEAD:
                return False
            with open(self.path, 'rb') as file:
                self.memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        place = self.memory.find(MAGIC, IMAGE_START, IMAGE_START + IMAGE_HEAD)
        if place < 0:
            return False
        address, = struct.unpack_from('<I', self.memory, place + len(MAGIC))
        if address + DIRECTORY.size > len(self.memory) or self.memory[address:address + len(MAGIC)] != MAGIC:
            return False
        self.directory = address
        return True

    def look(self):
        """Take what is new in every ring."""
        if self.directory is None and not self._find():
            return
        _, version, size, _, record_size, capacity, *rest = DIRECTORY.unpack_from(self.memory, self.directory)
        if version != VERSION or size != DIRECTORY.size or record_size != RECORD.size:
            raise ValueError(f'this kernel writes version {version} of the events, not {VERSION}')
        for cpu in range(CPU_MAX):
            ring, written = rest[2 * cpu:2 * cpu + 2]
            if ring and capacity:
                self._take(cpu, ring, written, capacity)

    def _take(self, cpu, ring, written, capacity):
        first = self.seen[cpu]
        # The count wraps; ours does not.
        end = first + ((written - first) & 0xffffffff)
        if end - first > capacity:
            self.lost += end - first - capacity
            first = end - capacity
        for number in range(first, end):
            start = ring + (number & (capacity - 1)) * RECORD.size
            record = self.memory[start:start + RECORD.size]
            sequence, = struct.unpack_from('<I', record, 8)
            if sequence != (number + 1) & 0xffffffff:
                if number + capacity >= end and sequence in (0, (number + 1 - capacity) & 0xffffffff):
                    end = number		# still being written
                    break
                self.lost += 1
                continue
            self.parts[cpu].append(record)
        self.seen[cpu] = end

    def events(self):
        """Everything taken so far, in the order of time, each with the texts that belong to it."""
        found = []
        for cpu, records in enumerate(self.parts):
            last = {}			# thread -> the event that texts would belong to
            for record in records:
                time_ns, _, thread, kind, _, payload = RECORD.unpack(record)
                name = KINDS[kind] if kind < len(KINDS) else f'kind_{kind}'
                if name == 'text':
                    if thread in last:
                        add_text(last[thread].texts, payload)
                    continue
                event = Event(time_ns, cpu, thread, name, WORDS.unpack(payload), [])
                if name in ('syscall_enter', 'exec', 'lock_wait'):
                    last[thread] = event
                found.append(event)
        found.sort(key=lambda event: event.time_ns)
        return found


def add_text(texts, payload):
    """A record without a NUL goes on in the next one."""
    text, end, _ = payload.partition(b'\0')
    if texts and texts[-1][1]:
        texts[-1] = (texts[-1][0] + text, not end)
    else:
        texts.append((text, not end))


def text_of(event, index=0):
    """One of its texts, or ''."""
    return event.texts[index][0].decode(errors='replace') if index < len(event.texts) else ''
