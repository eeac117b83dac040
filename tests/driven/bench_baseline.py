"""No row of ./quartet bench has become 5 % dearer than bench/baseline.tsv says, in instructions."""

import sys

from commands import bench

BASELINE, SKIPPED = 'bench/baseline.tsv', 77

if bench.baseline_toolchain(BASELINE) != bench.toolchain():
    print(f'skipped: {BASELINE} was built with {bench.baseline_toolchain(BASELINE)}, this with {bench.toolchain()}')
    sys.exit(SKIPPED)
sys.exit(bench.main(['--quick', '--no-linux', '--baseline', BASELINE]))
