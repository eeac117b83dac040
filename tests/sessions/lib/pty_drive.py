"""
Drive a program through a pseudo-terminal, and see what its screen shows.

	with Terminal(['less', 'file'], rows=10, columns=40) as terminal:
	    terminal.wait_for('line 9')
	    terminal.send(' ')
	    terminal.show()			# prints the rows of the screen

The screen understands the escape sequences that programs send to TERM=vt100 and its kin.
"""

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

SEQUENCE = re.compile(r'\x1b\[([?>=!]?)([0-9;]*)([ -/]*)([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b(?:[()#][ -~]|[ -\"$-\'*-Z\\^-~])')


class Screen:
    """Characters in rows and columns, as far as text programs change them."""

    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.cells = [[' '] * columns for _ in range(rows)]
        self.row = self.column = 0
        self.top, self.bottom = 0, rows - 1
        self.saved = (0, 0)
        self.rest = ''

    def feed(self, text):
        text = self.rest + text
        self.rest = ''
        place = 0
        while place < len(text):
            if text[place] == '\x1b':
                found = SEQUENCE.match(text, place)
                if not found:
                    if len(text) - place < 64:		# the rest of it is still to come
                        self.rest = text[place:]
                        return
                    place += 1
                    continue
                self._sequence(found)
                place = found.end()
            else:
                self._character(text[place])
                place += 1

    def _line_feed(self):
        if self.row == self.bottom:
            del self.cells[self.top]
            self.cells.insert(self.bottom, [' '] * self.columns)
        elif self.row < self.rows - 1:
            self.row += 1

    def _character(self, character):
        if character == '\r':
            self.column = 0
        elif character == '\n':
            self._line_feed()
        elif character == '\b':
            self.column = max(0, self.column - 1)
        elif character == '\t':
            self.column = min(self.columns - 1, self.column // 8 * 8 + 8)
        elif character >= ' ':
            if self.column >= self.columns:
                self.column = 0
                self._line_feed()
            self.cells[self.row][self.column] = character
            self.column += 1

    def _erase(self, start, end):
        for place in range(start, end):
            self.cells[place // self.columns][place % self.columns] = ' '

    def _sequence(self, found):
        private, arguments, _, final = found.groups()
        if final is None:
            if found.group(0) == '\x1bM':		# reverse line feed
                if self.row == self.top:
                    del self.cells[self.bottom]
                    self.cells.insert(self.top, [' '] * self.columns)
                else:
                    self.row -= 1
            elif found.group(0) == '\x1b7':
                self.saved = (self.row, self.column)
            elif found.group(0) == '\x1b8':
                self.row, self.column = self.saved
            return
        numbers = [int(word) if word else 0 for word in arguments.split(';')]
        first = numbers[0] or 1
        here = self.row * self.columns + min(self.column, self.columns - 1)
        if private and final in 'hl':
            if numbers[0] in (47, 1047, 1049):
                self._erase(0, self.rows * self.columns)
        elif final in 'Hf':
            self.row = min(first, self.rows) - 1
            self.column = min(numbers[1] or 1, self.columns) - 1 if len(numbers) > 1 else 0
        elif final == 'A':
            self.row = max(0, self.row - first)
        elif final == 'B':
            self.row = min(self.rows - 1, self.row + first)
        elif final == 'C':
            self.column = min(self.columns - 1, self.column + first)
        elif final == 'D':
            self.column = max(0, self.column - first)
        elif final == 'G':
            self.column = min(first, self.columns) - 1
        elif final == 'd':
            self.row = min(first, self.rows) - 1
        elif final == 'J':
            self._erase(*{0: (here, self.rows * self.columns), 1: (0, here + 1)}.get(
                numbers[0], (0, self.rows * self.columns)))
        elif final == 'K':
            start = self.row * self.columns
            self._erase(*{0: (here, start + self.columns), 1: (start, here + 1)}.get(
                numbers[0], (start, start + self.columns)))
        elif final == 'X':
            self._erase(here, min(here + first, (self.row + 1) * self.columns))
        elif final in 'LM':
            for _ in range(min(first, self.bottom - self.row + 1)):
                out, into = (self.bottom, self.row) if final == 'L' else (self.row, self.bottom)
                del self.cells[out]
                self.cells.insert(into, [' '] * self.columns)
        elif final == 'P':
            line = self.cells[self.row]
            del line[self.column:self.column + first]
            line += [' '] * (self.columns - len(line))
        elif final == '@':
            line = self.cells[self.row]
            line[self.column:self.column] = [' '] * first
            del line[self.columns:]
        elif final == 'r':
            self.top = first - 1
            self.bottom = (numbers[1] if len(numbers) > 1 and numbers[1] else self.rows) - 1
            self.row = self.column = 0

    def __str__(self):
        return '\n'.join(''.join(row).rstrip() for row in self.cells).rstrip()


class Terminal:
    """A program on a pseudo-terminal."""

    def __init__(self, command, rows=24, columns=80, environment=None, timeout=60):
        self.screen = Screen(rows, columns)
        self.timeout = timeout
        self.status = None
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
            os.environ.update({'TERM': 'vt100', 'LC_ALL': 'C.UTF-8', 'COLUMNS': str(columns), 'LINES': str(rows)})
            os.environ.update(environment or {})
            os.execvp(command[0], command)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.status is None:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        os.close(self.master)

    def read(self, seconds):
        """Take in what comes within some time. False: nothing came, or the end did."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:				# the other side is closed
            return False
        self.screen.feed(data.decode(errors='replace'))
        return bool(data)

    def send(self, text):
        os.write(self.master, text.encode())

    def wait_for(self, text):
        """Wait until `text` is on the screen."""
        deadline = time.monotonic() + self.timeout
        while text not in str(self.screen):
            self.read(0.2)
            if time.monotonic() > deadline:
                print(f'no "{text}" on the screen:\n{self.screen}')
                sys.exit(1)

    def wait_while(self, text):
        """Wait until `text` has gone from the screen."""
        deadline = time.monotonic() + self.timeout
        while text in str(self.screen):
            self.read(0.2)
            if time.monotonic() > deadline:
                print(f'"{text}" stays on the screen:\n{self.screen}')
                sys.exit(1)

    def show(self):
        """Print the screen as it is when nothing more comes."""
        while self.read(1):
            pass
        print('+' + '-' * self.screen.columns)
        for line in str(self.screen).split('\n'):
            print('|' + line)
        print('+' + '-' * self.screen.columns)

    def wait_for_end(self):
        """Wait until the program has ended. Returns its exit status."""
        while self.read(self.timeout):
            pass
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status
