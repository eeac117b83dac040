"""
A stock Debian root file system for i386, on an ext2 image, made by mmdebstrap and kept in the cache.

Packages come from the machine's own apt sources, restricted to the main suite; mmdebstrap has an apt
state of its own, so the machine's is not touched. Nothing in the file system is changed but its
host name. It is made in a user name space (tools/debian/in-namespace), where everything
belongs to root and where, if this machine's kernel cannot run i386 programs, an emulator runs the
maintainer scripts. It is made again only when the list of packages or the way it is made has changed.

Quartet's init, which Debian does not have, is put into a copy of the image, in /quartet, and so is
what else a run needs.
"""

import glob
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time

import image
import packages
from common import ROOT, Failure, build_path, cache_lock, cache_path

# What the sessions and tests use; minbase comes with every package marked essential or required, and apt.
PACKAGES = '''
    adduser apt bash bc bsdextrautils busybox bzip2 coreutils cpio cron dash diffutils dpkg e2fsprogs file findutils
    gawk gcc gdb git grep gzip htop less libc6-dev login lsof lua5.4 make nano ncurses-term openssl passwd patch perl
    procps psmisc python3 redis-server redis-tools sed sqlite3 strace tar tcc tcl time tmux util-linux vim xz-utils zstd
    '''.split()
INCLUDES = ['?essential', '?priority(required)', ','.join(['usr-is-merged'] + PACKAGES)]
SIZE = '2560M'		# of the file system; the image is sparse
TOOLS = os.path.join(ROOT, 'tools/debian')
EMULATOR = '/usr/bin/qemu-i386-static'
INIT = '/quartet/init'
PROGRAM_FOLDERS = ('usr/bin/', 'usr/sbin/', 'bin/', 'usr/lib/i386-linux-gnu/', 'lib/i386-linux-gnu/')


def runs_i386():
    """Whether this machine's kernel executes i386 programs, as arch-test finds out."""
    return subprocess.run(['arch-test', '-n', 'i386'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def digest():
    """Identifies how the image is made. The suite's content may move on; a stable one hardly does."""
    whole = hashlib.sha256(f'{INCLUDES} {SIZE} {packages.release_codename()}'.encode())
    for name in sorted(os.listdir(TOOLS)):
        with open(os.path.join(TOOLS, name), 'rb') as file:
            whole.update(file.read())
    return whole.hexdigest()[:16]


def name_space():
    """The command that runs another as root of a new user and mount name space, and whether it needs a map."""
    if os.getuid() == 0:
        return ['unshare', '--user', '--mount', '--propagation', 'private'], True
    return ['unshare', '--user', '--mount', '--propagation', 'private', '--map-root-user', '--map-auto'], False


def run_in_name_space(command, log):
    """Run a command so, its output in `log`. Returns its status."""
    unshare, needs_map = name_space()
    # With the map written from outside, ids stay what they are: then root there is root here.
    process = subprocess.Popen(unshare + ['/bin/sh', '-c', 'read go; exec "$@"', 'sh'] + command,
                               stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT)
    own = os.readlink('/proc/self/ns/user')
    while needs_map and process.poll() is None and os.readlink(f'/proc/{process.pid}/ns/user') == own:
        time.sleep(0.01)
    if needs_map and process.poll() is None:
        for name in ('uid_map', 'gid_map'):
            with open(f'/proc/{process.pid}/{name}', 'w') as out:
                out.write('0 0 65536\n')
    process.communicate(b'go\n')
    return process.returncode


def complaint(log_path):
    """What of a failed run's output is worth showing."""
    with open(log_path, errors='replace') as file:
        lines = [line.rstrip() for line in file.read().replace('\0', '').splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(('E:', 'Err:', 'dpkg: error'))]
    return '\n'.join(errors[:5] + lines[-15:])


def make(path):
    """Make the image. Takes minutes, most of them where i386 programs must be emulated."""
    sources = packages.main_sources()
    if not sources:
        raise Failure(f'no source of this machine\'s apt is Debian {packages.release_codename()}, component main: cannot make the image')
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    log_path = os.path.join(folder, 'build.log')
    emulator = '' if runs_i386() else EMULATOR
    print(f'quartet: making the Debian image; this takes minutes (its log: {log_path})', file=sys.stderr, flush=True)
    work = tempfile.mkdtemp(dir=folder)
    os.chmod(work, 0o755)		# apt's own user has to get through
    try:
        os.mkdir(os.path.join(work, 'top'))
        with open(os.path.join(work, 'main.sources'), 'w') as out:
            out.write('\n'.join(sources))
        new = os.path.join(work, 'image')
        command = [os.path.join(TOOLS, 'in-namespace'), emulator, os.path.join(work, 'top'), new, SIZE, 'mmdebstrap',
                   '--architectures=i386', '--aptopt=Acquire::Languages "none"', '--aptopt=APT::Install-Recommends "false"']
        command += [f'--include={include}' for include in INCLUDES] + [packages.release_codename()]
        with open(log_path, 'wb') as log:
            status = run_in_name_space(command, log)
        if status != 0 or not os.path.exists(new):
            raise Failure(f'cannot make the Debian image (status {status}):\n{complaint(log_path)}')
        os.rename(new, path)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    for old in glob.glob(os.path.join(folder, '*.img')):
        if old != path and time.time() - os.path.getmtime(old) > image.KEEP_SECONDS:
            os.remove(old)


def stock_image():
    """The path of the image as Debian's packages made it. Never changed; made on the first call."""
    path = cache_path('debian', f'{packages.release_codename()}-{digest()}.img')
    if not os.path.exists(path):
        with cache_lock('debian'):
            if not os.path.exists(path):
                make(path)
    os.utime(path)
    return path


def add_files(disk, files):
    """Put files into an image: path -> (bytes, mode). Folders that are missing are made."""
    with tempfile.TemporaryDirectory() as work:
        lines, folders = [], set()
        for place, (path, (content, mode)) in enumerate(sorted(files.items())):
            parts = path.strip('/').split('/')[:-1]
            for depth in range(1, len(parts) + 1):
                folder = '/' + '/'.join(parts[:depth])
                if folder not in folders:
                    folders.add(folder)
                    lines.append(f'mkdir {folder}')		# an error if it is there, and harmless
            source = os.path.join(work, str(place))
            with open(source, 'wb') as out:
                out.write(content)
            lines += [f'rm {path}', f'write {source} {path}', f'set_inode_field {path} mode 0{0o100000 | mode:o}',
                      f'set_inode_field {path} uid 0', f'set_inode_field {path} gid 0']
        said = image.edit_image(disk, '\n'.join(lines) + '\n')
    if 'write: ' in said or 'Could not allocate' in said:
        raise Failure(f'cannot add files to {disk}: {said[-500:]}')


def package_files(names):
    """What more packages put where programs and libraries are looked for, as add_files() takes it."""
    files = {}
    for top in packages.fetch_all(names):
        for folder, _, entries in os.walk(top):
            for name in entries:
                full = os.path.join(folder, name)
                inside = os.path.relpath(full, top)
                if inside.startswith(PROGRAM_FOLDERS) and os.path.exists(full):
                    # A link becomes what it leads to; Debian's /lib and /bin are links themselves.
                    place = inside if inside.startswith('usr/') else f'usr/{inside}'
                    with open(full, 'rb') as file:
                        files[f'/{place}'] = (file.read(), os.stat(full).st_mode & 0o777)
    return files


def own_programs():
    """Quartet's init and tools, as they go into /quartet."""
    files = {}
    for program in glob.glob(build_path('user', '*')):
        if os.path.isfile(program) and os.access(program, os.X_OK):
            with open(program, 'rb') as file:
                files[f'/quartet/{os.path.basename(program)}'] = (file.read(), 0o755)
    return files


def added_to_copy(files=None, name='debian'):
    """
    The path of a copy of the stock image with Quartet's programs and `files` (path -> (bytes, mode))
    in it; kept until one of them changes.
    """
    stock = stock_image()
    files = {**own_programs(), **(files or {})}
    whole = hashlib.sha256(os.path.basename(stock).encode())
    for path, (content, mode) in sorted(files.items()):
        whole.update(f'{path} {mode} {len(content)}\n'.encode() + content)
    path = build_path('images', f'{name}-{whole.hexdigest()[:16]}.img')
    if os.path.exists(path):
        os.utime(path)
        return path
    for old in glob.glob(build_path('images', f'{name}-*.img')):
        if time.time() - os.path.getmtime(old) > image.KEEP_SECONDS:
            os.remove(old)
    new = f'{path}.{os.getpid()}'
    try:
        image.copy_image(stock, new)
        add_files(new, files)
        os.rename(new, path)
    finally:
        if os.path.exists(new):
            os.remove(new)
    return path
