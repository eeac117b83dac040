"""
Debian's own Linux for i386 in QEMU: the judge of what is right, on machines that cannot run i386 programs
themselves, and the rival in comparisons.

The kernel package is fetched like the other i386 packages. A small initramfs loads the modules for the
disk, mounts it, and hands over to its /sbin/init: Quartet's own, which is a plain Linux program. So the
same disk, the same command line and the same reports over the serial lines serve both kernels.
"""

import lzma
import os

import cpio
import packages
import qemu
from common import Failure, build_path

# In the order of loading: each needs only those before it, or what is built in.
MODULES = ('crc16', 'crc32c_generic', 'libcrc32c', 'mbcache', 'jbd2', 'ext4', 'virtio', 'virtio_ring', 'virtio_pci_legacy_dev',
           'virtio_pci_modern_dev', 'virtio_pci', 'virtio_blk', 'loop')

# As init(8) of the initramfs. The disk's init finds /dev, /proc, /sys and what else Debian's own start would mount.
START = '''#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
for module in /modules/*; do /bin/busybox insmod $module; done
for word in $(/bin/busybox cat /proc/cmdline); do
	case $word in root=*) root=${word#root=} ;; disk_init=*) init=${word#disk_init=} ;; esac
done
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t ext4 $root /root || /bin/busybox mount -t ext2 $root /root
/bin/busybox mkdir -p /root/dev /root/proc /root/sys /root/tmp /root/run
/bin/busybox mount -t devtmpfs dev /root/dev
/bin/busybox mkdir -p /root/dev/pts /root/dev/shm
/bin/busybox mount -t devpts devpts /root/dev/pts
/bin/busybox mount -t tmpfs tmpfs /root/dev/shm
/bin/busybox mount -t sysfs sysfs /root/sys
/bin/busybox umount /proc
exec /bin/busybox switch_root /root ${init:-/sbin/init}
'''


def kernel_folder(flavour='686-pae'):
    """
    Where the newest Linux of this flavour is unpacked: `686-pae` (several CPUs, NX) or `686`.
    Raises Failure if the machine's sources have none.
    """
    return packages.fetch(packages.newest_dependency(f'linux-image-{flavour}', 'linux-image-'))


def kernel(flavour='686-pae'):
    """The path of its bzImage."""
    boot = os.path.join(kernel_folder(flavour), 'boot')
    for name in sorted(os.listdir(boot)):
        if name.startswith('vmlinuz-'):
            return os.path.join(boot, name)
    raise Failure(f'{boot} holds no kernel')


def modules(folder, names=MODULES):
    """Names in order of loading -> bytes. One that this Linux does not have is built in, or not needed."""
    found = {}
    for place, _, files in os.walk(os.path.join(folder, 'lib/modules')):
        for file in files:
            name = file.partition('.ko')[0].replace('-', '_')
            if name in names and '.ko' in file:
                with open(os.path.join(place, file), 'rb') as module:
                    content = module.read()
                found[name] = lzma.decompress(content) if file.endswith('.xz') else content
    return {f'{place:02}-{name}.ko': found[name] for place, name in enumerate(names) if name in found}


def initramfs(flavour='686-pae'):
    """The path of an initramfs that starts the root disk's init."""
    folder = kernel_folder(flavour)
    path = build_path('images', f'{os.path.basename(folder)}.cpio')
    with open(packages.program('busybox-static', 'bin/busybox'), 'rb') as program:
        files = {'bin/busybox': (program.read(), 0o755), 'init': (START.encode(), 0o755)}
    files.update({f'modules/{name}': (content, 0o644) for name, content in modules(folder).items()})
    content = cpio.archive(['bin', 'dev', 'modules', 'proc', 'root'], files,
                           devices={'dev/console': (0o020600, 5, 1), 'dev/null': (0o020666, 1, 3)})
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(f'{path}.{os.getpid()}', 'wb') as out:
        out.write(content)
    os.rename(f'{path}.{os.getpid()}', path)
    return path


def settings(image, memory=512, cpus=2, flavour='686-pae', append=()):
    """A machine that runs this Linux from `image`."""
    return qemu.Settings(kernel=kernel(flavour), initrd=initramfs(flavour), image=image, memory=memory, cpus=cpus, disk='virtio',
                         append=['mitigations=off', 'panic=-1', 'random.trust_cpu=on', 'apparmor=0', *append])
