"""Half a minute of random calls that use each other's results, by an ordinary user: nothing is wrong."""

import os
import sys

from commands import endure

arguments = ['calls', '--rounds', '6', '--seed', os.environ.get('QUARTET_SEED') or '1']
kernel = os.environ.get('QUARTET_KERNEL', '')
sys.exit(endure.main(arguments + (['--kernel', kernel] if kernel else [])))
