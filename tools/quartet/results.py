"""What came out of the tests: counted, shown as they end, and the failures explained at the end."""

import sys
import threading

PASSED, FAILED, SKIPPED = 'passed', 'failed', 'skipped'
DETAIL_LINES = 100	# of one failure; what comes first tells most
WORDS = {PASSED: 'ok', FAILED: 'FAILED', SKIPPED: 'skipped'}


class Results:
    """Outcomes of tests in environments. Every method may be called from any thread."""

    def __init__(self, columns):
        self.columns = columns		# of guest tests: 'Linux', '1 CPU', ...
        self.lock = threading.Lock()
        self.counts = {PASSED: 0, FAILED: 0, SKIPPED: 0}
        self.rows = {}			# guest test -> {column: text}
        self.expected = {}		# guest test -> columns it will have
        self.failures = []		# (title, explanation)
        self.skips = []
        self.second_chance = False	# are failures of this round looked at once more?
        self.suspects = {}		# title -> what the first failure said, while in that second round
        self.unsteady = []		# (title, explanation) of tests that failed once and then passed

    def heading(self, text):
        with self.lock:
            print(f'\n{text}', flush=True)

    def remark(self, text):
        with self.lock:
            print(f'  ({text})', flush=True)

    def _count(self, outcome, title, detail, is_certain=False):
        if outcome == FAILED and self.second_chance and not is_certain:
            self.suspects[title] = detail
            return
        if outcome == PASSED and title in self.suspects:
            self.unsteady.append((title, self.suspects.pop(title)))
        self.counts[outcome] += 1
        if outcome == FAILED:
            self.failures.append((title, detail))
        elif outcome == SKIPPED:
            self.skips.append((title, detail))

    def single(self, name, outcome, detail='', seconds=None, note='', is_certain=False):
        """A test with one environment: a line of its own, with a note at its end. A certain failure gets no second chance."""
        with self.lock:
            self._count(outcome, name, detail, is_certain)
            took = f'  {seconds:.1f} s' if seconds is not None else ''
            print(f'  {name:<44} {WORDS[outcome]}{took}  {note}'.rstrip(), flush=True)

    def certain(self, name, detail):
        """A failure that no second chance can take back."""
        with self.lock:
            self.counts[FAILED] += 1
            self.failures.append((name, detail))
            print(f'  {name:<44} {WORDS[FAILED]}', flush=True)

    def expect(self, name, columns):
        self.expected[name] = list(columns)
        self.rows[name] = {}

    def cell(self, name, column, outcome, detail='', seconds=None):
        """One environment of a guest test; its row is printed when the last has come."""
        with self.lock:
            self._count(outcome, f'{name} on {column}', detail)
            took = f' {seconds:.1f}s' if seconds is not None and outcome != SKIPPED else ''
            row = self.rows[name]
            row[column] = WORDS[outcome] + took
            if len(row) == len(self.expected[name]):
                cells = ''.join(f'{row.get(column, "-"):<14}' for column in self.columns)
                print(f'  {name:<36} {cells}'.rstrip(), flush=True)

    def table_heading(self, kind='guest test'):
        with self.lock:
            cells = ''.join(f'{column:<14}' for column in self.columns)
            print(f'\n  {kind:<36} {cells}'.rstrip(), flush=True)

    def summary(self):
        """One sentence's part: how many did what, and which failed."""
        words = ', '.join(f'{count} {outcome}' for outcome, count in self.counts.items() if count)
        failed = ', '.join(title for title, _ in self.failures)
        return f'{words} ({failed})' if failed else words

    def finish(self):
        """Explain the failures, print the last line. Returns the exit status."""
        for title, detail in self.failures:
            print(f'\nFAILED {title}')
            lines = detail.rstrip().splitlines()
            for line in lines[:DETAIL_LINES]:
                print(f'    {line}')
            if len(lines) > DETAIL_LINES:
                print(f'    ... and {len(lines) - DETAIL_LINES} more lines')
        for title, detail in self.unsteady:
            print(f'\nUNSTEADY {title}: failed once, then passed. The failure:')
            for line in detail.rstrip().splitlines()[:DETAIL_LINES]:
                print(f'    {line}')
        if self.skips:
            print()
            for title, detail in self.skips:
                print(f'skipped {title}: {detail.strip().splitlines()[-1] if detail.strip() else "no reason"}')
        if not any(self.counts.values()):
            print('nothing has this name')
        sys.stdout.write(f'\n{self.counts[PASSED]} passed, {self.counts[FAILED]} failed\n')
        return 1 if self.counts[FAILED] or not self.counts[PASSED] else 0
