"""
Linux to measure against: Debian's kernel for i386, without its mitigations, on the same machine.

Its figures are kept in the cache by the kernel's version and all else that could change them, because
booting it takes a while and says the same every time.
"""

import hashlib
import json
import os
import re
import subprocess
import sys

import linux_machine
import ruler
from common import cache_path
from qemu import QEMU

FLAVOUR = '686'		# for one CPU without PAE: the quickest of Debian's
APPEND = 'mitigations=off'


def kernel():
    return linux_machine.kernel(FLAVOUR)


def kept_figures_path(path, mode, effort):
    whole = hashlib.sha256()
    for source in (path, ruler.PROGRAM, ruler.busybox_path()):
        with open(source, 'rb') as file:
            whole.update(file.read())
    emulator = subprocess.run([QEMU, '--version'], stdout=subprocess.PIPE).stdout
    whole.update(emulator + f'{mode} {effort} {ruler.MEMORY} {APPEND}'.encode())
    name = re.search(r'vmlinuz-(.*)', path).group(1)
    return cache_path('bench', f'linux-{name}-{mode}-{whole.hexdigest()[:12]}.json')


def kept_figures(path):
    """What was kept, or {}: a file that a full disk or a lost machine has cut short is as none."""
    try:
        with open(path) as file:
            figures = json.load(file)
    except (OSError, ValueError):
        return {}
    return figures if isinstance(figures, dict) else {}


def measure(mode, rows, effort):
    """One run, now."""
    return ruler.run(kernel(), mode, ruler.script(rows, effort), APPEND, effort.timeout)


def figures(mode, fresh=False):
    """The whole table, kept from an earlier run unless `fresh`."""
    effort = ruler.full_effort(mode)
    kept = kept_figures_path(kernel(), mode, effort)
    known = {} if fresh else kept_figures(kept)
    if known:
        return known
    # Standard output may be the figures themselves.
    print('quartet: measuring Linux; its figures are kept for the next time', file=sys.stderr, flush=True)
    measured = measure(mode, ruler.row_names(), effort)
    os.makedirs(os.path.dirname(kept), exist_ok=True)
    with open(kept + '.new', 'w') as file:
        json.dump(measured, file, indent=1)
    os.rename(kept + '.new', kept)
    return measured
