"""
What an ext2 or ext3 image holds, read from its bytes: names, types, sizes and contents. It believes
the image (e2fsck has looked at it) and knows just what the crash test's workloads make.
"""

import stat
import struct

ROOT_INODE = 2


class Reader:
    def __init__(self, image):
        self.image = image
        _, _, _, _, _, self.first_block, log_size = struct.unpack_from('<7I', image, 1024)
        self.block_size = 1024 << log_size
        self.inodes_per_group, = struct.unpack_from('<I', image, 1024 + 40)
        self.inode_size, = struct.unpack_from('<H', image, 1024 + 88)

    def block(self, number):
        start = number * self.block_size
        return self.image[start:start + self.block_size]

    def inode(self, number):
        group, index = divmod(number - 1, self.inodes_per_group)
        descriptor = (self.first_block + 1) * self.block_size + 32 * group
        table, = struct.unpack_from('<I', self.image, descriptor + 8)
        start = table * self.block_size + index * self.inode_size
        return self.image[start:start + 128]

    def _tree(self, block, levels, wanted):
        """Block numbers under one root of `levels` levels of indirect blocks, `wanted` at most."""
        count = self.block_size // 4
        if levels == 0:
            return [block]
        if block == 0:
            return [0] * min(wanted, count ** levels)
        found = []
        for entry in struct.unpack(f'<{count}I', self.block(block)):
            if len(found) >= wanted:
                break
            found += self._tree(entry, levels - 1, wanted - len(found))
        return found

    def contents(self, inode):
        size, = struct.unpack_from('<I', inode, 4)
        wanted = (size + self.block_size - 1) // self.block_size
        roots = struct.unpack_from('<15I', inode, 40)
        blocks = list(roots[:12])
        for level in (1, 2, 3):
            if len(blocks) < wanted:
                blocks += self._tree(roots[11 + level], level, wanted - len(blocks))
        zeros = bytes(self.block_size)
        return b''.join(self.block(b) if b else zeros for b in blocks[:wanted])[:size]

    def tree(self):
        """Path -> ('dir', None), ('file', (inode number, bytes)) or ('link', text)."""
        found = {}
        self._walk(ROOT_INODE, '', found)
        return found

    def _walk(self, number, prefix, found):
        data = self.contents(self.inode(number))
        offset = 0
        while offset < len(data):
            child, size, length = struct.unpack_from('<IHB', data, offset)
            name = data[offset + 8:offset + 8 + length].decode()
            offset += size
            if child == 0 or name in ('.', '..') or prefix + name == 'lost+found':
                continue
            inode = self.inode(child)
            mode, = struct.unpack_from('<H', inode, 0)
            if stat.S_ISDIR(mode):
                found[prefix + name] = ('dir', None)
                self._walk(child, f'{prefix}{name}/', found)
            elif stat.S_ISLNK(mode):
                length, = struct.unpack_from('<I', inode, 4)
                text = inode[40:40 + length] if length < 60 else self.contents(inode)
                found[prefix + name] = ('link', text.decode())
            else:
                found[prefix + name] = ('file', (child, self.contents(inode)))
