"""What every part of ./quartet needs: where things are, how to fail, how to run a program."""

import argparse
import contextlib
import fcntl
import functools
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, 'build')
SHORT_BUILD_SECONDS = 10
MULTIBOOT_WITHIN, MULTIBOOT_MAGIC = 8192, b'\x02\xb0\xad\x1b'


class Failure(Exception):
    """An error that the user should see as one line, not as a traceback."""

    status = 1


class Misuse(Failure):
    """Words that no ./quartet could make sense of, whatever is installed, built or there: as a Parser complains."""

    status = 2


class Parser(argparse.ArgumentParser):
    """A parser of options whose complaints are one line."""

    def __init__(self, command):
        super().__init__(prog=f'./quartet {command}', allow_abbrev=False)

    def error(self, message):
        self.exit(Misuse.status, f'quartet: {self.prog.removeprefix("./quartet ")}: {message}; ./quartet help explains\n')


# What words of the user are, for add_argument(type=...). A default is None, for which these are not asked.

def user_path(text):
    """A file or folder. A relative path begins where the user stands, which need not be here."""
    start = os.environ.get('QUARTET_FROM', ROOT)
    if not text:
        raise argparse.ArgumentTypeError('a path is missing')
    return text if os.path.realpath(start) == os.path.realpath(ROOT) else os.path.join(start, text)


def shown_path(path):
    """The same the other way round: a file of ours as the user may write it."""
    return os.path.relpath(path, os.environ.get('QUARTET_FROM', ROOT))


def kernel_file(text):
    """A kernel to start instead of one that is built. QEMU's words about a file that it cannot start are no help."""
    path = os.path.abspath(user_path(text))
    if not os.path.isfile(path):
        raise Failure(f'{path}: no such kernel')
    with open(path, 'rb') as file:
        head = file.read(MULTIBOOT_WITHIN)
    if head[:5] != b'\x7fELF\x01' or MULTIBOOT_MAGIC not in head:
        raise Failure(f'{path}: no kernel: a 32-bit ELF file with a multiboot header')
    return path


def whole_number(text):
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f'{text!r} is not a number')
    return int(text)


def positive_number(text):
    if whole_number(text) < 1:
        raise argparse.ArgumentTypeError('at least 1')
    return int(text)


def seed_number(text):
    """The scheduler's."""
    if whole_number(text) >= 1 << 32:
        raise argparse.ArgumentTypeError(f'{text} is beyond 32 bits')
    return int(text)


def minutes_number(text):
    if not re.fullmatch(r'\d+(\.\d*)?|\.\d+', text, re.ASCII) or float(text) <= 0:
        raise argparse.ArgumentTypeError(f'{text!r} is not a number of minutes')
    return float(text)


def cache_path(*parts):
    """A path in the cache of downloads, which outlives `make clean`."""
    base = os.environ.get('QUARTET_CACHE')
    if not base:
        base = os.path.join(os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache'), 'quartet')
    return os.path.join(base, *parts)


@contextlib.contextmanager
def cache_lock(*parts):
    """One at a time fills the cache, or that folder of it: a second ./quartet waits, and then finds what it wanted."""
    os.makedirs(cache_path(*parts), exist_ok=True)
    with open(cache_path(*parts, 'lock'), 'w') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def build_path(*parts):
    return os.path.join(BUILD, *parts)


def run_quietly(command, what, **options):
    """Run a program; show its output only if it fails, as a Failure that begins with `what`."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, text=True, errors='replace', **options)
    except FileNotFoundError as error:
        raise Failure(f'{what}: {os.path.basename(error.filename)} is not installed') from None
    if done.returncode != 0:
        raise Failure(f'{what} (status {done.returncode})\n{done.stdout.rstrip()}')
    return done.stdout


# An i386 program that exits with status 0: ELF header, one segment of all of it, and exit(0) by int 0x80.
SMALLEST_PROGRAM = (
    b'\x7fELF\1\1\1' + bytes(9) + struct.pack('<HHIIIIIHHHHHH', 2, 3, 1, 0x8048054, 52, 0, 0, 52, 32, 1, 0, 0, 0)
    + struct.pack('<IIIIIIII', 1, 0, 0x8048000, 0x8048000, 93, 93, 5, 4096)
    + b'\xb8\1\0\0\0\x31\xdb\xcd\x80')


@functools.cache
def runs_i386_programs():
    """Whether this machine's kernel executes i386 programs. Some have no part for that."""
    with tempfile.NamedTemporaryFile(suffix='.i386', delete=False) as file:
        file.write(SMALLEST_PROGRAM)
    try:
        os.chmod(file.name, 0o755)
        return subprocess.run([file.name], stdin=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False
    finally:
        os.unlink(file.name)


def i386_command(program, *arguments):
    """
    How to run an i386 program that only computes, such as a unit test. Where the kernel cannot, QEMU's user mode does; it
    is no judge of what Linux does, and the leak sanitizer, which traces its own threads, does not work in it.
    """
    if runs_i386_programs():
        return [program, *arguments]
    return ['env', 'ASAN_OPTIONS=detect_leaks=0', 'qemu-i386', program, *arguments]


def check_output_path(path):
    """A place for an output is wrong before the work for it is done, not after."""
    if path and not os.path.isdir(os.path.dirname(os.path.abspath(path))):
        raise Failure(f'{path}: no such folder')


@contextlib.contextmanager
def build_lock():
    """Two makes in one tree would compile everything twice, and one link what the other is just writing."""
    os.makedirs(BUILD, exist_ok=True)
    if os.path.exists(kernel_path()) and not os.access(BUILD, os.W_OK):
        yield		# another user's tree, in which all may be built already
        return
    with open(build_path('lock'), 'w') as file:
        if not lock_soon(file):
            print('quartet: waiting for another build here', file=sys.stderr, flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def lock_soon(file):
    """Lock it, unless another has it for long. Most builds have nothing to do, and are not worth a word."""
    deadline = time.monotonic() + SHORT_BUILD_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)


def run_make(arguments, **streams):
    """Run make in the tree. Returns whether it succeeded, and what it said if that goes to a pipe."""
    jobs = os.cpu_count() or 1
    with build_lock():
        # A session of its own: Ctrl-C is for us alone, and not for each of its programs to complain of.
        process = subprocess.Popen(['make', '--no-print-directory', f'-j{jobs}', *arguments], cwd=ROOT, stdin=subprocess.DEVNULL,
                                   text=True, errors='replace', start_new_session=True, **streams)
        try:
            said, _ = process.communicate()
        except BaseException:
            # Not SIGKILL: make removes what is half made, which the next build would take for whole.
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
            raise
    return process.returncode == 0, said


def make(*arguments):
    """Run make. What it says goes to standard error: output may be a command's in the machine."""
    is_done, _ = run_make(arguments, stdout=sys.stderr)
    if not is_done:
        raise Failure('the build failed')


def try_make(*arguments):
    """Run make. Returns whether it succeeded, and what it said."""
    return run_make(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def kernel_path(build='release', compiler='gcc'):
    return build_path(f'{build}-{compiler}', 'quartet.elf')


def build_user():
    """Bring the user programs up to date; build_kernel() does it too."""
    make('--silent', 'user')


def build_kernel(build='release', compiler='gcc'):
    """Bring kernel and user programs up to date. Returns the kernel's path."""
    if not os.path.exists(kernel_path(build, compiler)):
        print('quartet: building the kernel', file=sys.stderr, flush=True)
    make('--silent', f'BUILD={build}', f'CC={compiler}', 'kernel', 'user')
    return kernel_path(build, compiler)
