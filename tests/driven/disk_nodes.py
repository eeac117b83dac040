"""
Disks and partitions have nodes in /dev, and what is done through them is done to the disk: tables are
read and read again, file systems made, checked and mounted, bytes compared with the host's.
"""

import concurrent.futures
import hashlib
import os
import struct
import subprocess
import tempfile

import image
from common import build_path, make
from machine import Machine

SECTOR = 512
DISK_SECTORS = 32 << 11		# 32 MiB
PROGRAMS = 'disk_zeroes', 'sysfs_disk_comes'


def entry(start, count, kind=0x83):
    return struct.pack('<B3sB3sII', 0, b'', kind, b'', start, count)


def table(*entries):
    """A master boot record, or a link in the chain of an extended partition."""
    return bytes(446) + b''.join(entries).ljust(64, b'\0') + b'\x55\xaa'


def write_at(path, sector, data):
    with open(path, 'r+b') as file:
        file.seek(sector * SECTOR)
        file.write(data)


def bytes_at(path, start, count):
    with open(path, 'rb') as file:
        file.seek(start * SECTOR)
        return file.read(count * SECTOR)


def make_disk(path):
    """Two primary partitions, the second with an extended one's logical partition behind it."""
    with open(path, 'wb') as file:
        file.truncate(DISK_SECTORS * SECTOR)
    write_at(path, 0, table(entry(2048, 20480), entry(22528, 4096), entry(28672, 8192, 0x05)))
    write_at(path, 28672, table(entry(2048, 4096)))
    write_at(path, 22528, os.urandom(4096 * SECTOR))


def check_nodes(machine, disk):
    sizes = {f'{disk}': DISK_SECTORS, f'{disk}1': 20480, f'{disk}2': 4096, f'{disk}3': 2, f'{disk}5': 4096}
    for name, sectors in sizes.items():
        assert machine.shell(f'stat -c "%F %a %u" /dev/{name}') == 'block special file 600 0', name
        assert machine.shell(f'blockdev --getsize64 /dev/{name}') == str(sectors * SECTOR), name
        assert machine.shell(f'blockdev --getss /dev/{name}; blockdev --getro /dev/{name}').split() == ['512', '0'], name
    listed = machine.shell(f'cd /dev; ls {disk}*; cd').split()
    assert listed == sorted(sizes), listed
    shown = machine.shell(f'fdisk -l /dev/{disk}')
    assert f'/dev/{disk}5' in shown and '32 MB' in shown.replace('33.5', '32'), shown


def check_listed(machine, disk):
    """In /sys, as lsblk, mdev and others read it; and mdev makes the nodes that somebody has removed."""
    number = machine.shell(f'cat /sys/block/{disk}/{disk}5/dev')
    shown = machine.shell(f'cd /sys/block/{disk}/{disk}5; cat partition start size ro uevent; cd').split()
    major, minor = number.split(':')
    assert shown == ['5', '30720', '4096', '0', f'MAJOR={major}', f'MINOR={minor}', f'DEVNAME={disk}5', 'DEVTYPE=partition', 'PARTN=5'], shown
    for link in f'/sys/class/block/{disk}5', f'/sys/dev/block/{number}':
        assert machine.shell(f'cat {link}/dev') == number, link
    assert machine.shell(f'basename $(readlink /sys/dev/block/{number})') == f'{disk}5'
    machine.shell(f'rm /dev/{disk}5 /dev/tty3; mdev -s')
    told = machine.shell(f'stat -c "%F %t:%T" /dev/{disk}5 /dev/tty3').splitlines()
    assert told == [f'block special file {int(major):x}:{int(minor):x}', 'character special file 4:3'], told


def check_loop_partitions(machine):
    """What guest tests do not do, for what is known of a partition stays."""
    assert machine.shell('cd /root; /bin/sysfs_disk_comes partitions && echo done; cd') == 'done'


def check_contents(machine, disk, path):
    wanted = hashlib.md5(bytes_at(path, 22528, 4096)).hexdigest()
    assert machine.shell(f'md5sum < /dev/{disk}2').split()[0] == wanted
    machine.shell(f'dd if=/dev/{disk}2 of=/root/copy bs=64k 2>/dev/null')
    assert machine.shell(f'cmp /dev/{disk}2 /root/copy && echo same; rm /root/copy') == 'same'


def check_flush(machine, disk, path):
    """What was written is on the disk when somebody says so, though the device is still open."""
    machine.shell(f'exec 9</dev/{disk}2; echo flushed | dd of=/dev/{disk}2 bs=512 seek=3 conv=notrunc 2>/dev/null')
    machine.shell(f'blockdev --flushbufs /dev/{disk}2')
    assert bytes_at(path, 22528 + 3, 1).startswith(b'flushed'), 'not flushed'
    machine.shell('exec 9<&-')


def check_file_system(machine, disk):
    machine.shell(f'mke2fs -L spare /dev/{disk}1 >/dev/null; blockdev --flushbufs /dev/{disk}1')
    assert machine.shell('findfs LABEL=spare') == f'/dev/{disk}1'
    machine.shell(f'mount -t ext2 /dev/{disk}1 /mnt && cp /bin/busybox /mnt')
    # A mounted file system is let alone.
    assert 'busy' in machine.shell(f'blockdev --rereadpt /dev/{disk} 2>&1')
    assert 'busy' in machine.shell(f'dd if=/dev/zero of=/dev/{disk}1 bs=512 count=1 conv=notrunc 2>&1')
    assert machine.shell(f'grep -c {disk}1 /proc/mounts') == '1'
    # What else is on its disk can be written all the same, as the disk.
    told = machine.shell(f'echo "beside it" | dd of=/dev/{disk} bs=512 seek=50000 conv=notrunc,sync 2>&1')
    assert '1+0' in told or '0+1' in told, told
    assert machine.shell(f'dd if=/dev/{disk} bs=512 skip=50000 count=1 2>/dev/null | head -n 1') == 'beside it'
    # And what a file system has written is seen there once it is on the disk.
    machine.shell(f'echo "a line of a file" >/mnt/line; sync')
    assert machine.shell(f'dd if=/dev/{disk} bs=1M count=11 2>/dev/null | grep -c "a line of a file"') == '1'
    machine.shell(f'echo "a line of b file" >/mnt/line; sync')
    assert machine.shell(f'dd if=/dev/{disk} bs=1M count=11 2>/dev/null | grep -c "a line of b file"') == '1'
    assert machine.shell('umount /mnt && echo done') == 'done'
    # Who may write to it keeps mounts away, until it is closed.
    machine.shell(f'exec 9<>/dev/{disk}1')
    assert 'busy' in machine.shell(f'mount -t ext2 /dev/{disk}1 /mnt 2>&1')
    assert machine.shell(f'exec 9<&-; mount -t ext2 /dev/{disk}1 /mnt && umount /mnt && echo done') == 'done'


def check_zeroes(machine, disk, path):
    assert machine.shell(f'/bin/disk_zeroes /dev/{disk}2 && echo done') == 'done'
    assert bytes_at(path, 22528, 2048) == b'\xaa' * 3584 + bytes((1 << 20) - 4096) + b'\xaa' * 512


def check_geometry(machine, disk, sectors):
    """The heads fdisk takes from the table, if there is one."""
    shown = machine.shell(f'fdisk -l /dev/{disk}')
    assert f' heads, {sectors} sectors/track' in shown, shown


def check_reread(machine, disk):
    """A table with one partition less and another one larger; while one is open it must wait."""
    machine.shell(f'printf "$(cat /tmp/table)" | dd of=/dev/{disk} bs=1 seek=446 conv=notrunc 2>/dev/null')
    assert 'busy' in machine.shell(f'blockdev --rereadpt /dev/{disk} 2>&1 </dev/{disk}2')
    assert machine.shell(f'ls /dev/{disk}5') == f'/dev/{disk}5'
    machine.shell(f'exec 8</sys/block/{disk}/{disk}5/size')
    assert machine.shell(f'partprobe /dev/{disk} && echo done') == 'done'
    assert machine.shell(f'cd /dev; ls {disk}*; cd').split() == [disk, f'{disk}1', f'{disk}3']
    assert machine.shell(f'blockdev --getsize64 /dev/{disk}3') == str(1000 * SECTOR)
    # It has come anew, so nobody has told it to be read-only.
    assert machine.shell(f'blockdev --getro /dev/{disk}3') == '0'
    assert machine.shell(f'grep -c {disk} /proc/partitions') == '3'
    # What somebody has open, or stands in, of a partition that went tells nothing of it.
    told = machine.shell(f'cat <&8 2>&1; cd /sys/block/{disk}; ls -d {disk}*; cat {disk}3/size; ls -d {disk}2; cd; exec 8<&-')
    assert 'No such device' in told and told.split('device')[1].split()[:3] == [f'{disk}1', f'{disk}3', '1000'], told
    assert 'No such file' in told and machine.shell(f'ls -d /sys/class/block/{disk}*').split() == [
        f'/sys/class/block/{name}' for name in (disk, f'{disk}1', f'{disk}3')]
    # A table that cannot be read is not an empty one.
    told = machine.shell(f'echo {disk}:0:r >/proc/quartet/block_fail; blockdev --rereadpt /dev/{disk} 2>&1; echo >/proc/quartet/block_fail')
    assert 'error' in told, told
    assert machine.shell(f'cd /dev; ls {disk}*; blockdev --rereadpt {disk}; ls {disk}3; cd').split() == [disk, f'{disk}3']
    # What went earlier does not go once more: a node that somebody made since for its number stays.
    machine.shell(f'mknod /dev/{disk}2 b $((0x$(stat -c %t /dev/{disk}))) $((0x$(stat -c %T /dev/{disk}) + 2))')
    assert machine.shell(f'blockdev --rereadpt /dev/{disk}; ls /dev/{disk}2; rm /dev/{disk}2') == f'/dev/{disk}2'
    # Not the kernel's any more: what somebody put in its place stays.
    machine.shell(f'rm /dev/{disk}3; echo mine >/dev/{disk}3; blockdev --rereadpt /dev/{disk}')
    assert machine.shell(f'cat /dev/{disk}3') == 'mine'


def check_sizes(machine, disk):
    """The size of blocks that is set is told while the device is open; read-ahead is as it is."""
    assert machine.shell(f'exec 9</dev/{disk}; blockdev --setbsz 1024 /dev/{disk}; blockdev --getbsz /dev/{disk}; exec 9<&-') == '1024'
    assert machine.shell(f'blockdev --getbsz /dev/{disk}') == '4096'
    for size in 256, 1000, 8192:
        assert 'Invalid' in machine.shell(f'blockdev --setbsz {size} /dev/{disk} 2>&1'), size
    assert machine.shell(f'blockdev --setra 256 /dev/{disk} && echo same') == 'same'
    assert 'Invalid' in machine.shell(f'blockdev --setra 512 /dev/{disk} 2>&1')


def check_protected(machine, disk):
    """A disk that is told to be read-only has partitions that are, too; they can be opened, not written."""
    machine.shell(f'blockdev --setro /dev/{disk}')
    assert machine.shell(f'blockdev --getro /dev/{disk}1; cat /sys/block/{disk}/ro').split() == ['1', '1']
    told = machine.shell(f'dd if=/dev/zero of=/dev/{disk}2 bs=512 count=1 conv=notrunc 2>&1')
    assert 'error writing' in told and 'not permitted' in told, told
    machine.shell(f'blockdev --setrw /dev/{disk}; blockdev --setro /dev/{disk}2')
    assert machine.shell(f'blockdev --getro /dev/{disk}1; blockdev --getro /dev/{disk}2').split() == ['0', '1']
    assert machine.shell(f'blockdev --setro /dev/{disk}3; blockdev --getro /dev/{disk}3') == '1'


def check(interface, disk, root, geometry, sectors):
    tree = image.base_tree()
    for program in PROGRAMS:
        tree.add_file(f'bin/{program}', build_path('guest', program))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'spare.img')
        make_disk(path)
        spare = ['-drive', f'file={path},format=raw,if=none,id=spare', '-device', f'{interface},drive=spare{geometry}']
        with Machine(tree=tree, cpus=2, disk=root, extra=spare) as machine:
            machine.wait_for_prompt()
            check_nodes(machine, disk)
            check_listed(machine, disk)
            check_loop_partitions(machine)
            check_geometry(machine, disk, sectors)
            check_contents(machine, disk, path)
            check_zeroes(machine, disk, path)
            check_flush(machine, disk, path)
            check_file_system(machine, disk)
            check_sizes(machine, disk)
            check_protected(machine, disk)
            changed = entry(2048, 20480) + bytes(16) + entry(40000, 1000)
            octal = ''.join(f'\\{byte:03o}' for byte in changed)
            machine.shell(f"echo '{octal}' > /tmp/table")
            check_reread(machine, disk)
            machine.serial.send('poweroff\r')
            machine.wait_for_end()
        part = os.path.join(folder, 'part.img')
        with open(part, 'wb') as file:
            file.write(bytes_at(path, 2048, 20480))
        checked = subprocess.run(['/usr/sbin/e2fsck', '-fn', part], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert checked.returncode == 0, checked.stdout


make('--silent', *(f'build/guest/{program}' for program in PROGRAMS))
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    # What a virtio disk tells of itself; of an ATA disk Linux, too, tells the same always.
    ways = (('virtio-blk-pci', 'vda', 'ide', ',cyls=100,heads=20,secs=30', 30),
            ('ide-hd,bus=ide.1', 'hdc', 'virtio', ',cyls=100,heads=16,secs=30', 63))
    for driven in [pool.submit(check, *way) for way in ways]:
        driven.result()
