"""No row of ./quartet bench has become 5 % dearer than bench/baseline.tsv says, in instructions."""

import sys

from commands import bench

sys.exit(bench.main(['--quick', '--no-linux', '--baseline', 'bench/baseline.tsv']))
