"""
What the guest writes the host reads, and the other way round, with blocks of 1, 2 and 4 KiB; and after
a shutdown in order e2fsck finds nothing to complain of. On 1 and 4 CPUs.
"""

import concurrent.futures
import hashlib
import os
import subprocess
import tempfile

import image
from machine import Machine


def digest(data):
    return hashlib.md5(data).hexdigest()


def check_block_size(block_size, cpus, folder):
    disk = os.path.join(folder, f'{block_size}-{cpus}.img')
    tree = image.base_tree()
    # Sizes around the ends of blocks, and large enough for indirect and double indirect blocks.
    sizes = [0, 1, block_size - 1, block_size, block_size + 1, 12 * block_size, 12 * block_size + 1, 3 << 20]
    from_host = {f'from-host-{size}': os.urandom(size) for size in sizes}
    for name, data in from_host.items():
        tree.texts[f'root/{name}'] = data
    with Machine(cpus=cpus, tree=tree, block_size=block_size, keep_image=disk) as machine:
        machine.wait_for_prompt()
        for name, data in from_host.items():
            assert machine.shell(f'md5sum < /root/{name}').split()[0] == digest(data), name
        machine.shell('cd /root; mkdir -p a/b; for i in 1 2 3; do cp /bin/busybox a/b/copy$i; done')
        machine.shell('ln a/b/copy1 a/hard; ln -s b/copy2 a/soft; rm a/b/copy3; mv a/b/copy2 a/moved')
        machine.shell('dd if=/dev/zero of=sparse bs=1k count=1 seek=20000 2>/dev/null; printf end >> sparse')
        machine.shell('i=0; while [ $i -lt 300 ]; do : > a/file-with-a-rather-long-name-$i; i=$((i + 1)); done')
        busybox = machine.shell('md5sum < /bin/busybox').split()[0]
        sparse = machine.shell('md5sum < sparse').split()[0]
        machine.serial.send('poweroff\r')
        machine.wait_for_end()
    checked = subprocess.run(['/usr/sbin/e2fsck', '-fn', disk], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert checked.returncode == 0, checked.stdout
    for path in ('/root/a/b/copy1', '/root/a/hard', '/root/a/moved'):
        assert digest(image.read_from_image(disk, path)) == busybox, path
    assert digest(image.read_from_image(disk, '/root/sparse')) == sparse
    listed = subprocess.run(['/usr/sbin/debugfs', '-R', 'ls -p /root/a', disk], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True).stdout
    assert listed.count('file-with-a-rather-long-name-') == 300, listed


with tempfile.TemporaryDirectory() as work:
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        ways = ((1024, 1), (2048, 4), (4096, 1), (4096, 4))
        for driven in [pool.submit(check_block_size, size, cpus, work) for size, cpus in ways]:
            driven.result()
