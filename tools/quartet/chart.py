"""A bar chart with a logarithmic axis, as SVG text: for each row, what several machines need."""

import math
from dataclasses import dataclass
from html import escape

ROW_HEIGHT, BAR_HEIGHT, LABEL_WIDTH, PLOT_WIDTH, TOP, MARGIN = 30, 11, 150, 720, 58, 24
COLOURS = ('#9aa5b1', '#1769aa')
GOAL_COLOUR = '#c0392b'
STYLE = 'font-family="DejaVu Sans, Verdana, sans-serif" font-size="11"'


@dataclass
class Bars:
    """One row: a figure for each series, None where there is none, and the goal or None."""

    name: str
    figures: list
    goal: float = None


def short(number):
    """1234567 -> 1.23 M"""
    for factor, suffix in ((1e9, ' G'), (1e6, ' M'), (1e3, ' k')):
        if number >= factor:
            return f'{number / factor:.3g}{suffix}'
    return f'{number:.3g}'


def draw(title, series, rows, unit):
    """`series` names the figures of each row in `rows`, a list of Bars. Every number is positive."""
    numbers = [figure for row in rows for figure in row.figures + [row.goal] if figure]
    low = 10 ** math.floor(math.log10(min(numbers, default=1)))
    decades = max(1, math.ceil(math.log10(max(numbers, default=10) / low)))
    width, height = LABEL_WIDTH + PLOT_WIDTH + MARGIN + 60, TOP + ROW_HEIGHT * len(rows) + MARGIN

    def x_of(number):
        return LABEL_WIDTH + PLOT_WIDTH * math.log10(max(number, low) / low) / decades

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" {STYLE}>',
             '<rect width="100%" height="100%" fill="white"/>',
             f'<text x="{MARGIN / 2}" y="18" font-size="14" font-weight="bold">{escape(title)}</text>']
    x = LABEL_WIDTH
    for name, colour in list(zip(series, COLOURS)) + [('goal', GOAL_COLOUR)]:
        parts.append(f'<rect x="{x}" y="27" width="11" height="11" fill="{colour}"/>'
                     f'<text x="{x + 16}" y="37">{escape(name)}</text>')
        x += 40 + 8 * len(name)
    parts.append(f'<text x="{x}" y="37" fill="#555">{escape(unit)}, logarithmic</text>')
    for decade in range(decades + 1):
        x = x_of(low * 10 ** decade)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP - 4}" x2="{x:.1f}" y2="{height - MARGIN}" stroke="#ddd"/>'
                     f'<text x="{x:.1f}" y="{TOP - 7}" fill="#555" text-anchor="middle">'
                     f'{short(low * 10 ** decade)}</text>')
    for index, row in enumerate(rows):
        top = TOP + ROW_HEIGHT * index + 3
        parts.append(f'<text x="{LABEL_WIDTH - 8}" y="{top + BAR_HEIGHT + 3}" text-anchor="end">'
                     f'{escape(row.name)}</text>')
        for place, (figure, colour) in enumerate(zip(row.figures, COLOURS)):
            if not figure:
                continue
            y, end = top + place * (BAR_HEIGHT + 1), x_of(figure)
            parts.append(f'<rect x="{LABEL_WIDTH}" y="{y}" width="{max(end - LABEL_WIDTH, 1):.1f}" '
                         f'height="{BAR_HEIGHT}" fill="{colour}"/>'
                         f'<text x="{end + 4:.1f}" y="{y + 9}" font-size="9" fill="#333">{short(figure)}</text>')
        if row.goal:
            x = x_of(row.goal)
            parts.append(f'<line x1="{x:.1f}" y1="{top - 2}" x2="{x:.1f}" y2="{top + 2 * BAR_HEIGHT + 3}" '
                         f'stroke="{GOAL_COLOUR}" stroke-width="2"/>')
    return '\n'.join(parts + ['</svg>']) + '\n'
