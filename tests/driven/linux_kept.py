"""What has passed on the emulated Linux is known as long as the program is the same, and what failed is not."""

import os
import tempfile
from dataclasses import dataclass

import linux_passes
from common import make
from results import FAILED, PASSED, SKIPPED


@dataclass
class Test:
    name: str
    program: str
    scale: str = '10'
    image: int = 1024


class Told(list):
    def cell(self, *cell):
        self.append(cell)


make('--silent', 'user')
with tempfile.TemporaryDirectory(prefix='quartet-kept-') as folder:
    linux_passes.cache_path = lambda *parts: os.path.join(folder, *parts)
    program = os.path.join(folder, 'program')

    def passes(content, told, **other):
        with open(program, 'w') as file:
            file.write(content)
        test = Test('a', program, **other)
        return linux_passes.LinuxPasses(told, [test]), test

    told = Told()
    kept, test = passes('one', told)
    assert not kept.is_known(test)
    for outcome in FAILED, SKIPPED:
        kept.cell('a', 'Linux', outcome, 'why', 1.0)
        assert not kept.is_known(test)
    kept.cell('a', 'Linux', PASSED, '', 2.0)
    assert kept.is_known(test)
    assert [cell[2] for cell in told] == [FAILED, SKIPPED, PASSED]
    for content, other in (('two', {}), ('one', {'scale': ''}), ('one', {'image': 4096})):
        kept, test = passes(content, told, **other)
        assert not kept.is_known(test), (content, other)
    kept, test = passes('one', told)
    assert kept.is_known(test)
