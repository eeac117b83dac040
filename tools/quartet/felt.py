"""
What users feel: whole programs at work, thousands of processes, and every processor busy, on Quartet and on Linux.

The programs are Debian's, in the initramfs that both kernels boot, so that no disk is waited for. Each runs once to be warm
and once to be counted, in instructions. What thousands of processes cost those beside them, and what four processors cost
each other, are rows of the ruler (bench/yardstick/many.c).
"""

import os

import linux_rival
import packages
import ruler
from common import Failure

LIBRARIES = 'lib/i386-linux-gnu'
PACKAGES = ['libc6', 'libc6-dev', 'linux-libc-dev', 'tcc', 'sqlite3', 'libsqlite3-0', 'libreadline8',
            'libtinfo6', 'zlib1g']
# A file of a package by any of its names, and where it goes.
PROGRAM_FILES = ['usr/bin/tcc', 'usr/bin/sqlite3']
LIBRARY_FILES = ['ld-linux.so.2', 'libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0', 'libsqlite3.so.0',
                 'libreadline.so.8', 'libtinfo.so.6', 'libz.so.1']
HEADERS = ['usr/include', 'usr/lib/i386-linux-gnu/tcc']
HEADER_LIMIT = 1 << 20		# bytes of one file; none of C's is so large

SOURCE = '''#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	char text[100];
	for (int i = 0; i < argc; i++)
		snprintf(text, sizeof(text), "%s %zu", argv[i], strlen(argv[i]));
	return puts(text) < 0 ? EXIT_FAILURE : getpid() == 1;
}
'''
INSERTS = 'CREATE TABLE t(n INTEGER PRIMARY KEY, word TEXT);\nBEGIN;\n' + ''.join(
    f"INSERT INTO t VALUES({n}, 'word {n * 7919 % 10007}');\n" for n in range(10000)) + 'COMMIT;\n'

# name, what happens before (not counted), the command, what it is. A place that is written to is new each time.
PROGRAMS = [
    ('shell_true_1000', '', 'i=0; while [ $i -lt 1000 ]; do /bin/true; i=$((i+1)); done', 'a shell starts /bin/true 1,000 times'),
    ('find_wc', '', 'busybox find / -xdev | busybox wc -l >/dev/null', 'find / into wc -l, some thousand files'),
    ('tar_2000', 'busybox rm -f /tmp/t.tar', 'busybox tar cf /tmp/t.tar /files', 'tar of 2,000 files of 1 KiB'),
    ('tcc_compile', '', 'tcc -c /root/p.c -o /tmp/p.o', 'tcc compiles a file of C'),
    ('sqlite_10000', 'busybox rm -f /tmp/db', 'sqlite3 /tmp/db </root/inserts.sql', 'sqlite3: 10,000 inserts, a transaction'),
]
RULED = [('fork_exit_wait', 'fork + exit + wait'), ('fork_4000_alive', '... while 4,000 others sleep'),
         ('pipe_pingpong', 'round trip of two processes'), ('pipe_4000_alive', '... while 4,000 others sleep'),
         ('kill_alone', 'kill(itself, 0)'), ('kill_4000_alive', 'kill(one of 4,000, 0)'),
         ('pipes_16', 'a message, 16 processes in pairs')]
PARALLEL = [('parallel_fault', 'a page touched'), ('parallel_open', 'open + close'),
            ('parallel_pipe', 'round trip of two processes')]
PARALLEL_CPUS = 4


def find(roots, path):
    for root in roots:
        for place in (path, f'usr/{path}'):
            if os.path.exists(os.path.join(root, place)):
                return os.path.join(root, place)
    raise Failure(f'none of {", ".join(PACKAGES)} has {path}')


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def programs():
    """Path -> (bytes, mode) of all that the rows want. A link is taken for what it stands for."""
    roots = packages.fetch_all(PACKAGES)
    files = {path: (read(find(roots, path)), 0o755) for path in PROGRAM_FILES}
    files.update({f'{LIBRARIES}/{name}': (read(find(roots, f'{LIBRARIES}/{name}')), 0o755) for name in LIBRARY_FILES})
    files['lib/ld-linux.so.2'] = files.pop(f'{LIBRARIES}/ld-linux.so.2')
    for root in roots:
        for folder in HEADERS:
            for place, _, names in os.walk(os.path.join(root, folder)):
                for name in names:
                    path = os.path.join(place, name)
                    if os.path.isfile(path) and os.path.getsize(path) < HEADER_LIMIT:
                        files[os.path.relpath(path, root)] = (read(path), 0o644)
    files['bin/true'] = (read(ruler.busybox_path()), 0o755)
    files['root/p.c'] = (SOURCE.encode(), 0o644)
    files['root/inserts.sql'] = (INSERTS.encode(), 0o644)
    files.update({f'files/{n // 100:02}/file-{n % 100:02}': (bytes([97 + n % 26]) * 1024, 0o644) for n in range(2000)})
    return files


def script(wanted):
    """What /init does: each program twice, its time the second time; then the ruler's rows."""
    lines = []
    for name, before, command, _ in PROGRAMS:
        if name in wanted:
            lines += [before, f"sh -c '{command}'", before, f"/bin/yardstick --time {name} /bin/busybox sh -c '{command}'"]
    ruled = [name for name, _ in RULED if name in wanted]
    first = '\n'.join(['export PATH=/bin:/usr/bin', 'sh() { /bin/busybox sh "$@"; }'] + [line for line in lines if line])
    return ruler.script(ruled, ruler.QUICK, first)


def names():
    return [row[0] for row in PROGRAMS + RULED]


def units():
    return {row[0]: row[-1] for row in PROGRAMS + RULED + PARALLEL}


def figures(kernel, wanted, append=''):
    return ruler.run(kernel, 'icount', script(wanted), append, more=programs())


def of_linux(wanted):
    return figures(linux_rival.kernel(), wanted, linux_rival.APPEND)


def parallel(kernel, cpus):
    """Instructions an operation with one process on each of so many processors."""
    return ruler.run(kernel, 'icount', ruler.script([name for name, _ in PARALLEL], ruler.QUICK), cpus=cpus)
