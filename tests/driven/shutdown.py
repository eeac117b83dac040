"""
`poweroff` and `reboot` end everything in order: SIGTERM lets a process say goodbye, a stopped one too, SIGKILL ends one
that does not want to hear, and the disk is clean, with all that was written. On 1 and 4 CPUs.
"""

import concurrent.futures
import os
import subprocess
import tempfile
import time

import image
from machine import Machine

SCRIPT = {
    'polite': "trap 'echo goodbye > /polite; exit' TERM; while :; do sleep 1; done",
    'stopped': "trap 'echo woken > /stopped; exit' TERM; kill -STOP $$; while :; do sleep 1; done",
    'deaf': "trap '' TERM HUP; echo begins > /deaf; while :; do sleep 1; done",
}


def end_with(command, cpus, folder):
    disk = os.path.join(folder, f'{command}-{cpus}')
    with Machine(cpus=cpus, keep_image=disk) as machine:
        machine.wait_for_prompt()
        for name, script in SCRIPT.items():
            machine.shell(f'echo "{quoted(script)}" > /{name}.sh')
            machine.shell(f'sh /{name}.sh &')
        machine.shell('sleep 1; mkdir /tmp/place; mount -t tmpfs none /tmp/place; cd /tmp/place; echo last > /last')
        began = time.monotonic()
        machine.serial.send(f'{command}\r')
        machine.wait_for_end()
        assert time.monotonic() - began < 30
    for path, text in (('/polite', b'goodbye\n'), ('/stopped', b'woken\n'), ('/deaf', b'begins\n'), ('/last', b'last\n')):
        assert image.read_from_image(disk, path) == text, path
    checked = subprocess.run(['/usr/sbin/e2fsck', '-fn', disk], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert checked.returncode == 0, checked.stdout
    # What e2fsck passes over in silence: the mark of a file system that was left in order.
    told = subprocess.run(['/usr/sbin/dumpe2fs', '-h', disk], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    assert 'Filesystem state:         clean\n' in told, told


def quoted(script):
    """As it stands between double quotes of the shell."""
    return script.replace('\\', '\\\\').replace('$', '\\$')


with tempfile.TemporaryDirectory() as work:
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for driven in [pool.submit(end_with, command, cpus, work) for command in ('poweroff', 'reboot') for cpus in (1, 4)]:
            driven.result()
