"""./quartet profile counts a command's instructions by kernel function, as a table and as a flame graph."""

import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

from common import build_kernel

with tempfile.TemporaryDirectory() as work:
    table, graph = os.path.join(work, 'table'), os.path.join(work, 'graph.svg')
    done = subprocess.run(['./quartet', 'profile', '--flame', graph, '--output', table, '--most', '1000',
                           '--kernel', build_kernel('release'),
                           '--', 'sh', '-c', 'dd if=/dev/zero of=/dev/null bs=1 count=20000; exit 7'],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=200)
    if done.returncode != 7:
        print(f'status {done.returncode}\n{done.stderr[-2000:]}')
        sys.exit(1)
    with open(table) as file:
        lines = file.read().splitlines()
    titles = [title.text for title in xml.etree.ElementTree.parse(graph).iter('{http://www.w3.org/2000/svg}title')]
whole = {}
for line in lines[1:]:
    found = re.match(r'\s*([\d,]+)\s+[\d.]+%\s+([\d,]+)\s+[\d.]+%  (\S.*)$', line)
    if found:
        whole[found.group(3)] = int(found.group(2).replace(',', ''))
in_all = int(lines[-1].split()[0].replace(',', ''))
# 20,000 calls each, of which a call needs from 20 to 2,000 instructions.
for name in ('sys_read', 'sys_write'):
    assert 20_000 * 20 < whole.get(name, 0) < 20_000 * 2_000, (name, whole.get(name), lines[:20])
    assert any(title.startswith(f'{name}: ') for title in titles), name
assert whole['[user mode]'] > 0 and in_all > whole['sys_read'] + whole['sys_write'] + whole['[user mode]']
print(f'{in_all:,} instructions in {len(whole)} functions')
