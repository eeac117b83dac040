"""What a user does wrong is told in one line, with a status that says so, and never by a traceback."""

import os
import random
import shutil
import subprocess
import tempfile

import image
from common import build_kernel

KERNEL = os.environ.get('QUARTET_KERNEL') or build_kernel()
WITHOUT_DESKTOP = {name: value for name, value in os.environ.items() if name not in ('DISPLAY', 'WAYLAND_DISPLAY')}
WITHOUT_MAKE = dict(os.environ, MAKEFLAGS='--no-such-option')	# a build would fail


def complaint(*arguments, status=1, stdin=subprocess.DEVNULL, lines=1, program='./quartet', **options):
    done = subprocess.run([program, *arguments], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=120, **options)
    # Other tests build at the same time.
    told = done.stderr.replace('quartet: waiting for another build here\n', '').strip()
    assert done.returncode == status, (arguments, done)
    assert 'Traceback' not in told and told.count('\n') < lines and told.startswith('quartet: '), (arguments, told)
    return told


def machine(*arguments, **options):
    return complaint('run', '--kernel', KERNEL, *arguments, **options)


def check_words():
    assert 'frobnicate' in complaint('frobnicate', status=2)
    for wrong in (['--cpus', '0'], ['--cpus', '9'], ['--cpus', 'two'], ['--memory', '0'], ['--memory', '-5'], ['--memory', '1e3'],
                  ['--memory', '99999999'], ['--disk', 'scsi'], ['--accel', 'hope'], ['--build', 'best'], ['stray'], ['--mem', '64']):
        assert 'run: ' in machine(*wrong, status=2), wrong
    machine('--append', "loglevel='7", status=2)
    assert 'blank' in machine('--append', 'init="/bin/my shell"', status=2)
    machine('--append', 'x' * 1901, status=2)
    for word in ('seed=abc', 'seed=', 'loglevel=-1', 'watchdog=1s'):
        assert word in machine('--append', f'quiet {word}', status=2), word
    machine('--', status=2)
    assert '--screen' in machine('--screen', '--', 'ls', status=2)
    assert '--screen' in complaint('trace', '--screen', '--', 'ls', status=2)
    assert 'one command' in complaint('help', 'run', 'extra', status=2)
    for command, word in (('compat', 'stress-ng'), ('endure', 'siege')):
        assert word in complaint(command, status=2)
        assert word in complaint(command, 'nonsense', status=2)
    if shutil.which('go'):	# else it would be installed first
        complaint('compat', 'go', 'nonsense', status=2)
    for what in 'crash', 'strangers', 'torture':
        complaint('endure', what, '--best', status=2)
    complaint('endure', 'sim', '--seeds', '0', status=2)
    complaint('endure', 'siege', '--seed', str(1 << 32), status=2)
    complaint('endure', 'torture', '--minutes', 'nan', status=2)
    complaint('replay', '--tries', '0', 'fork_inherits', status=2)
    complaint('test', '--seed', '-1', 'fork_inherits', status=2)
    complaint('test', '--kernel', '/no/such/kernel', 'fork_inherits')
    assert 'terminal' in machine('--screen', env=WITHOUT_DESKTOP)
    complaint('run', '--kernel', '/no/such/kernel', '--', 'ls')
    assert 'no kernel' in complaint('run', '--kernel', 'README.md', '--', 'ls')
    assert 'no kernel' in complaint('run', '--kernel', 'build/user/init', '--', 'ls')
    assert 'no such folder' in complaint('run', '--kernel', KERNEL, '--share', '/no/such/folder', '--', 'ls')
    assert 'no such folder' in complaint('trace', '--kernel', KERNEL, '--json', '/no/such/folder/x', '--', 'ls')
    assert 'no such folder' in complaint('profile', '--kernel', KERNEL, '--flame', '/no/such/folder/x', '--', 'ls')
    for option in '--kernel', '--share', '--image':
        complaint('run', option, '', '--', 'ls', status=2)
    complaint('test', '--cpus', '1,9', 'nothing', status=2)
    complaint('test', '--build', 'best', status=2)
    complaint('test', '', status=2)
    complaint('profile', '--most', '-1', '--', 'ls', status=2)
    complaint('bench', '--best', status=2)
    # Before anything is built or measured.
    for option, place, word in (
            ('--baseline', '/no/such/file', 'such'), ('--baseline', '.', 'irectory'), ('--baseline', '/dev/null', 'none of'),
            ('--baseline', 'bench/goals.tsv', 'none of'), ('--baseline', 'README.md', 'README.md'),
            ('--json', '/no/such/folder/x', 'no such folder'), ('--plot', '/no/such/folder/x.svg', 'no such folder'),
            ('--save-baseline', '/no/such/folder/x', 'no such folder'), ('--document', '/no/such/file', 'such'),
            ('--document', 'README.md', 'README.md has no')):
        assert word in complaint('bench', '--kernel', KERNEL, option, place, 'user_loop', env=WITHOUT_MAKE), (option, place)
    assert '.svg' in complaint('bench', '--plot', 'chart.png', status=2)
    complaint('screenshot', '--best', status=2)
    complaint('screenshot', '/no/such/folder/picture.png')
    complaint('check', '--best', status=2)
    complaint('trace', status=2)
    complaint('image', '3k', status=2)
    assert '--share' in complaint('image', 'debian', '--share', '.', status=2)
    assert '--append' in complaint('image', '1k', '--append', 'quiet', status=2)
    complaint('profile', status=2)
    complaint('profile', '--accel', 'kvm', '--', 'true', status=2)
    assert 'desktop' in complaint('debug', '--screen', env=WITHOUT_DESKTOP)
    complaint('bench', 'no_such_row', status=2)
    with tempfile.TemporaryDirectory() as cache:
        told = complaint('bench', '--v86', '--kernel', KERNEL, 'user_loop', lines=2,
                         env=dict(WITHOUT_MAKE, QUARTET_CACHE=cache, npm_config_registry='http://127.0.0.1:9/'))
        assert 'cannot install v86' in told and '127.0.0.1:9' in told, told
    complaint('debug', '--console')


def check_help():
    """All commands fit on one screen, and each says what its options mean."""
    def said(*arguments):
        return subprocess.run(['./quartet', *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                              timeout=60, check=True).stdout
    screen = said('help').splitlines()
    assert len(screen) <= 24 and all(len(line) <= 80 for line in screen), screen
    for command in {line.split()[1] for line in screen if line.startswith('  ./quartet ')}:
        words = said('help', command)
        assert words.startswith(('usage: ./quartet ' + command, './quartet ' + command)), (command, words)
    assert 'megabytes' in said('help', 'run')


def check_files(work):
    def path(name, content=None):
        full = os.path.join(work, name)
        if content is not None:
            with open(full, 'wb') as file:
                file.write(content)
        return full
    assert 'no such image' in machine('--image', path('missing'))
    assert 'no such image' in machine('--image', work)
    # A folder beside an image of one's own is looked at, too.
    assert 'no such folder' in machine('--image', path('any', b'any'), '--share', path('missing'))
    assert 'no ext2' in machine('--image', path('any'), '--share', work)
    if os.getuid() != 0:
        os.chmod(path('any'), 0)
        assert 'may not be read' in machine('--image', path('any'))
    assert 'no ext2' in machine('--image', path('empty', b''))
    assert 'no ext2' in machine('--image', path('zeros', bytes(1 << 20)), '--', 'ls')
    # Who says root= may have partitions; but then there is no place for a command.
    assert 'no command can be put there' in machine('--image', path('zeros'), '--append', 'root=hda1', '--', 'ls')
    assert 'no such folder' in machine('--share', path('missing'))
    assert 'no such folder' in machine('--share', path('file', b'text'))

    # A relative path begins where the user stands.
    assert 'no such image' in machine('--image', 'missing', program=os.path.abspath('quartet'), cwd=work)
    assert 'no ext2' in machine('--image', 'zeros', program=os.path.abspath('quartet'), cwd=work)
    assert 'no such folder' in machine('--share', 'file', program=os.path.abspath('quartet'), cwd=work)

    told = subprocess.run([os.path.abspath('quartet'), 'image', '2k'], cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True, timeout=120, check=True).stdout.strip()
    assert os.path.isfile(os.path.join(work, told)), told

    # A superblock that is one, and garbage behind it.
    garbage = path('garbage')
    image.copy_image(image.cached_image(image.base_tree(), 'root'), garbage)
    with open(garbage, 'r+b') as file:
        file.seek(2048)
        file.write(random.Random(1).randbytes(1 << 20))
    assert 'not in order' in machine('--image', garbage, '--', 'ls')


def check_full_disk(work):
    """Downloads and images have no room; what is half there goes away again."""
    if os.getuid() != 0:
        return
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', work], stderr=subprocess.DEVNULL).returncode != 0:
        return		# a container without that right
    try:
        told = machine('--', 'ls', env=dict(os.environ, TMPDIR=work))
        assert 'o space' in told, told
        assert os.listdir(work) == [], os.listdir(work)
    finally:
        subprocess.run(['umount', work], check=True)


check_words()
check_help()
with tempfile.TemporaryDirectory() as folder:
    check_files(folder)
with tempfile.TemporaryDirectory() as folder:
    check_full_disk(folder)
