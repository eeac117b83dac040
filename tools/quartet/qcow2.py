"""
A layer over a raw disk image, in QEMU's qcow2 format: writes go to the layer, and so do snapshots of the machine.

Made empty, it is four clusters: header, table of reference counts, one block of them, first-level table. (QEMU's
docs/interop/qcow2.txt, version 2.)
"""

import os
import struct

CLUSTER_BITS = 16
CLUSTER = 1 << CLUSTER_BITS
BACKING_FORMAT = 0xE2792ACA		# the header's extension that names it
COVERED_BY_ENTRY = CLUSTER // 8 * CLUSTER	# bytes of the disk for one entry of the first-level table


def create_layer(path, backing):
    """Write an empty layer over the raw image `backing`."""
    name = os.path.abspath(backing).encode()
    size = -(-os.path.getsize(backing) // 512) * 512
    entries = -(-size // COVERED_BY_ENTRY)
    extensions = struct.pack('>II8sII', BACKING_FORMAT, 3, b'raw', 0, 0)
    header = struct.pack('>4sIQIIQIIQQIIQ', b'QFI\xfb', 2, 72 + len(extensions), len(name), CLUSTER_BITS, size, 0,
                         entries, 3 * CLUSTER, CLUSTER, 1, 0, 0)
    assert len(header) == 72 and entries * 8 <= CLUSTER
    with open(path, 'wb') as file:
        file.write((header + extensions + name).ljust(CLUSTER, b'\0'))
        file.write(struct.pack('>Q', 2 * CLUSTER).ljust(CLUSTER, b'\0'))
        file.write(struct.pack('>4H', 1, 1, 1, 1).ljust(CLUSTER, b'\0'))
        file.write(bytes(CLUSTER))
