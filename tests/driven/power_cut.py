"""Cuts of power at 460 points of logged workloads: nothing that was synced is lost, nothing is torn."""

import os
import sys

from commands import endure

arguments = ['crash', '--workload', 'files', '--points', '230', '--seed']
seed = int(os.environ.get('QUARTET_SEED') or '1')
kernel = os.environ.get('QUARTET_KERNEL', '')
for number in range(2):		# one workload of either kind
    if endure.main([*arguments, str(seed + number)] + (['--kernel', kernel] if kernel else [])):
        sys.exit(1)
