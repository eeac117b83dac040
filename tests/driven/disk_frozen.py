"""
A disk that is copied while its file system is frozen is one that was unmounted in order, with all that was written
before, and nothing of what waits for the thaw; without a journal on one CPU, with one on four. A machine whose root is
frozen can be shut down.
"""

import concurrent.futures
import os
import shutil
import subprocess
import tempfile

import image
from common import Failure
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


def holds(disk, path):
    try:
        image.read_from_image(disk, path)
    except Failure:
        return False
    return True


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
        assert machine.shell('sleep .1; ls /root/late 2> /dev/null; cat /root/last').strip() == 'last'
        shutil.copyfile(disk, copy)
        check(copy)
        assert image.read_from_image(copy, '/root/last') == b'last\n'
        assert image.read_from_image(copy, '/root/file39') == b'39\n'
        assert not holds(copy, '/root/file49') and not holds(copy, '/root/late')
        # Those who change something did, up to then.
        assert sum(holds(copy, f'/root/{name}') for name in ('log', 'log2')) == 1
        size = len(image.read_from_image(copy, '/root/log' if holds(copy, '/root/log') else '/root/log2'))
        assert size > 20, size
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
        for driven in [pool.submit(freeze_and_copy, *way, work) for way in ((False, 1), (True, 4))]:
            driven.result()
