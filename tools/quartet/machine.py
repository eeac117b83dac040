"""
A machine to drive from a program: type at its keyboard and serial line, read its screen.

	with Machine(cpus=4) as machine:
	    machine.serial.expect(PROMPT)
	    machine.serial.send('echo hello\\r')
	    machine.type('ls\\n')			# at the keyboard, one key after another
	    machine.press('alt-f2')
	    machine.wait_for_text('bin')		# on the text screen
	    machine.screenshot('screen.ppm')

It runs in QEMU. The serial line is a pexpect object; the rest goes through QEMU's monitor (QMP). The
text screen is read from VGA memory, characters with their attributes.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import pexpect.fdpexpect

import image
import qemu
from common import Failure, build_kernel

PROMPT = r'[#$] (?:\x1b\[6n)?$'	# ash asks a terminal of unknown size where its cursor is
COLUMNS, ROWS = 80, 25
VGA_TEXT = 0xB8000
KEY_NAMES = {
    ' ': 'spc', '\n': 'ret', '\r': 'ret', '\t': 'tab', '-': 'minus', '=': 'equal', '[': 'bracket_left',
    ']': 'bracket_right', ';': 'semicolon', "'": 'apostrophe', '`': 'grave_accent', '\\': 'backslash',
    ',': 'comma', '.': 'dot', '/': 'slash', '\x1b': 'esc', '\b': 'backspace'}
SHIFTED = dict(zip('!@#$%^&*()_+{}:"~|<>?', '1234567890-=[];\'`\\,./'))


def key_of(character):
    """The keys, held together, that type a character on a US keyboard."""
    if character in SHIFTED:
        return ['shift'] + key_of(SHIFTED[character])
    if character.isalpha() and character.isupper():
        return ['shift', character.lower()]
    if '\x01' <= character <= '\x1a' and character not in KEY_NAMES:
        return ['ctrl', chr(ord(character) + 96)]
    return [KEY_NAMES.get(character, character)]


class Monitor:
    """QEMU's machine protocol over a socket."""

    def __init__(self, path, process):
        self.socket = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + qemu.START_SECONDS
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise Failure('QEMU did not start') from None
                time.sleep(0.01)
        self.stream = self.socket.makefile('rwb')
        self._read()			# the greeting
        self.execute('qmp_capabilities')

    def _read(self):
        line = self.stream.readline()
        if not line:
            raise Failure('QEMU closed its monitor')
        return json.loads(line)

    def execute(self, command, **arguments):
        request = {'execute': command, 'arguments': arguments} if arguments else {'execute': command}
        self.stream.write(json.dumps(request).encode() + b'\n')
        self.stream.flush()
        while True:
            answer = self._read()
            if 'return' in answer:
                return answer['return']
            if 'error' in answer:
                raise Failure(f'QEMU: {command}: {answer["error"]["desc"]}')

    def human(self, line):
        """A line for the monitor that people use; returns what it prints."""
        return self.execute('human-monitor-command', **{'command-line': line})


class Screen:
    """What the text screen showed: rows of characters, and each cell's attribute byte."""

    def __init__(self, memory):
        cells = memory[:COLUMNS * ROWS * 2]
        characters = cells[0::2].decode('cp437')
        self.rows = [characters[i:i + COLUMNS].replace('\0', ' ').rstrip()
                     for i in range(0, COLUMNS * ROWS, COLUMNS)]
        self.attributes = [cells[1::2][i:i + COLUMNS] for i in range(0, COLUMNS * ROWS, COLUMNS)]

    def __str__(self):
        return '\n'.join(self.rows).rstrip()

    def has(self, text):
        return any(text in row + ' ' for row in self.rows)	# blank cells follow what a row shows

    def attribute_at(self, text):
        """The attribute of the first character of `text`, or None if it is not on the screen."""
        for row, attributes in zip(self.rows, self.attributes):
            if text in row:
                return attributes[row.index(text)]
        return None


class Machine:
    """A running machine; leave its `with` block and it is gone."""

    def __init__(self, kernel=None, image_path=None, command=None, tree=None, block_size=1024,
                 keep_image=None, bare=False, **settings):
        """
        kernel, image_path: what to boot; by default the kernel under test and our root disk (or one
        made from `tree`). The machine works on a copy, at `keep_image` if that is given. command:
        QEMU's whole command line instead. bare: without a disk. Everything else is for qemu.Settings.
        """
        self.work = tempfile.mkdtemp(prefix='quartet-machine-')
        self.log = open(os.path.join(self.work, 'serial.log'), 'wb')
        self.process = None
        self.is_wide = False		# the serial terminal
        try:
            self._start(kernel, image_path, command, tree, block_size, keep_image, bare, settings)
        except BaseException:
            self.close()
            raise

    def _start(self, kernel, image_path, command, tree, block_size, keep_image, bare, settings):
        monitor, serial = os.path.join(self.work, 'monitor'), os.path.join(self.work, 'serial')
        if command is None:
            self.image = '' if bare else keep_image or os.path.join(self.work, 'image')
            if self.image:
                image.copy_image(image_path or image.cached_image(tree or image.base_tree(), 'driven' if tree else 'root',
                                                                  block_size), self.image)
            append = list(settings.pop('append', []))
            if os.environ.get('QUARTET_SEED'):
                append.append(f'seed={os.environ["QUARTET_SEED"]}')
            kernel = kernel or os.environ.get('QUARTET_KERNEL') or build_kernel()
            chosen = qemu.Settings(kernel=kernel, image=self.image, snapshot=False, append=append, **settings)
            command = qemu.command_line(chosen)
        command = command + ['-display', 'none', '-qmp', f'unix:{monitor},server=on,wait=off',
                             '-chardev', f'socket,id=line,path={serial},server=on,wait=on', '-serial', 'chardev:line']
        with open(os.path.join(self.work, 'qemu.log'), 'wb') as complaints:
            self.process = qemu.start(command, stdin=subprocess.DEVNULL, stderr=complaints)
        # QEMU waits here for someone on the serial line before it starts anything else.
        self.line = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + qemu.START_SECONDS
        while True:
            try:
                self.line.connect(serial)
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise Failure('QEMU did not start') from None
                time.sleep(0.01)
        self.serial = pexpect.fdpexpect.fdspawn(self.line.fileno(), timeout=60, logfile=None)
        self.serial.logfile_read = self.log
        self.monitor = Monitor(monitor, self.process)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None:
            self._tell()
        self.close()

    def _tell(self):
        """Print what may explain a failure: the serial line so far, and the screen."""
        self.log.flush()
        with open(os.path.join(self.work, 'serial.log'), errors='replace') as file:
            print('--- serial line\n' + '\n'.join(file.read().replace('\r', '').splitlines()[-60:]))
        try:
            print(f'--- screen\n{self.screen()}')
        except (Failure, OSError):
            pass
        sys.stdout.flush()

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.work, ignore_errors=True)

    # ---- the serial line

    def wait_for_prompt(self, timeout=60):
        self.serial.expect(PROMPT, timeout=timeout)

    def shell(self, line, timeout=60):
        """Run a line in the serial shell, at whose prompt we stand. Returns what it printed."""
        if not self.is_wide:
            # The shell breaks lines that are wider than its terminal, and then the echo is not the line.
            self.is_wide = True
            self.shell('stty rows 50 cols 1000')
        self.serial.send(line + '\r')
        self.serial.expect_exact(line, timeout=timeout)
        self.serial.expect(r'\r*\n', timeout=timeout)
        self.serial.expect(r'(?:^|\n)[^\n]*' + PROMPT, timeout=timeout)
        return self.serial.before.decode(errors='replace').replace('\r', '').strip('\n')

    def pause(self):
        """Give a program just started from the keyboard time to run; there is nothing to wait for."""
        time.sleep(1)

    def wait_until_runs(self, line, timeout=30):
        """Wait until the shell has echoed a line and handed the terminal to what it starts."""
        self.serial.expect_exact(line, timeout=timeout)
        self.serial.expect(r'\r*\n', timeout=timeout)
        self.pause()

    def wait_for_end(self, timeout=60):
        """Wait until the machine has powered off. Returns QEMU's exit status."""
        try:
            self.serial.expect(pexpect.EOF, timeout=timeout)
        except OSError:
            pass			# how a closed socket may show itself
        return self.process.wait(timeout=timeout)

    # ---- the keyboard

    def press(self, keys):
        """Keys pressed together and released, by QEMU's names: 'ctrl-c', 'alt-f2', 'ret'."""
        names = keys.split('-') if isinstance(keys, str) else keys
        self.monitor.execute('send-key', keys=[{'type': 'qcode', 'data': name} for name in names], **{'hold-time': 10})
        time.sleep(0.03)		# longer than the keys are held, so that they do not overlap

    def type(self, text):
        for character in text:
            self.press(key_of(character))

    # ---- the screen

    def screen(self):
        """The text screen as it is now, from where the display starts."""
        path = os.path.join(self.work, 'vga')
        self.monitor.execute('pmemsave', val=VGA_TEXT, size=0x8000, filename=path)
        with open(path, 'rb') as file:
            return Screen(file.read())

    def wait_for_text(self, text, timeout=60):
        """Wait until `text` (or a compiled pattern) is on the text screen. Returns the screen."""
        deadline = time.monotonic() + timeout
        while True:
            screen = self.screen()
            if text.search(str(screen)) if isinstance(text, re.Pattern) else screen.has(text):
                return screen
            if time.monotonic() > deadline:
                raise Failure(f'the screen does not show "{text}" after {timeout} s')
            time.sleep(0.1)

    def wait_for_shell(self, timeout=60):
        """Wait until the last line of the text screen is a prompt. Returns the screen."""
        return self.wait_for_text(re.compile(r'[#$]$'), timeout)

    def screenshot(self, path):
        """Write what a monitor would show, as PPM."""
        self.monitor.execute('screendump', filename=os.path.abspath(path))
