"""./quartet bench: the ruler on Quartet and on Linux, side by side."""

import fnmatch
import json
import os
import platform
import statistics
import subprocess
import sys

import boot_cost
import chart
import felt
import growth
import linux_rival
import ruler
import v86
from common import ROOT, Failure, Misuse, Parser, build_kernel, check_output_path, kernel_file, user_path

GOALS = os.path.join(ROOT, 'bench/goals.tsv')
TOLERANCE = 1.05		# a row this much dearer than its baseline is a failure
# Whether a thread has gone before it is joined depends on a hair: its cost has several values, and none is wrong.
NOT_IN_BASELINE = ('libc_pthread',)
RUNS = 5			# of each kernel, in turn, where the host's clock measures
UNITS = {'icount': 'instructions an operation', 'time': 'host clock ticks an operation (plain TCG)',
         'v86': 'ns an operation (v86)'}
RING_BEGIN, RING_END = '<!-- ring: made by ./quartet bench --ring --document -->', '<!-- end of the ring -->'
# Where time is measured: at most so much of Linux's.
TIME_GOAL = 0.6
TIME_MARKS = {mode: (f'<!-- {mode}: made by ./quartet bench --{mode} --document -->', f'<!-- end of {mode} -->')
              for mode in ('time', 'v86')}
ALL_EVENTS = 'echo ffffffff >/proc/quartet/event_mask'
GROWTH_BEGIN, GROWTH_END = '<!-- growth: made by ./quartet bench --growth --document -->', '<!-- end of what grows -->'
FELT_BEGIN, FELT_END = '<!-- felt: made by ./quartet bench --felt --document -->', '<!-- end of what is felt -->'
TABLE_BEGIN, TABLE_END = '<!-- table: made by ./quartet bench --document -->', '<!-- end of the table -->'


def json_place(text):
    return text if text == '-' else user_path(text)


def parse(arguments):
    parser = Parser('bench')
    parser.add_argument('patterns', nargs='*', metavar='ROW', help='names of rows, with * and ?; all without any')
    how = parser.add_mutually_exclusive_group()
    how.add_argument('--icount', dest='mode', action='store_const', const='icount', help='count instructions (default)')
    how.add_argument('--time', dest='mode', action='store_const', const='time',
                     help=f'plain TCG, medians of {RUNS} runs of each kernel in turn')
    how.add_argument('--v86', dest='mode', action='store_const', const='v86', help='in v86 under Node')
    parser.set_defaults(mode='icount')
    parser.add_argument('--quick', action='store_true', help='short rounds: a few seconds for all rows')
    parser.add_argument('--felt', action='store_true',
                        help='what users feel: programs at work, thousands of processes, four busy processors')
    parser.add_argument('--growth', action='store_true',
                        help='boot, and what many processes, regions, files, pages and locks cost')
    parser.add_argument('--ring', action='store_true', help='what the event ring costs when every event is recorded')
    parser.add_argument('--no-linux', action='store_true', help='Quartet alone')
    parser.add_argument('--fresh', action='store_true', help="measure Linux again instead of taking its kept figures")
    parser.add_argument('--json', type=json_place, metavar='FILE', help='write the figures; - is standard output instead of the table')
    parser.add_argument('--plot', type=user_path, metavar='FILE.svg', help='write a bar chart')
    parser.add_argument('--document', type=user_path, metavar='FILE', help='put the table into a document, between its marks')
    parser.add_argument('--baseline', type=user_path, metavar='FILE', help='fail if a row is 5 %% dearer than that table says')
    parser.add_argument('--save-baseline', type=user_path, metavar='FILE', help='write that table')
    parser.add_argument('--kernel', type=kernel_file, metavar='FILE', help='measure this kernel instead of building one')
    parser.add_argument('--cc', choices=('gcc', 'clang'), default='gcc')
    options = parser.parse_args(arguments)
    if options.mode != 'icount' and (options.baseline or options.save_baseline):
        parser.error('a baseline is in instructions: use --icount')
    if options.ring and (options.mode != 'icount' or options.baseline or options.save_baseline or options.plot or options.json):
        parser.error('--ring goes with rows, --quick, --document and --kernel alone')
    if (options.felt or options.growth) and (options.mode != 'icount' or options.baseline or options.save_baseline or options.plot or options.json
                         or options.quick or options.patterns):
        parser.error('--felt and --growth go with --no-linux, --document and --kernel alone')
    if options.plot and not options.plot.lower().endswith('.svg'):
        parser.error('--plot: the chart is an SVG, so its name has to end in .svg')
    return options


def check_files(options, rows):
    """What is wrong with files, or missing, is told before minutes of measuring, not after."""
    for path in (None if options.json == '-' else options.json, options.plot, options.save_baseline):
        check_output_path(path)
    if options.document:
        marks_in(options.document, *document_marks(options))
    if options.baseline and not any(name in rows for name in read_table(options.baseline)):
        raise Failure(f'{options.baseline} has none of these rows')
    if options.save_baseline and os.path.exists(options.save_baseline):
        read_table(options.save_baseline)
    if options.mode == 'v86':
        v86.v86_folder()


def document_marks(options):
    """Where in a document the table of this kind stands."""
    if options.felt:
        return FELT_BEGIN, FELT_END
    if options.growth:
        return GROWTH_BEGIN, GROWTH_END
    if options.ring:
        return RING_BEGIN, RING_END
    return TIME_MARKS.get(options.mode, (TABLE_BEGIN, TABLE_END))


def row_names(mode, patterns=()):
    """The ruler's rows; where instructions are counted, also what it costs to boot."""
    is_wanted = mode == 'icount' and (not patterns or any(fnmatch.fnmatchcase(boot_cost.ROW, each) for each in patterns))
    return ruler.row_names(patterns) + [boot_cost.ROW] * is_wanted


def read_table(path):
    """Row -> numbers, of a file of tab-separated lines."""
    table = {}
    try:
        with open(path) as lines:
            for line in lines:
                if line.strip() and not line.startswith('#'):
                    name, *numbers = line.rstrip('\n').split('\t')
                    table[name] = [float(number) for number in numbers]
                    if not numbers:
                        raise ValueError(f'no number in the line "{name.strip()}"')
    except OSError as error:
        raise Failure(f'{path}: {error.strerror}') from None
    except ValueError as error:
        raise Failure(f'{path}: {error}') from None
    return table


def medians(runs):
    """Row by row the median of several runs' figures; a word instead of a figure stays that word."""
    result = {}
    for name in runs[0]:
        figures = [run.get(name) for run in runs]
        numbers = [figure for figure in figures if isinstance(figure, float)]
        result[name] = statistics.median(numbers) if len(numbers) == len(runs) else figures[0]
    return result


def measure(options, rows, kernel):
    """Figures of Quartet, and of Linux or {}."""
    effort = ruler.QUICK if options.quick else ruler.full_effort(options.mode)
    wants_linux = not options.no_linux
    ruled = [name for name in rows if name != boot_cost.ROW]

    def quartet():
        table = ruler.run(kernel, options.mode, ruler.script(ruled, effort), timeout=effort.timeout) if ruled else {}
        return {boot_cost.ROW: boot_cost.figure(kernel), **table} if boot_cost.ROW in rows else table
    if options.mode != 'time':
        return quartet(), linux_rival.figures(options.mode, options.fresh) if wants_linux else {}
    ours, theirs = [], []
    for _ in range(RUNS):
        ours.append(quartet())
        if wants_linux:
            theirs.append(linux_rival.measure('time', rows, effort))
    return medians(ours), medians(theirs) if theirs else {}


def show_figure(figure):
    if isinstance(figure, float):
        return f'{figure:,.0f}' if figure >= 100 else f'{figure:.1f}'
    return figure or '-'


def show_ratio(ours, theirs):
    if isinstance(ours, float) and isinstance(theirs, float) and theirs:
        return f'{ours / theirs:.2f}' if ours / theirs >= 0.01 else f'{ours / theirs:.4f}'
    return '-'


def table_rows(rows, ours, theirs, goals):
    """Name, Linux, Quartet, ratio, goal and whether it is reached, as text."""
    for name in rows:
        goal = goals.get(name)
        mine = ours.get(name)
        verdict = ''
        if goal and isinstance(mine, float):
            verdict = 'yes' if mine <= goal else f'{mine / goal - 1:+.0%}'
        yield (name, show_figure(theirs.get(name)), show_figure(mine), show_ratio(mine, theirs.get(name)),
               show_figure(goal), verdict)


def print_table(lines, mode):
    print(f'\n{UNITS[mode]}')
    print(f'{"row":<20}{"Linux":>14}{"Quartet":>12}{"ratio":>8}{"goal":>12}  reached')
    for name, linux, mine, ratio, goal, verdict in lines:
        print(f'{name:<20}{linux:>14}{mine:>12}{ratio:>8}{goal:>12}  {verdict}'.rstrip())


def marks_in(path, begin_mark, end_mark):
    """What stands in a document before, between and behind the marks."""
    with open(path) as file:
        text = file.read()
    before, begin, rest = text.partition(begin_mark)
    between, end, after = rest.partition(end_mark)
    if not begin or not end:
        raise Failure(f'{path} has no "{begin_mark}" and "{end_mark}"')
    return before, between, after


def write_between(path, begin_mark, end_mark, new):
    """Replace what stands between the marks."""
    before, _, after = marks_in(path, begin_mark, end_mark)
    with open(path, 'w') as file:
        file.write(f'{before}{begin_mark}\n{new}\n{end_mark}{after}')


def write_time_document(path, mode, rows, ours, theirs):
    """Times by the host's clock: beside Linux's, and whether the goal for time is reached."""
    begin, end = TIME_MARKS[mode]
    table = ['| row | Linux | Quartet | ratio | at most 0.6 |', '|---|---:|---:|---:|---|']
    for name in rows:
        mine, linux = ours.get(name), theirs.get(name)
        both = isinstance(mine, float) and isinstance(linux, float)
        verdict = ('yes' if mine <= TIME_GOAL * linux else 'no') if both and not name.startswith('user_') else ''
        table.append(f'| {name} | {show_figure(linux)} | {show_figure(mine)} | {show_ratio(mine, linux)} | {verdict} |')
    write_between(path, begin, end, '\n'.join(table))


def write_document(path, lines):
    table = ['| row | Linux | Quartet | ratio | goal | reached |', '|---|---:|---:|---:|---:|---|']
    table += ['| ' + ' | '.join(line) + ' |' for line in lines]
    write_between(path, TABLE_BEGIN, TABLE_END, '\n'.join(table))


def write_plot(path, rows, ours, theirs, goals, mode):
    def number(figure):
        return figure if isinstance(figure, float) else None
    bars = [chart.Bars(name, [number(theirs.get(name)), number(ours.get(name))], goals.get(name)) for name in rows
            if number(ours.get(name))]
    with open(path, 'w') as file:
        file.write(chart.draw('Quartet and Linux 6.1 (Debian, mitigations=off)', ('Linux', 'Quartet'), bars, UNITS[mode]))


BUILT_WITH = '# Built with '


def toolchain():
    """What decides figures beside the kernel's source: its compiler, and the C library that starts the ruler."""
    version = subprocess.run(['gcc', '-dumpversion'], stdout=subprocess.PIPE, text=True, check=True).stdout
    return f'gcc {version.strip().split(".")[0]}, {" ".join(platform.libc_ver())}'


def baseline_toolchain(path):
    """What the figures of a baseline were built with; '' if it does not say."""
    with open(path) as file:
        return next((line.removeprefix(BUILT_WITH).strip() for line in file if line.startswith(BUILT_WITH)), '')


def compare_with_baseline(path, rows, ours, out):
    """Tell the rows that became dearer, and those much cheaper. Returns whether none became dearer."""
    good = True

    def tell(line):
        print(line, file=out)
    if baseline_toolchain(path) not in ('', toolchain()):
        tell(f'{path} was built with {baseline_toolchain(path)}, this with {toolchain()}: that may make a difference')
    for name, numbers in read_table(path).items():
        figure, before = ours.get(name), numbers[0]
        if name not in rows or name in NOT_IN_BASELINE:
            continue
        if not isinstance(figure, float):
            tell(f'{name}: {figure or "missing"}; the baseline is {show_figure(before)}')
            good = False
        elif figure > before * TOLERANCE:
            tell(f'{name}: {show_figure(figure)}, the baseline is {show_figure(before)}: {figure / before - 1:+.1%}')
            good = False
        elif figure * TOLERANCE < before:
            tell(f'{name}: {show_figure(figure)}, better than the baseline, {show_figure(before)}')
    return good


def felt_tables(options, kernel):
    """The lines of both tables, beside Linux and on one and four processors, and whether Quartet has a figure for each."""
    wanted, units = felt.names(), felt.units()
    ours = felt.figures(kernel, wanted)
    theirs = {} if options.no_linux else felt.of_linux(wanted)
    beside = [(name, show_figure(theirs.get(name)), show_figure(ours.get(name)), show_ratio(ours.get(name), theirs.get(name)),
               units[name]) for name in wanted]
    one, four = felt.parallel(kernel, 1), felt.parallel(kernel, felt.PARALLEL_CPUS)
    parallel = [(name, show_figure(one.get(name)), show_figure(four.get(name)), show_ratio(four.get(name), one.get(name)),
                 units[name]) for name, _ in felt.PARALLEL]
    is_whole = all(isinstance(ours.get(name), float) for name in wanted) and \
        all(isinstance(table.get(name), float) for table in (one, four) for name, _ in felt.PARALLEL)
    return beside, parallel, is_whole


def main_felt(options, kernel):
    """./quartet bench --felt."""
    beside, parallel, is_whole = felt_tables(options, kernel)
    text = []
    for heads, lines in ((('row', 'Linux', 'Quartet', 'ratio', 'what one is'), beside),
                         (('row', '1 CPU', '4 CPUs', 'ratio', 'what one is'), parallel)):
        print(f'\n{heads[0]:<18}{heads[1]:>16}{heads[2]:>16}{heads[3]:>8}  {heads[4]}')
        text += ['| ' + ' | '.join(heads) + ' |', '|---|---:|---:|---:|---|']
        for name, first, second, ratio, unit in lines:
            print(f'{name:<18}{first:>16}{second:>16}{ratio:>8}  {unit}')
            text.append(f'| {name} | {first} | {second} | {ratio} | {unit} |')
        text.append('')
    if options.document:
        write_between(options.document, FELT_BEGIN, FELT_END, '\n'.join(text))
    return 0 if is_whole else 1


def main_ring(options, rows, kernel):
    """./quartet bench --ring."""
    effort = ruler.QUICK if options.quick else ruler.full_effort(options.mode)
    off, on = (ruler.run(kernel, 'icount', ruler.script(rows, effort, first), timeout=effort.timeout)
               for first in ('', ALL_EVENTS))
    text = ['| row | off | on | ratio |', '|---|---:|---:|---:|']
    print(f'\n{"row":<20}{"off":>14}{"on":>12}{"ratio":>8}')
    for name in rows:
        words = show_figure(off.get(name)), show_figure(on.get(name)), show_ratio(on.get(name), off.get(name))
        print(f'{name:<20}{words[0]:>14}{words[1]:>12}{words[2]:>8}')
        text.append(f'| {name} | ' + ' | '.join(words) + ' |')
    if options.document:
        write_between(options.document, RING_BEGIN, RING_END, '\n'.join(text))
    return 0 if all(isinstance(table.get(name), float) for table in (off, on) for name in rows) else 1


def main_growth(options, kernel):
    """./quartet bench --growth."""
    ours = growth.figures(kernel)
    kernels = [('Quartet', ours)] + ([] if options.no_linux else [('Linux', growth.of_linux())])
    text = []
    for heads, *lines in growth.tables(kernels, show_figure):
        widths = [max(len(line[column]) for line in [heads] + lines) for column in range(len(heads))]
        print()
        for line in [heads] + lines:
            print('  '.join(word.rjust(width) for word, width in zip(line[:-1], widths)) + f'  {line[-1]}')
        text += ['| ' + ' | '.join(heads) + ' |', '|---' + '|---:' * (len(heads) - 2) + '|---|']
        text += ['| ' + ' | '.join(line) + ' |' for line in lines] + ['']
    if options.document:
        write_between(options.document, GROWTH_BEGIN, GROWTH_END, '\n'.join(text))
    return 0 if all(isinstance(ours.get(name), float) for name in growth.names()) else 1


def save_baseline(path, rows, ours):
    """
    Rows that were not measured keep what they had, and so do those that got dearer, lest small steps add up unseen:
    who makes a row dearer for a reason takes its old line out first. Figures of another compiler are not these.
    """
    is_ours = os.path.exists(path) and baseline_toolchain(path) in ('', toolchain())
    table = read_table(path) if is_ours else {}
    for name in rows:
        if isinstance(ours.get(name), float):
            table[name] = [min([ours[name]] + table.get(name, []))]
    names = [name for name in row_names('icount') if name in table and name not in NOT_IN_BASELINE]
    with open(path, 'w') as file:
        file.write('# Instructions an operation, release build with gcc, QEMU -icount shift=0: what no change may make\n'
                   '# 5 % dearer. Made by ./quartet bench --quick --no-linux --save-baseline bench/baseline.tsv,\n'
                   f'# which keeps the lower of the old figure and the new one.\n{BUILT_WITH}{toolchain()}\n')
        file.writelines(f'{name}\t{table[name][0]:.1f}\n' for name in names)


def main(arguments):
    options = parse(arguments)
    rows = ruler.row_names(options.patterns) if options.ring else row_names(options.mode, options.patterns)
    if not rows:
        raise Misuse('bench: no row has such a name; these are there: ' + ' '.join(row_names(options.mode)))
    check_files(options, rows)
    kernel = options.kernel or build_kernel('release', options.cc)
    ruler.build()
    if options.felt:
        return main_felt(options, kernel)
    if options.ring:
        return main_ring(options, rows, kernel)
    if options.growth:
        return main_growth(options, kernel)
    ours, theirs = measure(options, rows, kernel)
    goals = {name: numbers[-1] for name, numbers in read_table(GOALS).items()} if options.mode == 'icount' else {}
    if options.json:
        text = json.dumps({'mode': options.mode, 'unit': UNITS[options.mode], 'quartet': ours,
                           'linux': {name: theirs[name] for name in rows if name in theirs}, 'goal': goals}, indent=1)
        if options.json == '-':
            print(text)
        else:
            with open(options.json, 'w') as file:
                file.write(text + '\n')
    lines = list(table_rows(rows, ours, theirs, goals))
    if options.json != '-':
        print_table(lines, options.mode)
    if options.plot:
        write_plot(options.plot, rows, ours, theirs, goals, options.mode)
    if options.document and options.mode == 'icount':
        write_document(options.document, lines)
    elif options.document:
        write_time_document(options.document, options.mode, rows, ours, theirs)
    if options.save_baseline:
        save_baseline(options.save_baseline, rows, ours)
    # Where the figures are standard output, nothing else is in it.
    out = sys.stderr if options.json == '-' else sys.stdout
    if options.baseline and not compare_with_baseline(options.baseline, rows, ours, out):
        return 1
    return 1 if any(str(ours.get(name, 'failed')).startswith('failed') for name in rows) else 0
