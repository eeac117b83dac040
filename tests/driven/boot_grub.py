"""GRUB boots the same kernel from a CD, with the root disk beside it."""

import os

import image
import iso
import qemu
from common import build_kernel
from machine import Machine

kernel = os.environ.get('QUARTET_KERNEL') or build_kernel()
cd = iso.make_iso(kernel, 'console=ttyS0 root=/dev/hda')
disk = os.path.abspath(f'build/images/grub-{os.getpid()}.img')
image.copy_image(image.cached_image(image.base_tree(), 'root'), disk)
try:
    command = [qemu.QEMU, '-M', 'pc', '-cpu', 'max', '-m', '128', '-smp', '2', '-accel', 'tcg,thread=multi', '-no-reboot',
               '-nic', 'none', '-device', 'isa-debug-exit,iobase=0xf4,iosize=4', '-boot', 'd',
               '-drive', f'if=ide,index=0,format=raw,file={disk}', '-drive', f'if=ide,index=2,media=cdrom,file={cd}']
    with Machine(command=command) as machine:
        machine.wait_for_prompt()
        assert machine.shell('echo $((6 * 7))') == '42'
        machine.serial.send('poweroff\r')
        machine.wait_for_end()
finally:
    os.remove(disk)
