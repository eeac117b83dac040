"""
Go's own tests of its standard library, from Debian's golang packages, as static 386 programs.

The host's go builds the test programs; no go tool for i386 is in the image. Some tests ask the go tool for a program
and then watch it at work (signals, deadlocks, descriptors): for them tests/compat/go_tool stands where the tool would,
and hands out what the host has built. Each package's sources and test data lie in /goroot, where its tests begin.
"""

import json
import os
import re
import subprocess

from common import ROOT, Failure, build_path

PACKAGES = 'os os/exec os/signal syscall time sync runtime path/filepath io'.split()
# The runtime's tests about things that run in parallel, and about signals; the rest is about the compiler and collector.
RUNTIME_FILES = '''
    chan crash crash_unix lfstack nbpipe norace_linux proc runtime_linux rwmutex sema semasleep
    '''.split()
# The programs that tests ask for: name -> package, relative to the sources.
PROGRAMS = {
    'testprog': 'runtime/testdata/testprog', 'testprognet': 'runtime/testdata/testprognet', 'read3.go': 'os/exec/read3.go'}
GOROOT = '/goroot'		# in the image


def module_of(package):
    return package.replace('/', '-')


MODULES = [module_of(package) for package in PACKAGES]


def go(*arguments, cwd=None):
    """Run the host's go tool, for 386, with a cache of its own and no network."""
    environment = dict(os.environ, CGO_ENABLED='0', GOOS='linux', GOARCH='386', GOCACHE=build_path('go', 'cache'), GOPROXY='off',
                       GOFLAGS='', GOENV='off')
    done = subprocess.run(['go', *arguments], cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise Failure(f'go {" ".join(arguments)}: {done.stdout[-1000:]}')
    return done.stdout


def source_of_deleted(sources):
    """A program that a test of os has in its own text."""
    with open(os.path.join(sources, 'os/executable_test.go')) as file:
        return re.search(r'const testExecutableDeletion = `(.*?)`', file.read(), re.DOTALL).group(1)


def build(sources):
    """Build everything. Returns the folder."""
    out = build_path('go', 'out')
    os.makedirs(out, exist_ok=True)
    for package in PACKAGES:
        # The time zones that tests of time want, which Debian leaves out of its Go, are put into the programs.
        program = os.path.join(out, f'{module_of(package)}.test')
        go('test', '-c', '-vet=off', '-tags', 'timetzdata', '-o', program, package, cwd=sources)
    for name, place in PROGRAMS.items():
        folder, file = (place, '.') if not place.endswith('.go') else os.path.split(place)
        go('build', '-o', os.path.join(out, name), file, cwd=os.path.join(sources, folder))
    source = build_path('go', 'testdel.go')
    with open(source, 'w') as file:
        file.write(source_of_deleted(sources))
    go('build', '-o', os.path.join(out, 'testdel.go'), source)
    return out


def tests_of(package, sources):
    """A pattern of the names of a package's tests."""
    if package != 'runtime':
        return '.'
    names = []
    for name in RUNTIME_FILES:
        with open(os.path.join(sources, f'runtime/{name}_test.go')) as file:
            names += re.findall(r'^func (Test\w+)', file.read(), re.MULTILINE)
    return '(' + '|'.join(names) + ')$'


def read(path):
    with open(path, 'rb') as file:
        return file.read(), os.stat(path).st_mode & 0o777


def files(_modules, _seconds):
    """The test programs, what they ask for, and the sources and test data around them."""
    root = go('env', 'GOROOT').strip()
    sources = os.path.realpath(os.path.join(root, 'src'))
    out = build(sources)
    found = {f'{GOROOT}/bin/go': (read(os.path.join(ROOT, 'tests/compat/go_tool'))[0], 0o755),
             '/tests/lib/loopback.py': read(os.path.join(ROOT, 'tests/compat/loopback.py')),
             f'{GOROOT}/VERSION': read(os.path.join(root, 'VERSION')), f'{GOROOT}/src/go.mod': read(os.path.join(sources, 'go.mod'))}
    program = (read(os.path.join(ROOT, 'tests/compat/go_suite'))[0], 0o755)
    how = {}
    for package in PACKAGES:
        module, folder = module_of(package), os.path.join(sources, package)
        found[f'/tests/{module}'] = program
        found[f'/tests/lib/{module}.test'] = read(os.path.join(out, f'{module}.test'))
        how[module] = {'package': package, 'folder': f'{GOROOT}/src/{package}', 'tests': tests_of(package, sources)}
        for place, folders, names in os.walk(folder):
            if place == folder:
                folders[:] = ['testdata'] if 'testdata' in folders else []
            for name in names:
                full = os.path.join(place, name)
                if os.path.isfile(full):
                    found[f'{GOROOT}/src/{os.path.relpath(full, sources)}'] = read(full)
    for name in [*PROGRAMS, 'testdel.go']:
        found[f'{GOROOT}/prog/{name}'] = read(os.path.join(out, name))
    for folder in ('ken', 'fixedbugs'):	# where a test looks for two folders
        for name in sorted(os.listdir(os.path.join(root, 'test', folder)))[:20]:
            full = os.path.join(root, 'test', folder, name)
            if os.path.isfile(full):
                found[f'{GOROOT}/test/{folder}/{name}'] = read(full)
    found['/tests/lib/go.json'] = (json.dumps({'root': GOROOT, 'modules': how}).encode(), 0o644)
    return found
