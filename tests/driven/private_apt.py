"""
Packages come through apt's private state: an index that fails does not stop it, nothing of the machine changes,
and what cannot be had is told in one line and leaves no half-made folder.
"""

import contextlib
import hashlib
import io
import os
import subprocess
import sys
import tempfile

import packages
from common import Failure

CONTROL = '''Package: quartet-sample
Version: 1.0
Architecture: i386
Maintainer: nobody <nobody@invalid>
Description: a sample
'''


def state_of_the_machine():
    foreign = subprocess.run(['dpkg', '--print-foreign-architectures'], stdout=subprocess.PIPE, check=True).stdout
    times = {path: os.stat(path).st_mtime_ns for path in ('/var/lib/dpkg/status', '/var/lib/apt/lists', '/etc/apt')
             if os.path.exists(path)}
    return foreign, times


def make_repository(folder):
    """A package and its index, as a source that apt trusts."""
    top = os.path.join(folder, 'tree')
    os.makedirs(os.path.join(top, 'DEBIAN'))
    with open(os.path.join(top, 'DEBIAN/control'), 'w') as file:
        file.write(CONTROL)
    with open(os.path.join(top, 'sample'), 'w') as file:
        file.write('content\n')
    os.chmod(folder, 0o755)
    package = os.path.join(folder, 'quartet-sample_1.0_i386.deb')
    subprocess.run(['dpkg-deb', '--root-owner-group', '--build', top, package], check=True, stdout=subprocess.DEVNULL)
    with open(package, 'rb') as file:
        data = file.read()
    with open(os.path.join(folder, 'Packages'), 'w') as file:
        file.write(f'{CONTROL}Filename: ./{os.path.basename(package)}\nSize: {len(data)}\n'
                   f'SHA256: {hashlib.sha256(data).hexdigest()}\n')
    return f'Types: deb\nURIs: file:{folder}\nSuites: ./\nTrusted: yes\nArchitectures: i386\n'


with tempfile.TemporaryDirectory(prefix='quartet-apt-') as work:
    before = state_of_the_machine()
    os.environ['QUARTET_CACHE'] = os.path.join(work, 'cache')
    repository = os.path.join(work, 'repository')
    os.makedirs(repository)
    os.chmod(work, 0o755)
    good = make_repository(repository)
    bad = f'Types: deb\nURIs: file:{work}/nowhere\nSuites: bookworm\nComponents: main\nTrusted: yes\nArchitectures: i386\n'
    packages.machine_sources = lambda: [bad, good]
    # Standard output may be that of a command in the machine.
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        folder = packages.fetch('quartet-sample')
    assert printed.getvalue() == '', printed.getvalue()
    with open(os.path.join(folder, 'sample')) as file:
        assert file.read() == 'content\n'
    try:
        packages.fetch('quartet-missing')
        sys.exit('a package that is not there was fetched')
    except Failure as failure:
        assert 'quartet-missing' in str(failure) and '\n' not in str(failure), failure
    # Since Debian 13, programs are in /usr/bin; and what it has not, Debian 12 has, at the same mirrors.
    program = os.path.join(folder, 'usr/bin/sample')
    os.makedirs(os.path.dirname(program))
    os.rename(os.path.join(folder, 'sample'), program)
    assert packages.program('quartet-sample', 'bin/sample') == program
    trixie = 'Types: deb\nURIs: http://deb.debian.org/debian\nSuites: trixie\nComponents: main\nArchitectures: i386\n'
    packages.release_codename = lambda: 'trixie'
    assert packages.older_sources([trixie, trixie.replace('trixie', 'trixie-updates')]) == [trixie.replace('trixie', 'bookworm')]
    packages.release_codename = lambda: 'bookworm'
    assert packages.older_sources([trixie.replace('trixie', 'bookworm')]) == []
    assert os.listdir(os.path.join(work, 'cache/i386')) == ['quartet-sample'], os.listdir(os.path.join(work, 'cache/i386'))
    assert state_of_the_machine() == before
