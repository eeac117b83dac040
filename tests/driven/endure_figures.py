"""
A run of ./quartet endure leaves its figures; full ones, and no others, come into the table that is kept, the last of each kind,
and from there into the document, which the check wants to agree.
"""

import os
import shutil
import tempfile

import endure_record
from commands import endure

with tempfile.TemporaryDirectory() as work:
    for name, path in (('KEPT', endure_record.KEPT), ('DOCUMENT', endure_record.DOCUMENT), ('RUNS', '')):
        copy = os.path.join(work, name)
        if path:
            shutil.copyfile(path, copy)
        setattr(endure_record, name, copy)
    assert endure_record.is_up_to_date()
    before = endure_record.read(endure_record.KEPT)

    # A short run is noted, and changes nothing else.
    assert endure.main(['sim', '--first', '1', '--seeds', '4']) == 0
    (noted,) = endure_record.read(endure_record.RUNS)
    assert noted[:2] == ['part', 'sim, all scenarios'] and noted[4:6] == ['--first 1 --seeds 4', 'passed'], noted
    assert noted[6].startswith('4 seeds from 1 on, ') and noted[6].endswith(' 0 failures'), noted
    endure.main(['document'])
    assert endure_record.read(endure_record.KEPT) == before and endure_record.is_up_to_date()

    # Two full ones of a kind that is there, and one of a new kind; a bar would end a cell.
    endure_record.add('strangers', True, ['--seed', '7'], 1, {'passed': 146, 'failed': 1})
    endure_record.add('strangers', True, [], 0, {'passed': 147, 'failed': 0})
    endure_record.add('new | kind', True, ['a b'], 0, {'rounds': 12345})
    endure_record.take_over()
    assert not endure_record.is_up_to_date()
    endure_record.write_table()
    assert endure_record.is_up_to_date()
    after = endure_record.read(endure_record.KEPT)
    assert len(after) == len(before) + 1, after
    assert [row[3:] for row in after if row[0] == 'strangers'] == [['-', 'passed', '147 passed, 0 failed']], after
    with open(endure_record.DOCUMENT) as file:
        line = next(line for line in file if line.startswith('| new'))
    assert line.startswith('| new \\| kind | 20') and line.endswith(" | `'a b'` | passed | 12,345 rounds |\n"), line
