"""
Debian's root file system: a bash login shell on the serial line; a package is installed and verified, a user added who
may do what he may and no more; after poweroff e2fsck finds nothing to complain of, and the host reads what was written.
A folder of the host is there under /share.
"""

import os
import subprocess
import tempfile

import debian
import image
from common import build_kernel
from machine import Machine
from options import DEBIAN_MEMORY

KERNEL = os.environ.get('QUARTET_KERNEL') or build_kernel()
CONTROL = '''Package: quartet-example
Version: 1.0
Architecture: all
Maintainer: The Quartet authors <authors@example.org>
Description: nothing but a file
'''


def example_package(folder):
    """A Debian package with one file in it, made by the host's dpkg-deb."""
    tree = os.path.join(folder, 'package')
    os.makedirs(os.path.join(tree, 'DEBIAN'))
    os.makedirs(os.path.join(tree, 'usr/share/quartet-example'))
    for path, text in (('DEBIAN/control', CONTROL), ('usr/share/quartet-example/file', 'installed\n')):
        with open(os.path.join(tree, path), 'w') as file:
            file.write(text)
    package = os.path.join(folder, 'example.deb')
    subprocess.run(['dpkg-deb', '--root-owner-group', '--build', tree, package], check=True, stdout=subprocess.DEVNULL)
    with open(package, 'rb') as file:
        return file.read()


def use(machine):
    machine.wait_for_prompt(120)
    machine.serial.send("bind 'set enable-bracketed-paste off'; PS1='# '\r")
    machine.serial.expect(r'[\r\n]# $')
    assert machine.shell('echo $0; shopt -q login_shell; echo $?').split() == ['-bash', '0']
    assert int(machine.shell('apt list --installed 2>/dev/null | grep -c installed')) > 80
    machine.shell('dpkg -i /root/example.deb', timeout=120)
    assert machine.shell('dpkg -V quartet-example; cat /usr/share/quartet-example/file') == 'installed'
    machine.shell('adduser --disabled-password --gecos "" tester', timeout=120)
    assert machine.shell("su - tester -c 'id -un; pwd; touch /root/no 2>&1 | grep -c denied'").split() == \
        ['tester', '/home/tester', '1']
    machine.shell("su tester -c 'umask 077; echo private > /home/tester/own'")
    assert machine.shell('stat -c "%U %a" /home/tester/own') == 'tester 600'
    assert machine.shell("su nobody -s /bin/sh -c 'cat /home/tester/own' 2>&1 | grep -c denied") == '1'
    # A job in the background goes on without its shell.
    machine.shell("nohup sh -c 'sleep 2; echo done > /root/later' > /dev/null 2>&1 &")
    machine.shell('while [ ! -s /root/later ]; do sleep 0.2; done', timeout=60)
    machine.serial.send('busybox poweroff\r')
    machine.wait_for_end()


with tempfile.TemporaryDirectory() as work:
    disk = os.path.join(work, 'debian.img')
    stock = debian.added_to_copy({'/root/example.deb': (example_package(work), 0o644)}, 'debian-login')
    with Machine(image_path=stock, keep_image=disk, cpus=2, memory=DEBIAN_MEMORY,
                 append=[f'init={debian.INIT}']) as machine:
        use(machine)
    checked = subprocess.run(['/usr/sbin/e2fsck', '-fn', disk], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert checked.returncode == 0, checked.stdout
    assert image.read_from_image(disk, '/home/tester/own') == b'private\n'
    assert image.read_from_image(disk, '/root/later') == b'done\n'

# A folder beside it, whatever its files are called.
with tempfile.TemporaryDirectory() as shared:
    os.makedirs(os.path.join(shared, 'a folder/empty'))
    with open(os.path.join(shared, 'a folder/"a file"'), 'w') as file:
        file.write('shared\n')
    os.symlink('a folder/"a file"', os.path.join(shared, 'link'))
    done = subprocess.run(['./quartet', 'run', '--kernel', KERNEL, '--image', 'debian', '--share', shared, '--', 'sh', '-c',
                           'cat /share/link; cd /share/*/; echo *; touch new'],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.stdout == 'shared\n"a file" empty\n' and 'Read-only file system' in done.stderr, done
