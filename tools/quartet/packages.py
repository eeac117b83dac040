"""
Debian's i386 packages, fetched with the machine's own apt but without telling it.

apt runs with a private configuration: its own lists, cache and (empty) package state, architecture
i386 only, and the machine's sources. So signatures are checked with the machine's keys, proxies, mirrors
and preferences are the machine's, and nothing of the machine is changed: no foreign architecture, no list,
no package. Packages are only unpacked, never installed.

apt itself reads the sources: each becomes a stanza in a file of its own, with all its options but those that
choose architectures. What has no i386, or fails to download, apt leaves out. Which sources are Debian's
their Release files say. Where a whole release is among them packages come from Debian's alone: another archive may have
a package of the same name and a higher version. Else they come from all there are, such as somebody's own copies.

If the newest version of a package cannot be had, because an index names a file that is gone, the older ones
are tried; and at last, from the same mirrors, the release before Debian gave up most of i386: Linux itself
has no package there any more.
"""

import contextlib
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

from common import Failure, cache_lock, cache_path

LAST_WHOLE_RELEASE = 'bookworm'
# Names of options in lines of a .list that are not those of fields (sources.list(5)); `arch` is left out.
OPTION_FIELDS = {'lang': 'Languages', 'target': 'Targets'}
ONE_LINE = re.compile(r'\s*deb\s+(?:\[(?P<options>[^]]*)\]\s*)?(?P<uri>(?:\[[^]]*\]|[^\s[])+)\s+(?P<suite>\S+)(?P<components>.*)')
NO_ARCHITECTURES = {'architectures': None, 'architectures-add': None, 'architectures-remove': None}
# What apt says of anything that went wrong before.
CONSEQUENCES = ('E: Unable to locate package', 'E: The list of sources could not be read')
SOURCE_NAME = re.compile(r'[A-Za-z0-9_-][A-Za-z0-9_.-]*\.(list|sources)')


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


def unquoted(word):
    return word.replace('"', '')


def without_comment(line):
    """A # in brackets, as in the name of a CD, begins none."""
    return re.match(r'(?:\[[^]]*\]|[^#[]|\[)*', line).group(0)


def stanzas_of_lines(text):
    """The lines `deb [options] uri suite component...` of a .list, as stanzas of a .sources."""
    for line in text.splitlines():
        found = ONE_LINE.fullmatch(without_comment(line))
        if not found or found['uri'].startswith('cdrom:'):	# which would have to be put in
            continue
        fields = {'Types': 'deb', 'URIs': unquoted(found['uri']), 'Suites': unquoted(found['suite'])}
        if found['components'].strip():
            fields['Components'] = unquoted(found['components'].strip())
        for option in re.findall(r'(?:"[^"]*"|\S)+', found['options'] or ''):
            name, _, value = unquoted(option).partition('=')
            way = {'+': '-Add', '-': '-Remove'}.get(name[-1:], '')
            name = name.rstrip('+-')
            if value and name != 'arch':
                fields[OPTION_FIELDS.get(name, name) + way] = value.replace(',', ' ')
        yield ''.join(f'{name}: {value}\n' for name, value in fields.items())


def with_fields(stanza, fields):
    """A stanza with these fields, by their names in small letters, in place of its own; None: without."""
    kept, is_kept = [], True
    for line in stanza.splitlines():
        found = re.match(r'([^\s:]+)\s*:', line)
        if found:
            is_kept = found[1].lower() not in fields
        if is_kept:
            kept.append(f'{line}\n')
    return ''.join(kept + [f'{name.capitalize()}: {value}\n' for name, value in fields.items() if value is not None])


def stanzas_of_fields(text):
    """The stanzas of a .sources that are about binary packages, of any architecture. apt sees to Enabled."""
    lines = [line.rstrip() for line in text.split('\n') if not line.startswith('#')]
    for stanza in re.split(r'\n{2,}', '\n'.join(lines).strip('\n')):
        types = re.search(r'^types\s*:(.*(?:\n\s.*)*)', stanza, re.IGNORECASE | re.MULTILINE)
        if types and 'deb' in types[1].split():
            yield with_fields(stanza, {'types': 'deb', **NO_ARCHITECTURES})


def source_files():
    """The files that this machine's apt reads sources from, in its order."""
    told = subprocess.run(['apt-config', 'shell', 'FILE', 'Dir::Etc::sourcelist/f', 'FOLDER', 'Dir::Etc::sourceparts/d'],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    places = dict(re.findall(r"^(\w+)='(.*)'$", told, re.MULTILINE))
    parts = [path for path in sorted(glob.glob(os.path.join(places.get('FOLDER', '/nowhere'), '*')))
             if SOURCE_NAME.fullmatch(os.path.basename(path))]
    return ([places['FILE']] if 'FILE' in places else []) + parts


def machine_sources():
    """The machine's sources of binary packages, as stanzas."""
    stanzas = []
    for path in source_files():
        try:
            with open(path, errors='replace') as file:
                text = file.read()
        except OSError:
            continue
        stanzas += stanzas_of_fields(text) if path.endswith('.sources') else stanzas_of_lines(text)
    return list(dict.fromkeys(stanzas))


class PrivateApt:
    """apt with its own state in the cache folder, for architecture i386."""

    def __init__(self):
        self.folder = cache_path('apt')
        self.sources = os.path.join(self.folder, 'sources')
        self.stanzas = []
        for part in ('state/lists/partial', 'cache/archives/partial', 'sources'):
            os.makedirs(os.path.join(self.folder, part), exist_ok=True)
        open(os.path.join(self.folder, 'status'), 'a').close()
        self.configuration = os.path.join(self.folder, 'apt.conf')
        with open(self.configuration, 'w') as out:
            out.write(self._settings())

    def _settings(self):
        # Hooks are cleared because they are the machine's: some remove files in /var/cache/apt. Of all indexes that
        # the machine wants only those of packages are of use.
        told = subprocess.run(['apt-config', 'dump', 'Acquire::IndexTargets::deb'], stdout=subprocess.PIPE, text=True).stdout
        others = set(re.findall(r'^Acquire::IndexTargets::deb::([^:\s]+) ', told, re.MULTILINE)) - {'Packages'}
        return f'''
Dir::State "{self.folder}/state";
Dir::State::status "{self.folder}/status";
Dir::Cache "{self.folder}/cache";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "{self.sources}";
#clear APT::Architectures;
APT::Architecture "i386";
APT::Architectures {{ "i386"; }};
#clear APT::Update;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
Acquire::Languages "none";
Acquire::Retries "2";
APT::Sandbox::User "{'root' if os.getuid() == 0 else ''}";
APT::Get::List-Cleanup "false";
''' + ''.join(f'Acquire::IndexTargets::deb::{name}::DefaultEnabled "false";\n' for name in sorted(others))

    def _run(self, program, *arguments, **options):
        return subprocess.run([program, '-q', '-c', self.configuration, *arguments], text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, env=dict(os.environ, LC_ALL='C'), **options)

    def use_sources(self, stanzas):
        """Write the sources and fetch their indexes. An index that fails is no error here. Returns what apt said."""
        self._write_sources(stanzas)
        return self._run('apt-get', 'update', stderr=subprocess.STDOUT).stdout

    def _write_sources(self, stanzas):
        """Each into a file of its own, by whose number debian_sources() finds it again."""
        for path in glob.glob(os.path.join(self.sources, '*')):
            os.remove(path)
        self.stanzas = stanzas
        for place, stanza in enumerate(stanzas):
            with open(os.path.join(self.sources, f'{place:03}.sources'), 'w') as out:
                out.write(stanza)

    def use_in_turn(self):
        """Use the machine's sources, and, if the caller goes on, those of the older release. Yields what apt said."""
        said = self.use_sources(machine_sources())
        if self.releases():
            self._write_sources(list(dict.fromkeys(stanza for stanza, _, _ in self.debian_sources())))
        yield said
        older = self.older_sources()
        if older:
            yield self.use_sources(older)

    def debian_sources(self):
        """
        (stanza, suite, codename) of the sources that are Debian's, with component main. One whose Release file could not
        be had is known by its suite alone.
        """
        shape = '$(SOURCESENTRY)|$(RELEASE)|$(COMPONENT)|$(FILENAME)'
        said = self._run('apt-get', 'indextargets', '--no-release-info', '--format', shape, 'Created-By: Packages',
                         'Architecture: i386', stderr=subprocess.DEVNULL).stdout
        found = []
        for line in said.splitlines():
            entry, suite, component, index = line.split('|')
            fields = self._release_fields(index.removesuffix('_main_binary-i386_Packages'))
            fields = fields or {'Origin': 'Debian' if suite == release_codename() else '', 'Codename': suite}
            place = re.search(r'(\d+)\.sources:', entry)
            if place and component == 'main' and fields.get('Origin') == 'Debian':
                found.append((self.stanzas[int(place[1])], suite, fields.get('Codename', '-')))
        return list(dict.fromkeys(found))

    def releases(self):
        """Those of debian_sources() that are whole releases, no updates, which have a - in their codenames."""
        return [found for found in self.debian_sources() if '-' not in found[2]]

    @staticmethod
    def _release_fields(base):
        """What a Release file that apt has fetched says of itself; {} if it has none."""
        for name in ('InRelease', 'Release'):
            with contextlib.suppress(OSError), open(f'{base}_{name}', errors='replace') as file:
                return dict(re.findall(r'^([\w-]+): (.*)$', file.read(), re.MULTILINE))
        return {}

    def older_sources(self):
        """The last release that has everything for i386, from where the machine has its own; after use_sources()."""
        releases = self.releases()
        if any(codename == LAST_WHOLE_RELEASE for _, _, codename in releases):
            return []
        return list(dict.fromkeys(with_fields(stanza, {'suites': LAST_WHOLE_RELEASE, 'components': 'main'})
                                  for stanza, _, _ in releases))

    def download(self, package, folder):
        """Fetch one package into `folder`, the newest that can be had. Returns its path, or None and what apt said."""
        known = self._run('apt-cache', 'madison', package, stderr=subprocess.DEVNULL).stdout
        versions = [line.split('|')[1].strip() for line in known.splitlines() if line.count('|') == 2]
        said = ''
        for wanted in [package] + [f'{package}={version}' for version in dict.fromkeys(versions)]:
            done = self._run('apt-get', 'download', wanted, cwd=folder, stderr=subprocess.STDOUT)
            found = glob.glob(os.path.join(folder, f'{package}_*.deb'))
            if done.returncode == 0 and found:
                return found[0], ''
            said += done.stdout
        return None, said

    def dependencies(self, package):
        """The names that a package depends on, as far as the indexes know it."""
        said = self._run('apt-cache', 'depends', package, stderr=subprocess.DEVNULL).stdout
        return [line.split(':', 1)[1].strip() for line in said.splitlines() if line.strip().startswith('Depends:')]


def main_sources():
    """
    The stanzas of Debian's release that this machine is, component main, for i386: no updates, no backports.
    """
    with cache_lock():
        apt = PrivateApt()
        apt.use_sources(machine_sources())
        return list(dict.fromkeys(with_fields(stanza, {'suites': suite, 'components': 'main', 'architectures': 'i386'})
                                  for stanza, suite, codename in apt.releases() if codename == release_codename()))


def last_error(text):
    """
    Why apt failed, in one line. That an index could not be fetched, is not signed or that a source is none explains why a
    package is unknown.
    """
    errors = [line for line in text.splitlines() if line.startswith(('E:', 'W:', 'Err:'))]
    fetching = [line for line in errors if 'Failed to fetch' in line]
    causes = [line for line in errors if not line.startswith(CONSEQUENCES)]
    return (fetching or causes or errors or ['apt gave no reason'])[-1]


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
        apt, said = PrivateApt(), ''
        for answer in apt.use_in_turn():
            said += answer
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
    if wanted and not machine_sources():
        raise Failure('this machine\'s apt has no source of packages; cannot fetch those for i386')
    os.makedirs(cache_path('i386'), exist_ok=True)
    apt, said, left = PrivateApt(), '', dict(wanted)
    print(f'quartet: fetching {", ".join(wanted)} for i386', file=sys.stderr, flush=True)
    for said in apt.use_in_turn():
        for package, target in list(left.items()):
            with tempfile.TemporaryDirectory(dir=os.path.dirname(target), prefix='.') as work:
                path, refusal = apt.download(package, work)
                if path:
                    unpack(path, target)
                    del left[package]
                said += refusal
        if not left:
            break
    if left:
        raise Failure(f'cannot fetch {", ".join(left)} for i386: {last_error(said)}')
