"""Without a disk the boot module is the root: an archive with busybox and init gives the same prompt."""

import os
import tempfile

import cpio
import image
from common import build_kernel
from machine import Machine


def archive():
    tree = image.base_tree()
    files = {path: (text, 0o644) for path, text in tree.texts.items()}
    for path, (source, mode) in tree.files.items():
        with open(source, 'rb') as file:
            files[path] = (file.read(), mode)
    folders = set(tree.folders)
    for path in [*files, *tree.links]:
        while path := os.path.dirname(path):
            folders.add(path)
    return cpio.archive(sorted(folders), files, tree.links)


kernel = os.environ.get('QUARTET_KERNEL') or build_kernel()
with tempfile.NamedTemporaryFile() as file:
    file.write(archive())
    file.flush()
    with Machine(kernel=kernel, cpus=2, initrd=file.name, bare=True) as machine:
        machine.wait_for_prompt()
        assert machine.shell('echo $((6 * 7))') == '42'
        assert 'root=' not in machine.shell('cat /proc/cmdline')
        assert machine.shell('mount | grep -c " on / type tmpfs"') == '1', machine.shell('mount')
        assert machine.shell('echo data > /root/file; cat /root/file') == 'data'
        assert machine.shell('ls /bin/busybox') == '/bin/busybox'
        machine.serial.send('poweroff\r')
        machine.wait_for_end()
