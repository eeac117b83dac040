"""
What ./quartet bench leaves behind: figures as JSON, a chart, a table in a document, a baseline and the verdict on it.
"""

import contextlib
import io
import json
import os
import subprocess
import tempfile
import xml.etree.ElementTree

import linux_rival
from commands import bench
from common import build_kernel

ROWS = ['null_syscall', 'read_zero_1', 'fork_exit_wait']
KERNEL = build_kernel('release')


def run(*arguments, status=0):
    done = subprocess.run(['./quartet', 'bench', '--quick', '--no-linux', '--kernel', KERNEL, *arguments],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
    assert done.returncode == status, (arguments, done)
    return done


def check_table(printed, figures):
    """The table has a line for each row: name, Linux, Quartet, ratio, goal and whether it is reached."""
    lines = {line.split()[0]: line.split() for line in printed.splitlines() if line.strip()}
    assert lines['row'] == ['row', 'Linux', 'Quartet', 'ratio', 'goal', 'reached'], printed
    for name in ROWS:
        assert lines[name] == [name, '-', bench.show_figure(figures[name]), '-', lines[name][4], 'yes'], lines[name]


def check_chart(path):
    """An axis that goes up by factors of ten, and for each row its name, a bar and a goal."""
    tree = xml.etree.ElementTree.parse(path)
    texts = [each.text for each in tree.iter('{http://www.w3.org/2000/svg}text')]
    bars = [each for each in tree.iter('{http://www.w3.org/2000/svg}rect') if each.get('x') == '150']
    assert {'10', '100', '1 k', '10 k'} <= set(texts) and set(ROWS) <= set(texts), texts
    assert sum('logarithmic' in text for text in texts) == 1, texts
    # The first is the legend's.
    assert len(bars) == len(ROWS) + 1, len(bars)
    widths = [float(bar.get('width')) for bar in bars[1:]]
    assert widths == sorted(widths) and widths[0] > 20, widths


def check_words():
    """Ratios and verdicts, without a machine."""
    ours, theirs = {'a': 50.0, 'b': 50.0, 'c': 'failed open 2'}, {'a': 100.0, 'b': 'skipped'}
    lines = list(bench.table_rows(['a', 'b', 'c'], ours, theirs, {'a': 40.0, 'b': 50.0}))
    assert lines == [('a', '100', '50.0', '0.50', '40.0', '+25%'), ('b', 'skipped', '50.0', '-', '50.0', 'yes'),
                     ('c', '-', 'failed open 2', '-', '-', '')], lines
    assert bench.medians([{'a': 5.0}, {'a': 1.0}, {'a': 2.0}]) == {'a': 2.0}
    assert bench.medians([{'a': 5.0}, {'a': 'failed x 1'}, {'a': 2.0}]) == {'a': 5.0}


def check_linux(kept):
    """Linux is measured where nothing whole is kept, and then no more; standard output stays the caller's."""
    measured = []
    linux_rival.kernel = lambda: ''
    linux_rival.kept_figures_path = lambda *_: kept
    linux_rival.measure = lambda *_: measured.append(1) or {'a': 2.0}
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        for times, content in ((1, None), (2, '{"a": 1.'), (3, ''), (4, '[]')):
            if content is not None:
                with open(kept, 'w') as file:
                    file.write(content)
            assert linux_rival.figures('icount') == linux_rival.figures('icount') == {'a': 2.0}, content
            assert len(measured) == times, content
        linux_rival.figures('icount', fresh=True)
    assert len(measured) == 5 and said.getvalue() == '', said.getvalue()


with tempfile.TemporaryDirectory() as work:
    def path(name, content=None):
        full = os.path.join(work, name)
        if content is not None:
            with open(full, 'w') as file:
                file.write(content)
        return full

    check_words()
    check_linux(path('linux'))
    document = path('document', f'before\n{bench.TABLE_BEGIN}\nold\n{bench.TABLE_END}\nbehind\n')
    done = run('--json', path('figures'), '--plot', path('chart.svg'), '--document', document, '--save-baseline', path('kept'), *ROWS)
    with open(path('figures')) as file:
        figures = json.load(file)
    assert sorted(figures) == ['goal', 'linux', 'mode', 'quartet', 'unit'] and list(figures['quartet']) == ROWS, figures
    assert figures['mode'] == 'icount' and figures['goal']['null_syscall'] == 80, figures
    check_table(done.stdout, figures['quartet'])
    check_chart(path('chart.svg'))
    with open(document) as file:
        text = file.read()
    assert text.startswith('before\n') and text.endswith('\nbehind\n') and 'old' not in text and '| fork_exit_wait |' in text, text

    # The same instructions again, to half a percent; and a baseline that is 5 % off on either side.
    kept = bench.read_table(path('kept'))
    assert list(kept) == ROWS, kept
    head = f'{bench.BUILT_WITH}{bench.toolchain()}\n'
    done = run('--json', '-', '--baseline', path('near', head + ''.join(f'{name}\t{kept[name][0] / 1.045}\n' for name in ROWS)), *ROWS)
    again = json.loads(done.stdout)['quartet']	# and nothing else
    assert all(abs(again[name] / kept[name][0] - 1) < 0.005 for name in ROWS), (again, kept)
    low = path('low', head + f'null_syscall\t{kept["null_syscall"][0]}\nread_zero_1\t{kept["read_zero_1"][0] / 1.07}\n')
    done = run('--json', '-', '--baseline', low, *ROWS, status=1)
    json.loads(done.stdout)
    assert 'read_zero_1: ' in done.stderr and 'null_syscall' not in done.stderr and '+7.' in done.stderr, done.stderr

    # A lower figure stays; one of another compiler does not.
    for compiler, expected in ((bench.toolchain(), 1.0), ('gcc 2', kept['null_syscall'][0])):
        old = path('old', f'{bench.BUILT_WITH}{compiler}\nnull_syscall\t1.0\n')
        run('--save-baseline', old, 'null_syscall')
        assert bench.read_table(old) == {'null_syscall': [expected]} and bench.baseline_toolchain(old) == bench.toolchain()

    # A reader that has seen enough.
    process = subprocess.Popen(['./quartet', 'bench', '--quick', '--no-linux', '--kernel', KERNEL, '--json', '-', 'null_syscall'],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.close()
    assert 'Traceback' not in process.stderr.read() and process.wait() == 1
