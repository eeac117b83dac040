"""
Standard streams of a command in the machine: what comes over its serial lines goes where ours go, and our input to it.

QEMU could write to them itself, but it does not tell when nobody takes the output any more, and a serial line has no end.
So each line is a socket here. user/init/outside.c is the other side, and says how input is wrapped.
"""

import errno
import os
import select
import signal
import socket
import stat
import struct
import sys
import threading

from common import Failure

PIECE = 4096


def is_terminal(stream):
    return stream is not None and stream.isatty()


def has_input():
    """Whether standard input is something to read: not closed, and not /dev/null."""
    try:
        status = os.fstat(0)
    except OSError:
        return False
    nothing = os.stat(os.devnull)
    return not stat.S_ISCHR(status.st_mode) or status.st_rdev != nothing.st_rdev


def is_error_apart():
    """Whether standard error goes elsewhere than standard output; in one place their order is kept."""
    try:
        output, error = os.fstat(1), os.fstat(2)
    except OSError:
        return True
    return (output.st_dev, output.st_ino) != (error.st_dev, error.st_ino)


class Streams:
    """
    The second serial line is standard output; the fourth, where needed, input and standard error. Give QEMU `arguments`
    and `descriptors`, then begin(); join() when it has ended.
    """

    def __init__(self):
        self.input, self.error = has_input(), is_error_apart()
        self.boot_words = ['quartet.stdin'] * self.input + ['quartet.stderr'] * self.error
        self.pairs = [socket.socketpair() for _ in range(1 + (self.input or self.error))]
        self.descriptors = [theirs.fileno() for _, theirs in self.pairs]
        self.failure = None		# the OSError of an output that could not be written
        self.threads = []

    def serial(self, which):
        """QEMU's arguments for the line: 0 is the output, 1 the side line."""
        if which >= len(self.pairs):
            return []
        return ['-chardev', f'socket,id=stream{which},fd={self.descriptors[which]}', '-serial', f'chardev:stream{which}']

    def begin(self, give_up):
        """QEMU runs and has its ends. `give_up` is called when nobody takes the output."""
        for _, theirs in self.pairs:
            theirs.close()
        lines = [ours for ours, _ in self.pairs]
        self._start(self._pass_on, lines[0], 1, give_up)
        if len(lines) > 1:
            self._start(self._serve_side, lines[1], give_up)

    def _start(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments)
        thread.start()
        self.threads.append(thread)

    def _serve_side(self, line, give_up):
        try:
            if not line.recv(1):
                return		# it ended before the command began
        except OSError:
            return
        if self.input:
            # Whoever reads an input that never ends is not waited for.
            threading.Thread(target=self._send_input, args=(line,), daemon=True).start()
        self._pass_on(line, 2, give_up)

    def _pass_on(self, line, descriptor, give_up):
        try:
            while piece := line.recv(1 << 16):
                while piece:
                    piece = piece[self._write(descriptor, piece):]
        except OSError as error:
            if error.errno != errno.ECONNRESET:
                self.failure = self.failure or error
                give_up()

    @staticmethod
    def _write(descriptor, piece):
        try:
            return os.write(descriptor, piece)
        except BlockingIOError:		# somebody made it so, and it is full for now
            select.select([], [descriptor], [])
            return 0

    def _send_input(self, line):
        try:
            while piece := os.read(0, PIECE):
                line.sendall(struct.pack('<H', len(piece)) + piece)
            line.sendall(struct.pack('<H', 0))
        except OSError:
            pass		# the machine has ended, or our input is none

    def join(self):
        """
        All that came has been passed on. Returns the status that an output which nobody takes gives, as a shell tells of
        SIGPIPE, or None.
        """
        for thread in self.threads:
            thread.join()
        if self.failure and self.failure.errno == errno.EPIPE:
            return 128 + signal.SIGPIPE
        if self.failure:
            raise Failure(f'the output cannot be written: {self.failure.strerror}')
        return None


def discard_output():
    """After a broken pipe: what Python still holds for it is not worth a complaint."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
