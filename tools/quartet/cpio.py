"""Archives in the "newc" form of cpio, which Linux and Quartet unpack as their first root: written, never read."""

import os
import stat

TRAILER = 'TRAILER!!!'


def _entry(inode, name, mode, content=b'', device=(0, 0)):
    """One header, name and content, each padded to four bytes."""
    fields = (inode, mode, 0, 0, 2 if stat.S_ISDIR(mode) else 1, 0, len(content), 0, 0, *device, len(name) + 1, 0)
    head = b'070701' + b''.join(b'%08X' % field for field in fields) + name.encode() + b'\0'
    return head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4)


def archive(folders=(), files=None, links=None, devices=None):
    """
    The bytes of an archive; everything in it belongs to root.

    folders: paths; files: path -> (bytes, mode); links: path -> target;
    devices: path -> (mode with type, major, minor).
    """
    entries = [(path, stat.S_IFDIR | 0o755, b'', (0, 0)) for path in folders]
    entries += [(path, stat.S_IFREG | mode, content, (0, 0)) for path, (content, mode) in (files or {}).items()]
    entries += [(path, stat.S_IFLNK | 0o777, os.fsencode(target), (0, 0)) for path, target in (links or {}).items()]
    entries += [(path, mode, b'', (major, minor)) for path, (mode, major, minor) in (devices or {}).items()]
    # Sorted, a folder comes before what lies in it.
    parts = [_entry(inode, path, mode, content, device)
             for inode, (path, mode, content, device) in enumerate(sorted(entries), 1)]
    return b''.join(parts) + _entry(0, TRAILER, 0)
