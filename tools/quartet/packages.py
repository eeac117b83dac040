"""
Debian's i386 packages, fetched with the machine's own apt but without telling it.

apt runs with a private configuration: its own lists, cache and (empty) package state, architecture
i386 only, and those of the machine's sources that are Debian. So signatures are checked with the
machine's keys, proxies and mirrors are the machine's, and nothing of the machine is changed: no
foreign architecture, no list, no package. Packages are only unpacked, never installed.

Sources are tried together first. If a package cannot be had that way, because a suite's index for i386
fails to download or names a file that is gone, each source is tried alone; and at last, from the same
mirrors, the release before Debian gave up most of i386: Linux itself has no package there any more.
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

from common import Failure, cache_lock, cache_path

LAST_WHOLE_RELEASE = 'bookworm'
SUITE_ALIASES = {'stable', 'testing', 'unstable', 'sid', 'oldstable'}
SUITE_SUFFIXES = ('-updates', '-security', '-backports', '/updates', '-proposed-updates')


def release_codename():
    """VERSION_CODENAME of this machine, such as bookworm; '' if it does not say."""
    try:
        with open('/etc/os-release') as lines:
            for line in lines:
                key, _, value = line.strip().partition('=')
                if key == 'VERSION_CODENAME':
                    return value.strip('"')
    except OSError:
        pass
    return ''


def parse_one_line(text):
    """Sources of the form `deb [options] uri suite component...`, as dictionaries."""
    for line in text.splitlines():
        line = line.split('#', 1)[0].strip()
        if not line.startswith('deb '):
            continue
        rest, options = line[4:].strip(), {}
        if rest.startswith('['):
            inside, _, rest = rest[1:].partition(']')
            for word in inside.split():
                key, _, value = word.partition('=')
                options[key.rstrip('+-').lower()] = value
        words = rest.split()
        if len(words) >= 2:
            yield {'uris': [words[0]], 'suites': [words[1]], 'components': words[2:],
                   'signed-by': options.get('signed-by', '')}


def parse_deb822(text):
    """Sources of the form `Types: deb`, `URIs: ...`, one paragraph each."""
    paragraph, key = {}, None
    for line in text.splitlines() + ['']:
        if line.startswith('#'):
            continue
        if line.strip() == '':
            if 'deb' in paragraph.get('types', '').split() and paragraph.get('enabled', 'yes').strip() != 'no':
                yield {'uris': paragraph.get('uris', '').split(), 'suites': paragraph.get('suites', '').split(),
                       'components': paragraph.get('components', '').split(),
                       'signed-by': paragraph.get('signed-by', '')}
            paragraph, key = {}, None
        elif line[0] in ' \t' and key:
            paragraph[key] += '\n' + line
        else:
            key, _, value = line.partition(':')
            key = key.strip().lower()
            paragraph[key] = value.strip()


def is_debian(uri, suite, components):
    base = suite
    for suffix in SUITE_SUFFIXES:
        base = base.removesuffix(suffix)
    return 'debian' in uri and 'main' in components and (base == release_codename() or base in SUITE_ALIASES)


def machine_sources():
    """Paragraphs in deb822 form, one for each Debian suite that the machine's apt uses."""
    entries = []
    files = ['/etc/apt/sources.list'] + sorted(glob.glob('/etc/apt/sources.list.d/*'))
    for path in files:
        try:
            with open(path) as file:
                text = file.read()
        except OSError:
            continue
        if path.endswith('.list'):
            entries += parse_one_line(text)
        elif path.endswith('.sources'):
            entries += parse_deb822(text)
    paragraphs = []
    for entry in entries:
        for uri in entry['uris']:
            for suite in entry['suites']:
                if not is_debian(uri, suite, entry['components']):
                    continue
                paragraph = f'Types: deb\nURIs: {uri}\nSuites: {suite}\nComponents: main\nArchitectures: i386\n'
                if entry['signed-by']:
                    paragraph += f'Signed-By: {entry["signed-by"]}\n'
                if paragraph not in paragraphs:
                    paragraphs.append(paragraph)
    return paragraphs


def older_sources(paragraphs):
    """The last release that has everything for i386, from the mirrors that the machine uses for its own."""
    codename = release_codename()
    if codename == LAST_WHOLE_RELEASE:
        return []
    lines = {f'\nSuites: {suite}\n' for suite in (codename, *SUITE_ALIASES)}
    return [paragraph.replace(line, f'\nSuites: {LAST_WHOLE_RELEASE}\n') for paragraph in paragraphs
            for line in lines if line in paragraph]


class PrivateApt:
    """apt with its own state in the cache folder, for architecture i386."""

    def __init__(self):
        self.folder = cache_path('apt')
        for part in ('state/lists/partial', 'cache/archives/partial', 'sources', 'empty'):
            os.makedirs(os.path.join(self.folder, part), exist_ok=True)
        open(os.path.join(self.folder, 'status'), 'a').close()
        self.configuration = os.path.join(self.folder, 'apt.conf')
        with open(self.configuration, 'w') as out:
            out.write(self._settings())

    def _settings(self):
        # Hooks are cleared because they are the machine's: some remove files in /var/cache/apt.
        return f'''
Dir::State "{self.folder}/state";
Dir::State::status "{self.folder}/status";
Dir::Cache "{self.folder}/cache";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "{self.folder}/sources";
Dir::Etc::preferencesparts "{self.folder}/empty";
#clear APT::Architectures;
APT::Architecture "i386";
APT::Architectures {{ "i386"; }};
#clear APT::Update;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
#clear Acquire::IndexTargets::deb::Contents-deb;
Acquire::Languages "none";
Acquire::Retries "2";
APT::Sandbox::User "{'root' if os.getuid() == 0 else ''}";
APT::Get::List-Cleanup "false";
'''

    def _run(self, *arguments, cwd=None):
        return subprocess.run(['apt-get', '-q', '-c', self.configuration, *arguments], cwd=cwd, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=dict(os.environ, LC_ALL='C'))

    def use_sources(self, paragraphs):
        """Write the sources and fetch their indexes. An index that fails is no error here."""
        with open(os.path.join(self.folder, 'sources', 'debian.sources'), 'w') as out:
            out.write('\n'.join(paragraphs))
        return self._run('update').stdout

    def download(self, package, folder):
        """Fetch one package into `folder`. Returns its path, or None and what apt said."""
        done = self._run('download', package, cwd=folder)
        found = glob.glob(os.path.join(folder, f'{package}_*.deb'))
        if done.returncode == 0 and found:
            return found[0], ''
        return None, done.stdout


    def dependencies(self, package):
        """The names that a package depends on, as far as the indexes know it."""
        done = subprocess.run(['apt-cache', '-c', self.configuration, 'depends', package], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              env=dict(os.environ, LC_ALL='C'))
        return [line.split(':', 1)[1].strip() for line in done.stdout.splitlines() if line.strip().startswith('Depends:')]


def last_error(text):
    """Why apt failed, in one line. That no index could be fetched explains why a package is unknown."""
    errors = [line for line in text.splitlines() if line.startswith(('E:', 'W:', 'Err:'))]
    fetching = [line for line in errors if 'Failed to fetch' in line]
    return (fetching or errors or ['apt gave no reason'])[-1]


def newest_dependency(package, prefix):
    """
    What a package such as linux-image-686 stands for now: the first package with this prefix that it depends on.
    What was unpacked before is good enough, so that tests do not wait for the network.
    """
    flavour = package.removeprefix(prefix)
    known = [os.path.basename(path) for path in glob.glob(cache_path('i386', f'{prefix}[0-9]*-{flavour}'))]
    if known:
        return max(known, key=lambda name: [int(part) for part in re.findall(r'[0-9]+', name)])
    with cache_lock():
        apt, said, sources = PrivateApt(), '', machine_sources()
        for attempt in filter(None, (sources, older_sources(sources))):
            said += apt.use_sources(attempt)
            for name in apt.dependencies(package):
                if name.startswith(prefix):
                    return name
    raise Failure(f'cannot find {package} for i386: {last_error(said)}')


def fetch(package):
    """The folder that holds the unpacked i386 package; downloaded on the first call ever."""
    return fetch_all([package])[0]


def program(package, path):
    """A program of the package, such as bin/busybox. Debian 13 has what was in /bin in /usr/bin."""
    folder = fetch(package)
    for place in (path, f'usr/{path}'):
        if os.path.exists(os.path.join(folder, place)):
            return os.path.join(folder, place)
    raise Failure(f'the package {package} has no {path}')


def fetch_all(names):
    """The same for many packages, with the indexes asked but once."""
    targets = {name: cache_path('i386', name) for name in names}
    if not all(os.path.exists(target) for target in targets.values()):
        with cache_lock():
            download({name: target for name, target in targets.items() if not os.path.exists(target)})
    return list(targets.values())


def unpack(path, target):
    """Make `target`, the unpacked package, whole or not at all."""
    work = f'{target}.{os.getpid()}'
    shutil.rmtree(work, ignore_errors=True)
    try:
        if subprocess.run(['dpkg-deb', '-x', path, work]).returncode != 0:
            raise Failure(f'cannot unpack {path}')
        os.rename(work, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def download(wanted):
    """Fetch and unpack packages: name -> folder to be made."""
    paragraphs = machine_sources()
    if wanted and not paragraphs:
        raise Failure('no Debian source with component main in /etc/apt; cannot fetch i386 packages')
    os.makedirs(cache_path('i386'), exist_ok=True)
    apt, said, left = PrivateApt(), '', dict(wanted)
    print(f'quartet: fetching {", ".join(wanted)} for i386', file=sys.stderr, flush=True)
    attempts = [paragraphs] + ([[one] for one in paragraphs] if len(paragraphs) > 1 else [])
    for attempt in filter(None, [*attempts, older_sources(paragraphs)]):
        if not left:
            break
        said = apt.use_sources(attempt)
        for package, target in list(left.items()):
            with tempfile.TemporaryDirectory(dir=os.path.dirname(target), prefix='.') as work:
                path, refusal = apt.download(package, work)
                if path:
                    unpack(path, target)
                    del left[package]
                said += refusal
    if left:
        raise Failure(f'cannot fetch {", ".join(left)} for i386: {last_error(said)}')
