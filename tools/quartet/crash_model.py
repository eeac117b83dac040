"""
Workloads for the crash test, and what may be on the disk after a cut of power at any point of one.

What is promised, and checked by `Workload.complaints`:
 - the names, all together, are those after some operation j: each operation happens whole or not at
   all, and none without those before it;
 - j is not before the last operation that a sync, fsync or msync, known to be over, has made durable;
 - a file that was synced and not changed since has that very content, byte for byte;
 - a file that was changed since has nowhere a byte that it never had there: old bytes and new ones
   only, so never what another file left on the disk, and no zeros that were not a hole (but behind
   the end to which it was cut, as far as that page goes: they may be there before it is shorter).
"""

import itertools
import random

LETTERS = 'abcdefgh'
PAGE = 4096


def fill(size, seed):
    """The bytes that crash_player writes."""
    out, state = bytearray(), seed
    while len(out) < size:
        state = (state * 1664525 + 1013904223) & 0xffffffff
        out += (state | 0x01010101).to_bytes(4, 'little')
    return bytes(out[:size])


def is_behind_a_cut(versions, at):
    """Was the file ever cut before byte `at`, in the same page?"""
    return any(len(new) < len(old) and len(new) <= at < -(-len(new) // PAGE) * PAGE for old, new in itertools.pairwise(versions))


class File:
    """One file, whatever its names: its contents after each operation that changed them."""

    def __init__(self, number):
        self.versions = [(number, b'')]		# (operation, bytes)
        self.synced = []			# operations after which it was durable


class Workload:
    """A list of operations, and the state of the world after each."""

    def __init__(self, lines):
        self.lines = lines
        self.states = [{}]		# after operation n: path -> 'dir', ('link', text) or File
        self.durable = [0]		# after operation n is over: the state that is at least there
        for number, line in enumerate(lines, 1):
            self._apply(number, line.split())

    def _apply(self, number, words):
        state = dict(self.states[-1])
        durable = self.durable[-1]
        what, arguments = words[0], words[1:]
        if what == 'create':
            state[arguments[0]] = File(number)
        elif what == 'write':
            offset, size, seed = map(int, arguments[1:])
            file = state[arguments[0]]
            old = file.versions[-1][1].ljust(offset, b'\0')
            file.versions.append((number, old[:offset] + fill(size, seed) + old[offset + size:]))
        elif what == 'map':
            offset, size, seed = map(int, arguments[1:])
            file = state[arguments[0]]
            old = file.versions[-1][1]
            file.versions.append((number, old[:offset] + fill(size, seed)[:max(0, len(old) - offset)] + old[offset + size:]))
            if old:
                file.synced.append(number)
                durable = max(durable, self._last_change(arguments[0], file, number))
        elif what == 'truncate':
            file, size = state[arguments[0]], int(arguments[1])
            file.versions.append((number, file.versions[-1][1][:size].ljust(size, b'\0')))
        elif what == 'rename' and state[arguments[0]] is state.get(arguments[1]):
            pass		# two names of one file: POSIX has it that nothing happens
        elif what == 'rename':
            moved = state.pop(arguments[0])
            prefix = arguments[0] + '/'
            for path in [path for path in state if path.startswith(prefix)]:
                state[arguments[1] + '/' + path[len(prefix):]] = state.pop(path)
            state[arguments[1]] = moved
        elif what in ('unlink', 'rmdir'):
            del state[arguments[0]]
        elif what == 'link':
            state[arguments[1]] = state[arguments[0]]
        elif what == 'symlink':
            state[arguments[1]] = ('link', arguments[0])
        elif what == 'mkdir':
            state[arguments[0]] = 'dir'
        elif what == 'fsync':
            file = state[arguments[0]]
            file.synced.append(number)
            durable = max(durable, self._last_change(arguments[0], file, number))
        elif what == 'sync':
            for file in {id(f): f for f in state.values() if isinstance(f, File)}.values():
                file.synced.append(number)
            durable = number
        self.states.append(state)
        self.durable.append(durable)

    def _last_change(self, path, file, number):
        """The last operation before `number` after which `file` has this name."""
        while number > 1 and self.states[number - 1].get(path) is file \
                and self.states[number - 2].get(path) is file:
            number -= 1
        return number - 1

    def complaints(self, tree, over):
        """What is wrong with a disk that holds `tree`, operations up to `over` being over."""
        names = {path: kind if kind != 'link' else ('link', what) for path, (kind, what) in tree.items()}
        last = len(self.lines)
        reasons = []
        for j in range(self.durable[over], min(over + 1, last) + 1):
            if self._names(j) != names:
                continue
            reasons = self._content_complaints(tree, self.states[j], over)
            if not reasons:
                return []
        if reasons:
            return reasons
        for j in reversed(range(self.durable[over])):
            if self._names(j) == names:
                return [f'the names are those after operation {j}; {self.durable[over]} was durable']
        return [f'no state from {self.durable[over]} to {min(over + 1, last)} has these names: {sorted(names)}']

    def _names(self, number):
        """All names after that operation, and what each is."""
        return {path: 'file' if isinstance(what, File) else what for path, what in self.states[number].items()}

    @staticmethod
    def _content_complaints(tree, state, over):
        found = []
        for path, file in state.items():
            if not isinstance(file, File):
                continue
            content = tree[path][1][1]
            synced = max((n for n in file.synced if n <= over), default=0)
            base = max((i for i, (n, _) in enumerate(file.versions) if n <= synced), default=0)
            # The operation after the last mark may have begun.
            versions = [v for n, v in file.versions[base:] if n <= over + 1] or [file.versions[0][1]]
            if synced and len(versions) == 1:
                if content != versions[0]:
                    found.append(f'{path}: {len(content)} bytes are not the {len(versions[0])} bytes synced')
                continue
            if content in versions:
                continue
            if len(content) > max(map(len, versions)):
                found.append(f'{path}: {len(content)} bytes, longer than it ever was')
                continue
            for at in range(len(content)):
                if all(at >= len(v) or content[at] != v[at] for v in versions) and not (
                        content[at] == 0 and is_behind_a_cut(versions, at)):
                    found.append(f'{path}: byte {at} is {content[at]}, which it never was')
                    break
        return found


# ---- generators ------------------------------------------------------------------------------------


class Generator:
    """Random operations that all succeed, on a few names in a few folders."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines, self.files, self.folders, self.links = [], [], [], []
        self.count = 0

    def add(self, line):
        self.lines.append(line)

    def new_name(self):
        self.count += 1
        folder = self.random.choice(self.folders + [''])
        return f'{folder}/n{self.count}'.lstrip('/')

    def write(self, path, limit=30000, how='write'):
        choose = self.random
        offset = choose.choice([0, 0, choose.randrange(limit)])
        self.add(f'{how} {path} {offset} {choose.randrange(1, limit)} {choose.randrange(1, 1 << 30)}')

    def create(self):
        path = self.new_name()
        self.add(f'create {path}')
        self.files.append(path)
        return path

    def replace(self):
        """As dpkg does it: written beside the old file, fsynced, renamed."""
        target = self.random.choice(self.files)
        self.add(f'create {target}.new')
        self.write(f'{target}.new')
        self.add(f'fsync {target}.new')
        self.add(f'rename {target}.new {target}')

    def step(self):
        choose = self.random
        what = choose.randrange(20)
        if what < 4 or not self.files:
            self.write(self.create())
        elif what < 8:
            self.write(choose.choice(self.files))
        elif what < 10:
            self.add(f'truncate {choose.choice(self.files)} {choose.randrange(30000)}')
        elif what < 11:
            self.add(f'fsync {choose.choice(self.files)}')
        elif what < 12:
            self.write(choose.choice(self.files), how='map')
        elif what == 12:
            self.add('sync')
        elif what == 13:
            self.replace()
        elif what == 14:
            path = self.files.pop(choose.randrange(len(self.files)))
            self.add(f'unlink {path}')
        elif what == 15:
            old = self.files.pop(choose.randrange(len(self.files)))
            new = choose.choice([self.new_name()] + self.files)
            self.add(f'rename {old} {new}')
            if new not in self.files:
                self.files.append(new)
        elif what == 16:
            new = self.new_name()
            self.add(f'link {choose.choice(self.files)} {new}')
            self.files.append(new)
        elif what == 17:
            self.add(f'symlink {"x" * choose.choice([10, 90])} {self.new_name()}')
        elif what == 18 and len(self.folders) < 6:
            path = self.new_name()
            self.add(f'mkdir {path}')
            self.folders.append(path)
        else:
            path = self.new_name()
            self.add(f'mkdir {path}')
            self.add(f'rmdir {path}')


def mixed(seed, count):
    generator = Generator(seed)
    while len(generator.lines) < count:
        generator.step()
    return generator.lines


def one_operation(index, folder):
    """Each kind of operation on something prepared, in a folder of its own."""
    a, b = f'{folder}/a', f'{folder}/b'
    return [
        [f'create {folder}/c'], [f'write {a} 0 5000 7'], [f'write {a} 3000 20000 9'], [f'truncate {a} 100'],
        [f'truncate {a} 0'], [f'truncate {a} 50000'], [f'rename {a} {folder}/c'], [f'rename {a} {b}'],
        [f'unlink {a}'], [f'link {a} {folder}/c'], [f'symlink target {folder}/c'], [f'mkdir {folder}/d'],
        [f'truncate {a} 50000', f'map {a} 3000 40000 13'],
        [f'create {b}.new', f'write {b}.new 0 9000 11', f'fsync {b}.new', f'rename {b}.new {b}']][index]


OPERATION_COUNT = 14


def sequences(seed, count):
    """All single operations, then sampled sequences of two and three, each followed by fsync or sync."""
    choose = random.Random(seed)
    chosen = [(index,) for index in range(OPERATION_COUNT)]
    longer = [s for n in (2, 3) for s in itertools.permutations(range(OPERATION_COUNT), n)]
    chosen += choose.sample(longer, min(len(longer), 3 * count))
    lines = []
    for number, sequence in enumerate(chosen):
        folder = f's{number}'
        part = [f'mkdir {folder}', f'create {folder}/a', f'create {folder}/b', f'write {folder}/a 0 12000 {number + 1}']
        part += ['sync'] if number % 3 == 0 else []
        for index in sequence:
            part += one_operation(index, folder)
        part = possible(part)
        state = Workload(part).states[-1]
        files = [path for path, what in state.items() if isinstance(what, File)]
        part.append(f'fsync {choose.choice(files)}' if files and choose.random() < 0.6 else 'sync')
        lines += part
        if len(lines) >= count:
            break
    return lines


def possible(lines):
    """Without the operations that would fail after those before them."""
    kept, names = [], set()
    for line in lines:
        words = line.split()
        what, path = words[0], words[1] if len(words) > 1 else ''
        makes = {'create': path, 'mkdir': path, 'link': words[-1], 'symlink': words[-1]}.get(what)
        if makes in names or (what not in ('create', 'mkdir', 'symlink', 'sync') and path not in names):
            continue
        if makes:
            names.add(makes)
        if what in ('rename', 'unlink', 'rmdir'):
            names.discard(path)
        if what == 'rename':
            names.add(words[2])
        kept.append(line)
    return kept
