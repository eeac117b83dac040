"""A flame graph as SVG text: each box a function, as wide as the instructions of it and of all that it calls."""

from html import escape

WIDTH, HEIGHT_OF_BOX, TOP, MARGIN, LEAST_WIDTH, LETTER = 1200, 17, 40, 10, 0.3, 6.2
COLOURS = ('#e4572e', '#e8703a', '#ee8b4a', '#f3a35c', '#f0b45f', '#e99a4a')


class Node:
    """A function reached by one chain of callers."""

    def __init__(self, name):
        self.name, self.count, self.children = name, 0, {}

    def add(self, chain, count):
        self.count += count
        if chain:
            self.children.setdefault(chain[0], Node(chain[0])).add(chain[1:], count)

    def depth(self):
        return 1 + max((child.depth() for child in self.children.values()), default=0)


def boxes(node, left, level, scale):
    """(node, left edge, width, level) of what can be seen of `node`."""
    width = node.count * scale
    if width < LEAST_WIDTH:
        return
    yield node, left, width, level
    for child in sorted(node.children.values(), key=lambda child: child.name):
        yield from boxes(child, left, level + 1, scale)
        left += child.count * scale


def draw(title, chains):
    """`chains`: {tuple of names, outermost first: instructions}."""
    root = Node('all')
    for chain, count in chains.items():
        root.add(chain, count)
    height = TOP + root.depth() * HEIGHT_OF_BOX + MARGIN
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
             'font-family="DejaVu Sans Mono, monospace" font-size="10">',
             f'<rect width="{WIDTH}" height="{height}" fill="#fffdf7"/>',
             f'<text x="{MARGIN}" y="22" font-size="14">{escape(title)}</text>']
    for node, left, width, level in boxes(root, MARGIN, 0, (WIDTH - 2 * MARGIN) / max(root.count, 1)):
        top = height - MARGIN - (level + 1) * HEIGHT_OF_BOX
        colour = COLOURS[sum(node.name.encode()) % len(COLOURS)]
        share = 100 * node.count / root.count
        fits = int((width - 4) / LETTER)
        name = node.name if len(node.name) <= fits else node.name[:fits - 1] + '…' if fits > 3 else ''
        parts.append(f'<g><title>{escape(node.name)}: {node.count:,} instructions, {share:.2f} %</title>'
                     f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{HEIGHT_OF_BOX - 1}" fill="{colour}"/>'
                     f'<text x="{left + 2:.1f}" y="{top + 12}">{escape(name)}</text></g>')
    return '\n'.join(parts + ['</svg>', ''])
