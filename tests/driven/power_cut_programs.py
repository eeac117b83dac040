"""Cuts of power at 40 points of SQLite's transactions and git's commits: what was committed is there, and whole."""

import os
import sys

from commands import endure

seed = os.environ.get('QUARTET_SEED') or '1'
kernel = os.environ.get('QUARTET_KERNEL', '')
for kind in ('sqlite', 'git'):
    arguments = ['crash', '--workload', kind, '--points', '20', '--seed', seed]
    if endure.main(arguments + (['--kernel', kernel] if kernel else [])):
        sys.exit(1)
