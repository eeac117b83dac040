"""
The root disk: an ext2 image made without root rights and cached by what goes into it.

A Tree says what the disk holds: folders, files copied from the host, files with given text, symbolic
links. It is laid out in a folder and mke2fs copies that folder into the image; under fakeroot, unless
we are root, so that everything belongs to root in there. Nothing of the host leaks in but the bytes.
"""

import contextlib
import glob
import hashlib
import os
import shutil
import stat
import subprocess
import tempfile
import time

import packages
from common import Failure, build_path, i386_command, run_quietly

MEBIBYTE = 1 << 20
FREE_SPACE = 24 * MEBIBYTE	# what programs in the machine can write
SPARE_INODES = 16384
E2FSCK_NOT_CORRECTED, E2FSCK_FAILED = 4, 8	# bits of its exit status: something is still wrong; it could not look
KEEP_SECONDS = 3600	# since its last use, for an image that something has replaced

FOLDERS = ['bin', 'sbin', 'usr/bin', 'usr/sbin', 'etc', 'dev', 'proc', 'tmp', 'run', 'root', 'mnt',
           'home/player', 'sys', 'var/log', 'var/tmp']
OWNERS = {'home/player': 1000}

TEXTS = {
    'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nplayer:x:1000:1000:player:/home/player:/bin/sh\n'
                  'nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n',
    'etc/group': 'root:x:0:\ntty:x:5:\nplayer:x:1000:\nnogroup:x:65534:\n',
    'etc/shells': '/bin/sh\n',
    'etc/hostname': 'quartet\n',
    'etc/hosts': '127.0.0.1 localhost quartet\n',
    'etc/profile': "PS1='\\w \\$ '\nexport PS1\numask 022\n",
}

# Applets that would replace what is ours.
NOT_LINKED = {'init', 'linuxrc', 'busybox'}


class Tree:
    """What a disk shall hold; paths without a leading slash."""

    def __init__(self):
        self.folders = {}	# path -> mode
        self.files = {}		# path -> (host path, mode)
        self.texts = {}		# path -> bytes
        self.links = {}		# path -> target

    def add_file(self, path, source, mode=0o755):
        self.files[path] = (source, mode)

    def digest(self):
        """Identifies the content. Host files count by size and time of change: reading them is slow."""
        whole = hashlib.sha256()
        for path, mode in sorted(self.folders.items()):
            whole.update(f'd {path} {mode}\n'.encode())
        for path, (source, mode) in sorted(self.files.items()):
            found = os.stat(source)
            whole.update(f'f {path} {mode} {found.st_size} {found.st_mtime_ns}\n'.encode())
        for path, text in sorted(self.texts.items()):
            whole.update(f't {path} {len(text)}\n'.encode() + text)
        for path, target in sorted(self.links.items()):
            whole.update(f'l {path} {target}\n'.encode())
        return whole.hexdigest()[:16]

    def size(self):
        """Bytes of content, each file rounded up to whole 4 KiB blocks."""
        sizes = [os.stat(source).st_size for source, _ in self.files.values()]
        sizes += [len(text) for text in self.texts.values()]
        return sum((size + 4095) // 4096 * 4096 for size in sizes)

    def lay_out(self, top):
        for path, mode in sorted(self.folders.items()):
            os.makedirs(os.path.join(top, path), exist_ok=True)
            os.chmod(os.path.join(top, path), mode)
        for path, (source, mode) in self.files.items():
            shutil.copyfile(source, self._place(top, path))
            os.chmod(os.path.join(top, path), mode)
        for path, text in self.texts.items():
            with open(self._place(top, path), 'wb') as out:
                out.write(text)
        for path, target in self.links.items():
            os.symlink(target, self._place(top, path))

    @staticmethod
    def _place(top, path):
        place = os.path.join(top, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        return place


def applet_links(busybox):
    """Path -> target for every applet, as busybox itself lists them: bin/ls, usr/bin/awk, ..."""
    listed = run_quietly(i386_command(busybox, '--list-full'), 'cannot run an i386 program on this machine')
    paths = [path for path in listed.split() if os.path.basename(path) not in NOT_LINKED]
    if 'bin/sh' not in paths:
        raise Failure(f'{busybox} lists no applet bin/sh: {listed[:200]!r}')
    return {path: '/bin/busybox' for path in paths}


def base_tree():
    """The smallest user space: busybox, our own programs, the few files that programs look for."""
    tree = Tree()
    busybox = packages.program('busybox-static', 'bin/busybox')
    for folder in FOLDERS:
        tree.folders[folder] = 0o755
    tree.folders.update({'root': 0o700, 'tmp': 0o1777, 'var/tmp': 0o1777})
    tree.texts.update({path: text.encode() for path, text in TEXTS.items()})
    tree.add_file('bin/busybox', busybox)
    list_file = build_path('images', 'applets')
    tree.links.update(cached_applet_links(busybox, list_file))
    for program in sorted(glob.glob(build_path('user', '*'))):
        if os.path.isfile(program) and os.access(program, os.X_OK):
            name = os.path.basename(program)
            place = f'sbin/{name}' if name == 'init' else f'bin/{name}'
            tree.links.pop(place, None)
            tree.add_file(place, program)
    return tree


def cached_applet_links(busybox, list_file):
    """applet_links, remembered so that a second run starts no other program. The list appears whole or not at all."""
    if not os.path.exists(list_file) or os.path.getmtime(list_file) < os.path.getmtime(busybox):
        os.makedirs(os.path.dirname(list_file), exist_ok=True)
        links = applet_links(busybox)
        with tempfile.NamedTemporaryFile('w', dir=os.path.dirname(list_file), delete=False) as out:
            out.write('\n'.join(links))
        os.replace(out.name, list_file)
    with open(list_file) as lines:
        return {path: '/bin/busybox' for path in lines.read().split()}


def add_folder(tree, source, path):
    """Put a copy of a host folder into the tree, write permission taken away."""
    if not os.path.isdir(source):
        raise Failure(f'{source}: no such folder')
    def refuse(error):
        raise error
    for folder, subfolders, names in os.walk(source, onerror=refuse):
        inside = os.path.normpath(os.path.join(path, os.path.relpath(folder, source)))
        tree.folders[inside] = 0o555
        # A symbolic link to a folder is among the folders, but is not walked into.
        for name in names + [name for name in subfolders if os.path.islink(os.path.join(folder, name))]:
            full = os.path.join(folder, name)
            mode = os.lstat(full).st_mode
            if stat.S_ISLNK(mode):
                tree.links[os.path.join(inside, name)] = os.readlink(full)
            elif stat.S_ISREG(mode):
                tree.add_file(os.path.join(inside, name), full, stat.S_IMODE(mode) & 0o555)


def make_image(tree, path, block_size=1024, free_space=FREE_SPACE, bare=False):
    """Write an ext2 image that holds `tree`; `bare`: nothing else, not even lost+found."""
    inodes = len(tree.files) + len(tree.links) + len(tree.texts) + len(tree.folders) + SPARE_INODES
    # Besides the content: inode tables (128 bytes each) and bitmaps, and the free space asked for.
    size = tree.size() + inodes * 160 + free_space
    size = (size // MEBIBYTE + 1) * MEBIBYTE
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as work:
        top, image = os.path.join(work, 'top'), os.path.join(work, 'image')
        os.mkdir(top, 0o755)
        # A folder without write permission cannot be filled or removed; modes go in afterwards.
        modes, tree.folders = tree.folders, {name: 0o755 for name in tree.folders}
        tree.lay_out(top)
        tree.folders = modes
        for name, mode in sorted(modes.items(), reverse=True):
            os.chmod(os.path.join(top, name), mode)
        command = [] if os.getuid() == 0 else ['fakeroot']
        command += ['/usr/sbin/mke2fs', '-q', '-F', '-t', 'ext2', '-b', str(block_size), '-I', '128', '-m', '0',
                    '-N', str(inodes), '-L', 'quartet', '-O', 'none,filetype,sparse_super,large_file',
                    '-E', 'root_owner=0:0,lazy_itable_init=0', '-d', top, image, f'{size // 1024}k']
        try:
            run_quietly(command, 'mke2fs failed', env=dict(os.environ, MKE2FS_CONFIG='/dev/null'))
        finally:
            for name in modes:
                os.chmod(os.path.join(top, name), 0o755)
        edit_image(image, ''.join(f'set_inode_field /{name} {field} {number}\n'
                                  for name, number in OWNERS.items() for field in ('uid', 'gid')))
        if bare and 'lost+found' not in tree.folders:
            edit_image(image, 'rmdir /lost+found\n')
        os.rename(image, path)


def cached_image(tree, name, block_size=1024, free_space=FREE_SPACE, bare=False):
    """The path of an image with this content; made unless it exists."""
    path = build_path('images', f'{name}-{block_size // 1024}k-{tree.digest()}.img')
    if os.path.exists(path):
        with contextlib.suppress(OSError):	# another user's tree
            os.utime(path)
    else:
        # Another ./quartet may be using the last ones of that name; those that nobody wants any more go.
        for old in glob.glob(build_path('images', f'{name}-{block_size // 1024}k-*.img')):
            with contextlib.suppress(FileNotFoundError):	# another one may tidy up, too
                if time.time() - os.path.getmtime(old) > KEEP_SECONDS:
                    os.remove(old)
        make_image(tree, path, block_size, free_space, bare)
    return path


def copy_image(source, target):
    """A copy that costs only what it holds."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    done = subprocess.run(['cp', '--sparse=always', '--reflink=auto', source, target], stdin=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, errors='replace')
    if done.returncode != 0:
        raise Failure(f'cannot copy the image: {done.stderr.strip()}')


def add_journal(image):
    run_quietly(['/usr/sbin/tune2fs', '-j', image], f'cannot give {image} a journal', env=dict(os.environ, MKE2FS_CONFIG='/dev/null'))


def settle_image(image):
    """
    Bring an image in order that a machine may not have left so: debugfs would write past a journal that is yet to be
    replayed, and what that replays would be over it.
    """
    done = subprocess.run(['/usr/sbin/e2fsck', '-p', os.path.abspath(image)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if done.returncode & E2FSCK_NOT_CORRECTED:
        raise Failure(f'{image} is not in order; e2fsck -f, and somebody who answers its questions, may mend it')
    if done.returncode >= E2FSCK_FAILED:
        raise Failure(f'{image}: no command can be put there, for e2fsck finds no ext2 or ext3 file system at its begin')


def edit_image(image, script, folder=None):
    """
    Let debugfs change an image. It reports what went wrong only in words, so those come back. Its own words end at a
    blank: files of the host are named as they are in `folder`.
    """
    done = subprocess.run(['/usr/sbin/debugfs', '-w', '-f', '-', os.path.abspath(image)], input=script, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder)
    if done.returncode != 0:
        raise Failure(f'debugfs cannot change {image}: {done.stdout.strip()}')
    return done.stdout


def write_into_image(image, path, content):
    """Put one file into an ext2 image, replacing one of that name."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        script = f'rm {path}\nwrite {os.path.basename(file.name)} {path}\nset_inode_field {path} mode 0100644\n' \
                 f'set_inode_field {path} uid 0\nset_inode_field {path} gid 0\n'
        said = edit_image(image, script, os.path.dirname(file.name))
    for line in said.splitlines():
        if line.startswith('write: '):
            raise Failure(f'cannot write {path} into {image}: {line.removeprefix("write: ").strip()}')


def read_from_image(image, path):
    """The bytes of one file of an ext2 image, as debugfs sees them."""
    with tempfile.TemporaryDirectory() as work:
        copy = os.path.join(work, 'file')
        run_quietly(['/usr/sbin/debugfs', '-R', f'dump {path} file', os.path.abspath(image)], f'cannot read {path}', cwd=work)
        if not os.path.exists(copy):
            raise Failure(f'{image} holds no {path}')
        with open(copy, 'rb') as file:
            return file.read()
