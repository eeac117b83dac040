"""What every part of ./quartet needs: where things are, how to fail, how to run a program."""

import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, 'build')


class Failure(Exception):
    """An error that the user should see as one line, not as a traceback."""


def cache_path(*parts):
    """A path in the cache of downloads, which outlives `make clean`."""
    base = os.environ.get('QUARTET_CACHE')
    if not base:
        base = os.path.join(os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache'), 'quartet')
    return os.path.join(base, *parts)


def build_path(*parts):
    return os.path.join(BUILD, *parts)


def run_quietly(command, what, **options):
    """Run a program; show its output only if it fails, as a Failure that begins with `what`."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, text=True, errors='replace', **options)
    except FileNotFoundError as error:
        raise Failure(f'{what}: {error.filename} is not installed') from None
    if done.returncode != 0:
        raise Failure(f'{what} (status {done.returncode})\n{done.stdout.rstrip()}')
    return done.stdout


def make(*arguments):
    """Run make in the tree; its own messages go to the terminal."""
    jobs = os.cpu_count() or 1
    done = subprocess.run(['make', '--no-print-directory', f'-j{jobs}', *arguments], cwd=ROOT)
    if done.returncode != 0:
        raise Failure('the build failed')


def kernel_path(build='release', compiler='gcc'):
    return build_path(f'{build}-{compiler}', 'quartet.elf')


def build_kernel(build='release', compiler='gcc'):
    """Bring kernel and user programs up to date. Returns the kernel's path."""
    make('--silent', f'BUILD={build}', f'CC={compiler}', 'kernel', 'user')
    return kernel_path(build, compiler)
