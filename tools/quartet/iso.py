"""A bootable CD: GRUB, the kernel, and a menu of one line. The disk comes from elsewhere."""

import os
import shutil
import tempfile

from common import build_path, run_quietly

MENU = '''set timeout=0
serial --unit=0 --speed=115200
terminal_output console serial
menuentry "Quartet" {{
	multiboot /boot/quartet.elf {words}
}}
'''


def make_iso(kernel, words):
    """Write build/quartet.iso, which boots `kernel` with the command line `words`. Returns its path."""
    path = build_path('quartet.iso')
    with tempfile.TemporaryDirectory() as work:
        os.makedirs(os.path.join(work, 'boot/grub'))
        shutil.copyfile(kernel, os.path.join(work, 'boot/quartet.elf'))
        with open(os.path.join(work, 'boot/grub/grub.cfg'), 'w') as menu:
            menu.write(MENU.format(words=words))
        # Only what a BIOS needs: modules, fonts and languages would be most of the image.
        run_quietly(['grub-mkrescue', '-d', '/usr/lib/grub/i386-pc', '--fonts=', '--locales=',
                     '--themes=', '-o', path, work], 'grub-mkrescue failed')
    return path
