"""
A disk that is copied while its file system is frozen is one that was unmounted in order, with all that was written
before, and nothing of what waits for the thaw; with a journal and without, on 1 and 4 CPUs. A machine whose root is
frozen can be shut down.
"""

import concurrent.futures
import os
import shutil
import subprocess
import tempfile

import image
from machine import Machine


def prepare(disk, has_journal):
    image.make_image(image.base_tree(), disk)
    if has_journal:
        subprocess.run(['/usr/sbin/tune2fs', '-j', disk], check=True, stdout=subprocess.DEVNULL)


def check(disk):
    checked = subprocess.run(['/usr/sbin/e2fsck', '-fn', disk], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert checked.returncode == 0, checked.stdout
    told = subprocess.run(['/usr/sbin/dumpe2fs', '-h', disk], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    assert 'Filesystem state:         clean\n' in told and 'needs_recovery' not in told, told


def freeze_and_copy(has_journal, cpus, folder):
    fresh, disk, copy = (os.path.join(folder, f'{name}-{has_journal}-{cpus}') for name in ('fresh', 'disk', 'copy'))
    prepare(fresh, has_journal)
    with Machine(cpus=cpus, image_path=fresh, keep_image=disk) as machine:
        machine.wait_for_prompt()
        machine.shell('i=0; while [ $i -lt 50 ]; do echo $i > /root/file$i; i=$((i + 1)); done; rm /root/file4*')
        # They change something all the time.
        machine.shell('((while :; do echo x >> /root/log; mv /root/log /root/log2; mv /root/log2 /root/log; done) 2> /dev/null &)')
        machine.shell('((while :; do cp /bin/busybox /root/copy; rm /root/copy; done) 2> /dev/null &)')
        machine.shell('sleep .2; echo last > /root/last')
        assert machine.shell('fsfreeze --freeze /; echo $?').strip() == '0'
        machine.shell('(echo late > /root/late &)')
        shutil.copyfile(disk, copy)
        check(copy)
        assert image.read_from_image(copy, '/root/last') == b'last\n'
        assert image.read_from_image(copy, '/root/file39') == b'39\n'
        assert machine.shell('sleep .1; ls /root/late 2> /dev/null; cat /root/last').strip() == 'last'
        assert machine.shell('fsfreeze --unfreeze /; echo $?').strip() == '0'
        assert machine.shell('sleep .5; cat /root/late').strip() == 'late'
        assert machine.shell('fsfreeze --freeze /; echo $?').strip() == '0'
        machine.shell('(echo never > /root/never &)')
        machine.serial.send('poweroff\r')
        machine.wait_for_end()
    check(disk)
    assert image.read_from_image(disk, '/root/late') == b'late\n'


with tempfile.TemporaryDirectory() as work:
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for driven in [pool.submit(freeze_and_copy, *way, work) for way in ((False, 1), (False, 4), (True, 1), (True, 4))]:
            driven.result()
