"""
./quartet on a machine that lacks packages: they are installed, with apt's lists fetched only if those at hand do not do, or one
line says why not and what to do. The machine is the script with a witness that is not there, and an apt-get of ours. Whether
it runs i386 programs does not matter: it has the emulator.
"""

import os
import shutil
import subprocess
import tempfile

PROGRAMS = ('cat', 'dirname', 'env', 'grep', 'head', 'mktemp', 'readlink', 'rm', 'sh', 'touch')
WITNESS, EMULATOR = '/usr/bin/gdb', '/usr/bin/qemu-i386'
# What it says to `update` and `install` lies in files; it succeeds where there is nothing to be said.
APT_GET = '''#!/bin/sh
for word; do
	case $word in update | install)
		echo $word >>log
		[ ! -s $word ] || { cat $word; exit 100; }
		[ $word != update ] || { ! grep -q locate install || rm install; exit 0; }
		touch gdb
	esac
done
'''


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as file:
        file.write(text)
    os.chmod(path, mode)


def outcome(user=0, **says):
    """The status, what was printed, and what was asked of apt-get, with this user's number and these answers of apt-get."""
    with tempfile.TemporaryDirectory() as machine:
        with open('quartet') as script:
            text = script.read()
        assert WITNESS in text and EMULATOR in text
        write(f'{machine}/quartet', text.replace(WITNESS, f'{machine}/gdb').replace(EMULATOR, f'{machine}/quartet'), 0o755)
        write(f'{machine}/tools/quartet/__main__.py', 'import sys; print("ran", *sys.argv[1:])')
        write(f'{machine}/bin/apt-get', APT_GET, 0o755)
        write(f'{machine}/bin/id', f'#!/bin/sh\n[ "$1" = -u ] && echo {user} || echo joe\n', 0o755)
        for program in PROGRAMS:
            os.symlink(shutil.which(program), f'{machine}/bin/{program}')
        for action, answer in says.items():
            write(f'{machine}/{action}', answer)
        done = subprocess.run([f'{machine}/quartet', 'debug'], env={'PATH': f'{machine}/bin'}, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        asked = ''
        if os.path.exists(f'{machine}/log'):
            with open(f'{machine}/log') as log:
                asked = log.read()
        return done.returncode, done.stdout + done.stderr, asked.split()


def refused(why, asked, **case):
    status, said, log = outcome(**case)
    assert status == 1 and log == asked, (case, status, said, log)
    assert f'{why}; as root run: apt-get update && apt-get install gdb\n' in said, (case, said)


def main():
    status, said, asked = outcome()
    assert status == 0 and said.startswith('ran debug\n') and asked == ['install'], (status, said, asked)
    # The lists at hand are old, or there are none yet.
    status, said, asked = outcome(install='E: Unable to locate package gdb\n')
    assert status == 0 and said.startswith('ran debug\n') and asked == ['install', 'update', 'install'], (status, said, asked)

    refused('joe is not root and has no sudo', [], user=1000)
    everything = ['install', 'update', 'install']
    unknown = 'E: Unable to locate package gdb\n'
    refused('cannot be fetched (no network?)', everything, install=unknown,
            update='W: Failed to fetch http://deb.debian.org/\nE: Some index files failed to download.\n')
    malformed = 'E: Malformed entry 1 in list file /etc/apt/sources.list (Suite)'
    refused(f'cannot be fetched ({malformed})', everything, install=unknown,
            update=f'{malformed}\nE: The list of sources could not be read.\n')
    locked = 'E: Could not get lock /var/lib/dpkg/lock-frontend.'
    refused(f'cannot install them: {locked}', everything, install=f'{locked}\nE: Is another process using it?\n')


main()
