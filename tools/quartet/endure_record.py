"""
What runs of ./quartet endure found, kept as figures.

Each run that comes to its end adds a line to build/endure/runs.tsv. ./quartet endure document takes the last full run of each
kind from there into docs/endure.tsv, which is kept with the source, and writes the table of docs/reliability.md from it; `make
docs` writes the table alone, and ./quartet check says if the two differ. A run is full if it did at least what it does unless
told otherwise; so trying something out changes no document.

The lines: kind, date (UTC), kernel (its commit; -dirty: with changes), arguments, outcome, figures. In those that are older
than this file a ≤ stands before the date and the commit by which docs/reliability.md first told the figures.
"""

import os
import shlex
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KEPT = os.path.join(ROOT, 'docs/endure.tsv')
RUNS = os.path.join(ROOT, 'build/endure/runs.tsv')
DOCUMENT = os.path.join(ROOT, 'docs/reliability.md')
BEGIN, END = '<!-- runs: made by ./quartet endure document -->', '<!-- end of the runs -->'
HEADS = ('kind', 'date', 'kernel', 'arguments', 'outcome', 'figures')
FULL, PART, TAB = 'full', 'part', '\t'


def add(kind, is_full, arguments, status, figures):
    """A run has ended. `figures`: name -> number or text, in the order in which they are told."""
    version = subprocess.run(['git', 'describe', '--always', '--dirty', '--exclude', '*'], cwd=ROOT, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True)
    told = ', '.join((f'{value:,} {name}' if isinstance(value, int) else f'{value} {name}').rstrip() for name, value in figures.items())
    fields = (FULL if is_full else PART, kind, time.strftime('%Y-%m-%d', time.gmtime()), version.stdout.strip() or 'unknown',
              shlex.join(arguments) or '-', 'failed' if status else 'passed', told)
    os.makedirs(os.path.dirname(RUNS), exist_ok=True)
    with open(RUNS, 'a') as file:
        file.write('\t'.join(field.replace('\t', ' ').replace('\n', ' ') for field in fields) + '\n')


def read(path):
    """The lines of a table as lists; none if it is not there."""
    try:
        with open(path) as file:
            return [line.rstrip('\n').split('\t') for line in file if line.strip() and not line.startswith('#')]
    except FileNotFoundError:
        return []


def take_over():
    """The last full run of each kind into the kept table, if it is no older than what is there."""
    table = {row[0]: row for row in read(KEPT)}
    for extent, *row in read(RUNS):
        if extent == FULL and len(row) == len(HEADS) and (row[0] not in table or table[row[0]][1].lstrip('≤ ') <= row[1]):
            table[row[0]] = row
    with open(KEPT, 'w') as file:
        file.write('# The last full run of each kind: tools/quartet/endure_record.py. Taken over by ./quartet endure document.\n'
                   f'# {TAB.join(HEADS)}\n' + ''.join(f'{TAB.join(table[kind])}\n' for kind in sorted(table)))


def documented():
    """What docs/reliability.md says, and what it should say."""
    with open(DOCUMENT) as file:
        text = file.read()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    lines = ['| ' + ' | '.join(HEADS) + ' |', '|---' * len(HEADS) + '|']
    for kind, date, kernel, arguments, *others in read(KEPT):
        shown = arguments if arguments == '-' else f'`{arguments}`'
        lines.append('| ' + ' | '.join(word.replace('|', '\\|') for word in (kind, date, kernel, shown, *others)) + ' |')
    return text, before + BEGIN + '\n' + '\n'.join(lines) + '\n' + END + after


def is_up_to_date():
    said, wanted = documented()
    return said == wanted


def write_table():
    said, wanted = documented()
    if said != wanted:
        with open(DOCUMENT, 'w') as file:
            file.write(wanted)


if __name__ == '__main__':
    sys.exit(write_table())
