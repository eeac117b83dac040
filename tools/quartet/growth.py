"""
What grows: operations beside 1 to 10,000 processes, in an address space of as many regions, in a tree of up to 100,000
files, on a file of up to 1 GiB in the page cache and on one with up to 10,000 locks of others; and the way to the first program.
Instructions, on Quartet and on Linux.

The rows are those of bench/yardstick/scale.c. A row is flat if its most is near its least.
"""

import linux_rival
import ruler

MEMORY = 3072			# MiB: a file of 1 GiB, and Linux's 10,000 processes
# Subject, what its sizes are, the sizes, and the rows with what one is. Processes come last: they stay.
SUBJECTS = [
    ('regions', 'regions', (1, 10, 100, 1000, 10000),
     [('regions_mmap', 'mmap + munmap of a page'), ('regions_fault', 'first write to a page')]),
    ('files', 'files in a tree', (1, 10, 100, 1000, 10000, 100000),
     [('files_stat', 'stat of one of them'), ('files_create', 'create + close + unlink beside one')]),
    ('cache', 'MiB of a file in the page cache', (1, 4, 16, 64, 256, 1024),
     [('cache_read', 'pread of a page'), ('cache_fault', 'first read of a mapped page')]),
    ('locks', "others' locks on a file", (1, 10, 100, 1000, 10000),
     [('locks_set', 'lock + unlock of a byte'), ('locks_refused', 'asking for a byte that is locked'), ('locks_close', 'open + close of the file')]),
    ('processes', 'processes asleep', (1, 10, 100, 1000, 10000),
     [('alive_fork', 'fork + exit + wait'), ('alive_kill', 'kill(one of them, 0)'),
      ('alive_switch', 'round trip of two other processes')]),
]
BOOT = 'boot_to_init'


def script():
    lines = [f'cd /tmp; /bin/yardstick --scale {subject}' for subject, *_ in SUBJECTS]
    return ruler.script([], ruler.QUICK, '\n'.join(lines))


def boot_script():
    return f'#!/bin/busybox sh\n/bin/yardstick --since-start {BOOT}\necho "{ruler.DONE}"\n/bin/busybox poweroff -f\n'


def figures(kernel, append=''):
    table = ruler.run(kernel, 'icount', script(), append, memory=MEMORY)
    table.update(ruler.run(kernel, 'icount', boot_script(), append))
    return table


def of_linux():
    return figures(linux_rival.kernel(), linux_rival.APPEND)


def flatness(series):
    """The most by the least, as text; '-' if a figure is missing."""
    if not series or not all(isinstance(figure, float) for figure in series):
        return '-'
    return f'{max(series) / min(series):.2f}'


def names():
    return [BOOT] + [f'{row}_{size}' for _, _, sizes, rows in SUBJECTS for row, _ in rows for size in sizes]


def tables(kernels, show):
    """
    Tables as lists of lines of text, heads first. `kernels`: (name, its figures), ...; `show` makes text of a figure.
    """
    result = [[('row', *(name for name, _ in kernels), 'what one is'),
               (BOOT, *(show(table.get(BOOT)) for _, table in kernels),
                "from the machine's start, firmware too, to the first program of a script in init")]]
    for _, what, sizes, rows in SUBJECTS:
        lines = [('row', 'kernel', *(f'{size:,}' for size in sizes), 'most / least', f'what one is, by {what}')]
        for row, unit in rows:
            for name, table in kernels:
                series = [table.get(f'{row}_{size}') for size in sizes]
                lines.append((row, name, *(show(figure) for figure in series), flatness(series), unit))
        result.append(lines)
    return result
