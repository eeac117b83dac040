"""
./quartet endure fuzz: libFuzzer gives the kernel's own files, built for the host, inputs that reach ever more of them.

Each tests/fuzz/NAME.c is one fuzzer. What is worth keeping of its inputs stands in tests/fuzz/corpus/NAME.hex, one a line, in
hexadecimal digits; a run begins with them, and with a few that are made here. New ones are kept in build/fuzz until --keep
writes the smallest set that reaches as much back into the tree.
"""

import glob
import os
import re
import shutil
import subprocess

import cpio
from common import ROOT, Failure, build_path, make

# Long enough for all that an input can say; libFuzzer begins with short ones.
LONGEST = 1000
COVERED = re.compile(r'cov: (\d+) ft: \d+ corp: (\d+)/')
PLACES = re.compile(r'Loaded \d+ modules\s+\((\d+) inline 8-bit counters\)')
RUNS = re.compile(r'Done (\d+) runs')


def targets():
    names = (os.path.basename(path).removesuffix('.c') for path in glob.glob(os.path.join(ROOT, 'tests/fuzz/*.c')))
    return sorted(name for name in names if name != 'libfuzzer')


def kept_path(name):
    return os.path.join(ROOT, 'tests/fuzz/corpus', f'{name}.hex')


def seeds(name):
    """Inputs to begin with: those that were kept, and what a fuzzer does not come to by itself."""
    if os.path.exists(kept_path(name)):
        with open(kept_path(name)) as lines:
            yield from (bytes.fromhex(line) for line in lines if not line.startswith('#'))
    if name == 'cpio':
        yield cpio.archive(folders=('dev',), files={'dev/file': (b'contents', 0o644)}, links={'link': 'dev/file'},
                           devices={'dev/null': (0o020666, 1, 3)})


def unpack_corpus(name):
    folder = build_path('fuzz', 'corpus', name)
    os.makedirs(folder, exist_ok=True)
    for number, content in enumerate(seeds(name)):
        with open(os.path.join(folder, f'seed-{number}'), 'wb') as file:
            file.write(content)
    return folder


def keep_corpus(name, folder):
    """Write the smallest inputs that together reach every edge that is reached."""
    least = build_path('fuzz', 'least', name)
    shutil.rmtree(least, ignore_errors=True)
    os.makedirs(least)
    subprocess.run([build_path('fuzz', name), '-merge=1', '-use_counters=0', least, folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   check=True)
    inputs = sorted({open(path, 'rb').read() for path in glob.glob(os.path.join(least, '*'))}, key=lambda text: (len(text), text))
    os.makedirs(os.path.dirname(kept_path(name)), exist_ok=True)
    with open(kept_path(name), 'w') as out:
        out.write(f'# Inputs of tests/fuzz/{name}.c, made by ./quartet endure fuzz {name} --keep.\n')
        out.writelines(f'{text.hex()}\n' for text in inputs)
    return len(inputs)


def summary(name, said):
    covered, places, runs = COVERED.findall(said), PLACES.search(said), RUNS.search(said)
    if not covered or not places or not runs:
        return None
    return f'{name}: {runs[1]} inputs, {covered[-1][0]} of {places[1]} edges reached, {covered[-1][1]} inputs worth keeping'


def run_one(name, seconds):
    """Returns whether nothing was found."""
    folder = unpack_corpus(name)
    prefix = build_path('fuzz', f'{name}-')
    done = subprocess.run([build_path('fuzz', name), f'-max_total_time={seconds}', f'-max_len={LONGEST}', '-timeout=60',
                           '-rss_limit_mb=4096', f'-artifact_prefix={prefix}', folder],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace')
    found = re.search(r'Test unit written to (\S+)', done.stdout)
    told = summary(name, done.stdout)
    if done.returncode == 0 and told:
        print(told, flush=True)
        return True
    report = [line for line in done.stdout.splitlines() if not line.startswith(('#', '\tNEW_FUNC', 'INFO:'))]
    print('\n'.join(report[-60:]))
    print(f'{name}: failed (status {done.returncode})')
    if found:
        print(f'    to see it again: ./quartet endure fuzz {name} --input {os.path.relpath(found[1], ROOT)}', flush=True)
    return False


def build(names):
    make('--silent', *[f'build/fuzz/{name}' for name in names])


def replay(name, path):
    if not os.path.isfile(path):
        raise Failure(f'{path}: no such input')
    return subprocess.run([build_path('fuzz', name), path]).returncode


def run(names, minutes, keep):
    """All of them, in that many minutes; True if nothing was found."""
    good = True
    for name in names:
        good = run_one(name, max(1, int(minutes * 60 / len(names)))) and good
        if keep and good:
            print(f'{name}: {keep_corpus(name, build_path("fuzz", "corpus", name))} inputs kept')
    return good
