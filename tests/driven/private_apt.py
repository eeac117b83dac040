"""
Packages come through apt's private state, from the machine's sources as sources.list(5) has them, for i386 whatever they say,
and from Debian's alone where its release is among them: an index that fails does not stop it, nothing of the machine changes,
and what cannot be had is told in one line and leaves no half-made folder.
"""

import contextlib
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tempfile

import packages
from common import Failure

CONTROL = '''Package: {name}
Version: {version}
Architecture: i386
Maintainer: nobody <nobody@invalid>
Description: a sample
'''


def state_of_the_machine():
    foreign = subprocess.run(['dpkg', '--print-foreign-architectures'], stdout=subprocess.PIPE, check=True).stdout
    times = {path: os.stat(path).st_mtime_ns for path in ('/var/lib/dpkg/status', '/var/lib/apt/lists', '/etc/apt')
             if os.path.exists(path)}
    return foreign, times


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as file:
        file.write(text)
    return text.encode()


def make_package(folder, version='1.0', name='quartet-sample', fields=''):
    """A package in `folder`, and its paragraph for an index there."""
    top = os.path.join(folder, f'tree-{version}')
    control = CONTROL.format(name=name, version=version) + fields
    write(os.path.join(top, 'DEBIAN/control'), control)
    write(os.path.join(top, 'sample'), f'{version}\n')
    file_name = f'{name}_{version}_i386.deb'
    package = os.path.join(folder, file_name)
    subprocess.run(['dpkg-deb', '--root-owner-group', '--build', top, package], check=True, stdout=subprocess.DEVNULL)
    with open(package, 'rb') as file:
        data = file.read()
    return f'{control}Filename: ./{file_name}\nSize: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n\n'


def make_suite(folder, suite, index, fields='', architecture='i386', is_kept=True):
    """A suite of an archive, component main; without `is_kept` its index is gone."""
    place = f'main/binary-{architecture}/Packages'
    data = write(os.path.join(folder, 'dists', suite, place), index)
    write(os.path.join(folder, 'dists', suite, 'Release'),
          f'{fields}Suite: {suite}\nComponents: main\nArchitectures: {architecture}\n'
          f'SHA256:\n {hashlib.sha256(data).hexdigest()} {len(data)} {place}\n')
    if not is_kept:
        os.remove(os.path.join(folder, 'dists', suite, place))


@contextlib.contextmanager
def machine_with(**files):
    """A machine whose apt has these files of sources and no others, and which has fetched nothing yet. Gives its folder."""
    with tempfile.TemporaryDirectory(prefix='quartet-apt-') as work:
        os.chmod(work, 0o755)
        write(os.path.join(work, 'apt.conf'), f'Dir::Etc::sourcelist "{work}/sources.list";\n'
                                              f'Dir::Etc::sourceparts "{work}/parts";\n')
        os.mkdir(os.path.join(work, 'parts'))
        os.environ.update({'APT_CONFIG': os.path.join(work, 'apt.conf'), 'QUARTET_CACHE': os.path.join(work, 'cache')})
        for name, text in files.items():
            name = name.replace('__', '.')
            write(os.path.join(work, name if name == 'sources.list' else f'parts/{name}'), text)
        yield work


def fetched(name='quartet-sample'):
    """What the package holds. Standard output may be that of a command in the machine."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        folder = packages.fetch(name)
    assert printed.getvalue() == '', printed.getvalue()
    with open(os.path.join(folder, 'sample')) as file:
        return file.read()


def refusal(name):
    try:
        packages.fetch(name)
    except Failure as failure:
        assert name in str(failure) and '\n' not in str(failure), failure
        return str(failure)
    sys.exit(f'{name} was fetched')


def check_one_line(archive):
    """Options, comments, blanks, an archive whose name tells nothing, and for another architecture only."""
    odd = f'''# Ours
deb-src [trusted=yes] file:{archive}/flat ./
\t deb [ arch=amd64,arm64 trusted=yes ]\tfile:{archive}/flat   ./   # not i386? We shall see.
#deb [trusted=yes] file:{archive}/newer ./
deb cdrom:[Debian GNU/Linux 12 #1 Official]/ bookworm main
deb [trusted=yes] file:{archive}/nowhere bookworm main
'''
    with machine_with(sources__list=odd, backup__list__save=f'deb [trusted=yes] file:{archive}/newer ./\n'):
        assert fetched() == '1.0\n'
        refusal('quartet-missing')
        assert os.listdir(packages.cache_path('i386')) == ['quartet-sample'], os.listdir(packages.cache_path('i386'))
    # What is not signed is not trusted, unless it says so.
    for no in '', '[trusted=no] ', '[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ':
        with machine_with(local__list=f'deb {no}file:{archive}/flat ./\n'):
            told = refusal('quartet-sample')
            assert 'The repository' in told, told


def check_stanzas(archive):
    """Several of everything, off in other words than `no`, and folded."""
    odd = f'''# The archive
Types: deb-src deb
URIs: file:{archive}/nowhere
# and where it is
 file:{archive}/suites
suites: broken
 whole
Components:
 main
ARCHITECTURES: amd64
Architectures-Remove: i386
X-Note: # no comment
Trusted: yes

'''
    odd += ''.join(f'Types: deb\nURIs: file:{archive}/newer\nSuites: ./\nTrusted: yes\nEnabled: {no}\n\n'
                   for no in ('no', 'false', 'No', 'off'))
    with machine_with(odd__sources=odd):
        assert fetched() == '1.0\n'
    with machine_with(odd__sources=odd.replace('Enabled: off', 'Enabled: yes')):
        assert fetched() == '2.0\n'
    with machine_with(broken__sources='Types: deb\nURIs: file:/\n'):
        assert 'Malformed' in refusal('quartet-sample')


def check_mirrors(archive):
    with machine_with(mirrors__list=f'deb [trusted=yes] mirror+file:{archive}/mirrors whole main\n'):
        assert fetched() == '1.0\n'


def check_gone(archive):
    """The newest is in an index, and nowhere else: the one before it will do."""
    with machine_with(sources__list=f'deb [trusted=yes] file:{archive}/gone ./\ndeb [trusted=yes] file:{archive}/flat ./\n'):
        assert fetched() == '1.0\n'


def check_older(archive):
    """Debian 13 has no i386 any more for some; Debian 12, from the same place, has. Nobody else's archive is asked for it."""
    sources = f'deb [trusted=yes arch=amd64] file:{archive}/debian {{suite}} main contrib\n' \
              f'deb [trusted=yes] file:{archive}/suites whole main\n'
    for suite in 'trixie', 'stable':
        with machine_with(sources__list=sources.format(suite=suite)):
            assert fetched('quartet-old') == '1.0\n'
            # What the stock image is made from, on a machine that is Debian 13.
            told = packages.main_sources()
            assert told == [f'Types: deb\nURIs: file:{archive}/debian\ntrusted: yes\nSuites: {suite}\nComponents: main\n'
                            'Architectures: i386\n'], told
    with machine_with(sources__list=f'deb [trusted=yes] file:{archive}/debian bookworm-updates main\n'):
        refusal('quartet-old')


def check_whose(archive):
    """Where Debian's release is among the sources, its package is taken, though another archive has a newer one."""
    other = f'deb [trusted=yes] file:{archive}/newer ./\ndeb [trusted=yes] file:{archive}/strangers whole main\n'
    debian = f'deb [trusted=yes] file:{archive}/debian bookworm main\n'
    with machine_with(sources__list=other + debian):
        assert fetched() == '1.0\n'
    with machine_with(sources__list=debian, other__list=other):
        assert fetched() == '1.0\n'
        assert packages.newest_dependency('linux-image-sample', 'linux-image-') == 'linux-image-1-sample'
    # Its updates are Debian's, too, but nothing to live from.
    with machine_with(sources__list=debian + other + f'deb [trusted=yes] file:{archive}/debian bookworm-security main\n'):
        assert fetched() == '1.1\n'
    with machine_with(sources__list=other + f'deb [trusted=yes] file:{archive}/debian bookworm-updates main\n'):
        assert fetched() == '2.0\n'


def make_archive(archive):
    old = make_package(f'{archive}/flat')
    write(f'{archive}/flat/Packages', old)
    write(f'{archive}/newer/Packages', make_package(f'{archive}/newer', '2.0'))
    write(f'{archive}/gone/Packages', make_package(f'{archive}/gone', '3.0'))
    os.remove(f'{archive}/gone/quartet-sample_3.0_i386.deb')
    index = make_package(f'{archive}/suites')
    make_suite(f'{archive}/suites', 'broken', index, is_kept=False)
    make_suite(f'{archive}/suites', 'whole', index)
    write(f'{archive}/mirrors', f'file:{archive}/suites/\n')
    for suite, codename in (('trixie', 'trixie'), ('stable', 'trixie'), ('bookworm-updates', 'bookworm-updates')):
        make_suite(f'{archive}/debian', suite, '', f'Origin: Debian\nLabel: Debian\nCodename: {codename}\n', 'amd64')
    image = 'linux-image-sample'
    debian = ''.join(make_package(f'{archive}/debian', **package) for package in (
        {'name': 'quartet-old'}, {}, {'name': 'linux-image-1-sample'}, {'name': image, 'fields': 'Depends: linux-image-1-sample\n'}))
    make_suite(f'{archive}/debian', 'bookworm', debian, 'Origin: Debian\nLabel: Debian\nCodename: bookworm\n')
    make_suite(f'{archive}/debian', 'bookworm-security', make_package(f'{archive}/debian', '1.1'),
               'Origin: Debian\nLabel: Debian-Security\nCodename: bookworm-security\n')
    make_suite(f'{archive}/strangers', 'whole', make_package(f'{archive}/strangers', '9', image, 'Depends: linux-image-1\n'),
               'Origin: Strangers\nCodename: whole\n')


def check_programs(archive):
    """Since Debian 13, programs are in /usr/bin."""
    with machine_with(sources__list=f'deb [trusted=yes] file:{archive}/flat ./\n'):
        folder = packages.fetch('quartet-sample')
        program = os.path.join(folder, 'usr/bin/sample')
        os.makedirs(os.path.dirname(program))
        os.rename(os.path.join(folder, 'sample'), program)
        assert packages.program('quartet-sample', 'bin/sample') == program


def main():
    before = state_of_the_machine()
    archive = tempfile.mkdtemp(prefix='quartet-archive-')
    os.chmod(archive, 0o755)
    try:
        make_archive(archive)
        packages.release_codename = lambda: 'trixie'
        for check in check_one_line, check_stanzas, check_mirrors, check_gone, check_older, check_whose, check_programs:
            check(archive)
    finally:
        shutil.rmtree(archive)
    with machine_with():
        assert 'no source' in refusal_of_nothing()
    assert state_of_the_machine() == before


def refusal_of_nothing():
    try:
        packages.fetch('quartet-sample')
    except Failure as failure:
        return str(failure)
    sys.exit('a package was fetched from nowhere')


main()
