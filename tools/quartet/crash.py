"""
The proof that a cut of power loses nothing: workloads run in the machine on a disk whose writes are logged outside of it;
the disk is made anew as it may be at any place of the log (crash_log.py), replayed by Quartet and, apart from that, by
e2fsck, and then `e2fsck -fn` must find nothing and the contents be what the model allows (crash_model.py).

Most points are replayed by the kernel's own files built for this machine (ext2_journal_test), many in one process, and
some by a booted kernel.
"""

import concurrent.futures
import mmap
import os
import random
import shutil
import struct
import subprocess
import tempfile

import crash_model
import crash_programs
import debian
import image
import qemu
from common import Failure, build_path, make, run_quietly
from commands import run
from crash_log import SECTOR, Log
from ext2_reader import Reader

FILE_SYSTEM_START, FILE_SYSTEM_SECTORS, MARK_SECTORS = 64, 12 << 11, 64
MARK_START = FILE_SYSTEM_START + FILE_SYSTEM_SECTORS
OPERATIONS = 220		# of one workload
BATCH = 25			# disks that one process replays
PIECE = 16 << 10		# of a file with holes
REPLAYER = 'host64/kernel/fs/ext2/ext2_journal_test'
BOOTED_AT_ONCE = 12		# disks of one boot


def partition_table():
    """An old-style one: the file system, and where marks go."""
    entries = b''.join(struct.pack('<B3sB3sII', 0, b'\xfe\xff\xff', kind, b'\xfe\xff\xff', start, sectors) for kind, start, sectors
                       in ((0x83, FILE_SYSTEM_START, FILE_SYSTEM_SECTORS), (0xda, MARK_START, MARK_SECTORS)))
    return bytes(446) + entries.ljust(64, b'\0') + b'\x55\xaa'


def fresh_disk(block_size, folder):
    path = os.path.join(folder, 'fresh')
    run_quietly(['/usr/sbin/mke2fs', '-q', '-F', '-t', 'ext3', '-b', str(block_size), '-m', '0', '-J',
                 f'size={1 if block_size == 1024 else 4}', path, f'{FILE_SYSTEM_SECTORS // 2}k'], 'mke2fs failed')
    with open(path, 'rb') as file:
        disk = partition_table().ljust(FILE_SYSTEM_START * SECTOR, b'\0') + file.read()
    os.remove(path)
    return disk.ljust((MARK_START + MARK_SECTORS) * SECTOR, b'\0')


def workload(kind, seed):
    """The script of one. Of files: alternately random operations, and short sequences of each kind of operation."""
    if kind != 'files':
        return crash_programs.workload(kind, seed).lines
    return crash_model.mixed(seed, OPERATIONS) if seed % 2 else crash_model.sequences(seed, OPERATIONS)


def machine(kind, kernel, folder, script, cpus):
    """Settings for a machine that plays a script; its root file system, a copy, is `folder`/root."""
    with open(build_path('endure', 'crash_player'), 'rb') as file:
        player = file.read()
    root = os.path.join(folder, 'root')
    if kind == 'files':
        tree = image.base_tree()
        tree.add_file('bin/crash_player', build_path('endure', 'crash_player'))
        image.copy_image(image.cached_image(tree, 'crash'), root)
        settings = qemu.Settings(kernel=kernel, image=root, snapshot=False, cpus=cpus)
    else:
        image.copy_image(debian.added_to_copy({'/usr/bin/crash_player': (player, 0o755)}, 'crash-debian'), root)
        settings = qemu.Settings(kernel=kernel, image=root, snapshot=False, cpus=cpus, memory=256, append=[f'init={debian.INIT}'])
    image.write_into_image(root, '/crash.script', script.encode())
    return settings


class Recording:
    """One workload that has run: a folder with the script, the disk before, and the log."""

    def __init__(self, folder):
        with open(os.path.join(folder, 'script')) as file:
            lines = file.read().splitlines()
        self.workload = crash_programs.from_script(lines) or crash_model.Workload(lines)
        with open(os.path.join(folder, 'disk'), 'rb') as file:
            self.log = Log(os.path.join(folder, 'log'), file.read(), MARK_START)
        self.folder = folder
        self.marks = self.log.marks(MARK_START)

    def points(self, count, seed):
        """`count` points, evenly over the log: half of them in the order of the log, half reordered."""
        choose, last = random.Random(seed), len(self.log.entries)
        places = sorted(choose.sample(range(1, last + 1), min(last, (count + 1) // 2)))
        points = [(place, None) for place in places]
        points += [(choose.randrange(1, last + 1), choose.randrange(1 << 20)) for _ in range(count - len(points))]
        return sorted(points, key=lambda point: (point[0], point[1] or 0))

    def file_system_at(self, point):
        return memoryview(self.log.disk_at(*point))[FILE_SYSTEM_START * SECTOR:MARK_START * SECTOR]


def record(kind, seed, kernel, folder, block_size=1024, cpus=2):
    """Run a workload (of files, or by sqlite or git) in the machine. Returns its Recording."""
    make('--silent', 'user', 'build/endure/crash_player')
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    script = '\n'.join(workload(kind, seed)) + '\n'
    settings = machine(kind, kernel, folder, script, cpus)
    disk, logged, log = (os.path.join(folder, name) for name in ('disk', 'logged', 'log'))
    with open(disk, 'wb') as file:
        file.write(fresh_disk(block_size, folder))
    shutil.copyfile(disk, logged)
    open(log, 'wb').close()
    with open(os.path.join(folder, 'script'), 'w') as file:
        file.write(script)
    settings.extra = ['-blockdev', f'driver=blklogwrites,node-name=logged,file.driver=file,file.filename={logged},'
                      f'log.driver=file,log.filename={log},log-sector-size={SECTOR}',
                      '-device', 'virtio-blk-pci,drive=logged']
    settings.append += [f'seed={seed}']
    status = run.run_command(settings, ['crash_player', '/crash.script', 'vda1', 'vda2'])
    os.remove(settings.image)
    os.remove(logged)
    if status != 0:
        raise Failure(f'workload {seed}: crash_player ended with {status}; its script is {folder}/script')
    return Recording(folder)


# ---- judging ---------------------------------------------------------------------------------------


def fsck(*arguments):
    done = subprocess.run(['/usr/sbin/e2fsck', *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors='replace')
    return done.returncode, done.stdout


def judge(recording, point, path):
    """What is wrong with a replayed image, or ''."""
    status, said = fsck('-fn', path)
    if status != 0:
        return f'e2fsck -fn finds (status {status}):\n{said}'
    with open(path, 'rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as disk:
        tree = Reader(disk).tree()
    return '\n'.join(recording.workload.complaints(tree, recording.marks[point[0]]))


def replay_on_host(paths):
    """Let the kernel's own files, built for this machine, replay images in place. Returns what went wrong, by path."""
    environment = dict(os.environ, QUARTET_REPLAY=':'.join(paths))
    done = subprocess.run([build_path(REPLAYER), 'listed_images_are_replayed'], env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace')
    if done.returncode == 0:
        return {}
    if len(paths) == 1:
        return {paths[0]: f'Quartet does not replay it:\n{done.stdout}'}
    half = len(paths) // 2
    return {**replay_on_host(paths[:half]), **replay_on_host(paths[half:])}


def replay_in_machine(paths, kernel, folder):
    """The same by a booted kernel, each image a disk of its own."""
    tree = image.base_tree()
    tree.add_file('bin/crash_player', build_path('endure', 'crash_player'))
    extra, devices = [], []
    for place, path in enumerate(paths):
        extra += ['-drive', f'file={path},format=raw,if=virtio']
        devices.append(f'vd{chr(ord("a") + place)}')
    settings = qemu.Settings(kernel=kernel, image=image.cached_image(tree, 'crash'), cpus=2, extra=extra)
    with open(os.path.join(folder, 'said'), 'w+b') as said:
        status = run.run_command(settings, ['crash_player', '-replay', *devices], said)
        said.seek(0)
        text = said.read().decode(errors='replace')
    return {path: f'a booted Quartet does not replay them all: {text}' for path in paths} if status else {}


def replay_command(recording, point):
    place, seed = point
    name = f'{place}' if seed is None else f'{place}:{seed}'
    return f'./quartet endure crash --log {os.path.relpath(recording.folder)} --point {name}'


def write_sparse(path, disk):
    """A file of these bytes, with holes where they are zero: most of a disk is."""
    zeros = bytes(PIECE)
    with open(path, 'wb') as file:
        for start in range(0, len(disk), PIECE):
            piece = bytes(disk[start:start + PIECE])
            if not zeros.startswith(piece):
                file.seek(start)
                file.write(piece)
        file.truncate(len(disk))


def judge_batch(recording, points, disks, kernel=None):
    """Judge points whose disks are given; by a booted kernel if one is given. Returns a list of complaints."""
    failures = []
    base = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix='quartet-crash-', dir=base) as work:
        ours = [os.path.join(work, f'ours-{place}') for place in range(len(points))]
        for path, disk in zip(ours, disks):
            write_sparse(path, disk)
        troubles = replay_in_machine(ours, kernel, work) if kernel else replay_on_host(ours)
        theirs = os.path.join(work, 'theirs')
        for point, path, disk in zip(points, ours, disks):
            found = [('Quartet', troubles.get(path) or judge(recording, point, path))]
            if not kernel:
                write_sparse(theirs, disk)
                status, said = fsck('-p', theirs)
                found.append(('e2fsck', judge(recording, point, theirs) if status in (0, 1) else f'status {status}:\n{said}'))
            failures += [f'replayed by {who}: {what}\nonce more: {replay_command(recording, point)}'
                         for who, what in found if what]
    return failures


def check(recording, points, kernel=None):
    """Judge all points of a recording, several batches at a time. Returns the complaints."""
    size = BOOTED_AT_ONCE if kernel else BATCH
    failures = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        jobs = []
        for start in range(0, len(points), size):
            batch = points[start:start + size]
            disks = [recording.file_system_at(point) for point in batch]
            jobs.append(pool.submit(judge_batch, recording, batch, disks, kernel))
            while len(jobs) > 2:		# disks are large: no more of them than are being judged
                failures += jobs.pop(0).result()
        for job in jobs:
            failures += job.result()
    return failures


def build_replayer():
    make('--silent', f'build/{REPLAYER}')
