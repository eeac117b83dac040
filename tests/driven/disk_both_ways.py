"""
What the guest writes the host reads, byte for byte, and the other way round, with blocks of 1, 2 and 4 KiB; and after
a shutdown in order e2fsck finds nothing to complain of. On 1 and 4 CPUs.
"""

import concurrent.futures
import hashlib
import os
import re
import subprocess
import tempfile

import image
from machine import Machine


LONG_TARGET = 'a/' + 'long-' * 30 + 'target'	# more than an inode holds: it has a block


def digest(data):
    return hashlib.md5(data).hexdigest()


def link_target(disk, path):
    """What a symbolic link says, as debugfs reads it: short ones from the inode, others from their block."""
    shown = subprocess.run(['/usr/sbin/debugfs', '-R', f'stat {path}', disk], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True).stdout
    assert 'Type: symlink' in shown, shown
    fast = re.search(r'(?m)^Fast link dest: "(.*)"$', shown)
    return fast[1] if fast else image.read_from_image(disk, path).decode()


def check_block_size(block_size, cpus, folder):
    disk = os.path.join(folder, f'{block_size}-{cpus}.img')
    tree = image.base_tree()
    # Sizes around the ends of blocks, of what is reached without and with one indirect block, and beyond that.
    ends = [block_size, 12 * block_size, (12 + block_size // 4) * block_size]
    sizes = [0, 1, *(end + more for end in ends for more in (-1, 0, 1)), max(3 << 20, ends[-1] + 3 * block_size)]
    from_host = {f'from-host-{size}': os.urandom(size) for size in sizes}
    for name, data in from_host.items():
        tree.texts[f'root/{name}'] = data
    tree.links.update({'root/soft-from-host': 'from-host-1', 'root/long-from-host': LONG_TARGET})
    # The guest's files have the beginning of the largest one, and something else across the end of a block in the middle.
    largest = from_host[f'from-host-{sizes[-1]}']
    patched_at = sizes[-1] // 2 // block_size * block_size - 3
    with Machine(cpus=cpus, tree=tree, block_size=block_size, keep_image=disk) as machine:
        machine.wait_for_prompt()
        for name, data in from_host.items():
            assert machine.shell(f'md5sum < /root/{name}').split()[0] == digest(data), name
        assert machine.shell('readlink /root/soft-from-host') == 'from-host-1'
        assert machine.shell('readlink /root/long-from-host') == LONG_TARGET
        machine.shell(f'cd /root; for i in {" ".join(map(str, sizes))}; do head -c $i from-host-{sizes[-1]} > from-guest-$i; done')
        machine.shell(f'cp from-guest-{sizes[-1]} patched')
        machine.shell(f'printf patched | dd of=patched bs=1 seek={patched_at} conv=notrunc 2>/dev/null')
        machine.shell(f'ln -s {LONG_TARGET} long-from-guest')
        machine.shell('mkdir -p a/b; for i in 1 2 3; do cp /bin/busybox a/b/copy$i; done')
        machine.shell('ln a/b/copy1 a/hard; ln -s b/copy2 a/soft; rm a/b/copy3; mv a/b/copy2 a/moved')
        machine.shell('dd if=/dev/zero of=sparse bs=1k count=1 seek=20000 2>/dev/null; printf end >> sparse')
        machine.shell('i=0; while [ $i -lt 300 ]; do : > a/file-with-a-rather-long-name-$i; i=$((i + 1)); done')
        busybox = machine.shell('md5sum < /bin/busybox').split()[0]
        sparse = machine.shell('md5sum < sparse').split()[0]
        machine.serial.send('poweroff\r')
        machine.wait_for_end()
    checked = subprocess.run(['/usr/sbin/e2fsck', '-fn', disk], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert checked.returncode == 0, checked.stdout
    for size in sizes:
        assert image.read_from_image(disk, f'/root/from-guest-{size}') == largest[:size], size
    patched = largest[:patched_at] + b'patched' + largest[patched_at + len(b'patched'):]
    assert image.read_from_image(disk, '/root/patched') == patched
    assert link_target(disk, '/root/a/soft') == 'b/copy2'
    assert link_target(disk, '/root/long-from-guest') == LONG_TARGET
    for path in ('/root/a/b/copy1', '/root/a/hard', '/root/a/moved'):
        assert digest(image.read_from_image(disk, path)) == busybox, path
    assert digest(image.read_from_image(disk, '/root/sparse')) == sparse
    listed = subprocess.run(['/usr/sbin/debugfs', '-R', 'ls -p /root/a', disk], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True).stdout
    assert listed.count('file-with-a-rather-long-name-') == 300, listed


with tempfile.TemporaryDirectory() as work:
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        ways = [(size, cpus) for size in (1024, 2048, 4096) for cpus in (1, 4)]
        for driven in [pool.submit(check_block_size, *way, work) for way in ways]:
            driven.result()
