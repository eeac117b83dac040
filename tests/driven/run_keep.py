"""
`./quartet run --keep` keeps what was synced from one run to the next, also when the machine is cut off in the middle of
writing more: the disk has a journal, and a run that puts its command there replays it first. An image of
one's own that cannot be brought in order so is refused.
"""

import contextlib
import os
import signal
import subprocess
import tempfile

import image
from common import build_kernel, build_path

KERNEL = os.environ.get('QUARTET_KERNEL') or build_kernel()
KEPT = build_path('images', 'kept-root-2k.img')
CUT = """
echo kept > /root/kept; sync
i=0; while [ $i -lt 50 ]; do mkdir /root/d$i; echo $i > /root/d$i/f; sync; i=$((i + 1)); done
echo cut here
while :; do mkdir /root/more; rmdir /root/more; sync; done
"""


def start(*command, disk='2k'):
    keep = ['--keep'] if disk == '2k' else []
    return subprocess.Popen(['./quartet', 'run', '--kernel', KERNEL, '--image', disk, *keep, '--', *command],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def run(*command, disk='2k'):
    process = start(*command, disk=disk)
    output, errors = process.communicate(timeout=120)
    return process.returncode, output, errors


def cut_off():
    process = start('sh', '-c', CUT)
    try:
        assert process.stdout.readline() == 'cut here\n'
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def features(disk):
    told = subprocess.run(['/usr/sbin/dumpe2fs', '-h', disk], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return next(line for line in told.splitlines() if line.startswith('Filesystem features:')).split()[2:]


def check_kept():
    cut_off()
    assert {'has_journal', 'needs_recovery'} <= set(features(KEPT)), features(KEPT)
    assert run('sh', '-c', 'cat /root/kept /root/d7/f /root/d49/f; echo next > /root/next') == (0, 'kept\n7\n49\n', '')
    assert run('cat', '/root/next') == (0, 'next\n', '')
    checked = subprocess.run(['/usr/sbin/e2fsck', '-fn', KEPT], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert checked.returncode == 0, checked.stdout


def check_own_image(folder):
    disk = os.path.join(folder, 'disk')
    image.copy_image(KEPT, disk)
    # What e2fsck does not put right by itself: a root that is a file.
    image.edit_image(disk, 'set_inode_field <2> mode 0100644\nset_super_value state 2\n')
    status, output, errors = run('true', disk=disk)
    assert status == 1 and output == '' and 'is not in order' in errors, (status, output, errors)
    assert 'Traceback' not in errors, errors


set_aside = KEPT + '.set-aside'
with contextlib.suppress(FileNotFoundError):
    os.rename(KEPT, set_aside)
try:
    check_kept()
    with tempfile.TemporaryDirectory() as work:
        check_own_image(work)
finally:
    with contextlib.suppress(FileNotFoundError):
        os.remove(KEPT)
    with contextlib.suppress(FileNotFoundError):
        os.rename(set_aside, KEPT)
