"""./quartet run: the machine in this terminal, or one command in it."""

import os
import re
import subprocess
import sys
import tempfile
import time

import image
import options as machine_options
import qemu
import streams
import terminal
from common import Failure, Misuse

POWER_OFF_SECONDS = 10		# from the command's end, or a panic's beginning, to the end of the machine


def has_desktop():
    return bool(os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY'))


def display_arguments(screen):
    """With --screen a window if there is a desktop, else the text screen drawn in this terminal."""
    if not screen:
        return ['-display', 'none', '-serial', 'mon:stdio']
    if has_desktop():
        return ['-display', 'gtk', '-serial', 'mon:stdio']
    return ['-display', 'curses', '-serial', 'null', '-monitor', 'none']


def run_machine(settings, screen):
    settings.exit_port = False		# a power-off is a success, and QEMU says so only by ACPI
    display = display_arguments(screen)
    command = qemu.command_line(settings) + display
    sys.stdout.flush()
    if 'curses' in display:
        return terminal.run(command)
    os.execvp(command[0], command)


def reported_status(report_path):
    """The status that init wrote to the third serial line, or None."""
    with open(report_path, errors='replace') as file:
        found = re.search(r'^exit (\d+)', file.read(), re.MULTILINE)
    return int(found.group(1)) if found else None


def last_words(console):
    """The end of what the kernel said: from the beginning of a panic on, or thirty lines."""
    with open(console, 'rb') as file:
        said = file.read()
    panic = qemu.PANIC.search(said)
    lines = said[said.rfind(b'\n', 0, panic.start()) + 1 if panic else 0:].decode(errors='replace').splitlines()
    return lines if panic else lines[-30:]


def follow(process, console, report, watch=None):
    """
    Wait for QEMU's end. A machine that has panicked, or that does not power off, is ended here. Meanwhile `watch`
    is called often.
    """
    ending_since = None
    while True:
        try:
            process.wait(timeout=0.05)
            return
        except subprocess.TimeoutExpired:
            pass
        if watch:
            watch()
        with open(console, 'rb') as file:
            said = file.read()
        ending = qemu.PANIC.search(said) or reported_status(report) is not None
        if ending and ending_since is None:
            ending_since = time.monotonic()
        if qemu.PANIC_END in said or (ending and time.monotonic() - ending_since > POWER_OFF_SECONDS):
            process.kill()
            process.wait()
            return


def run_command(settings, command, output=None, watch=None):
    """
    Boot, run `command`, pass its output on (to the file `output`, if given), and return its status. `watch`: see follow().
    """
    with tempfile.TemporaryDirectory() as work:
        console, report = os.path.join(work, 'console'), os.path.join(work, 'report')
        if settings.snapshot:
            copy = os.path.join(work, 'image')
            image.copy_image(settings.image, copy)
            settings.image, settings.snapshot = copy, False
        else:
            image.settle_image(settings.image)
        image.write_into_image(settings.image, '/quartet.run', b''.join(os.fsencode(word) + b'\0' for word in command))
        # In a terminal keys go to the command, and QEMU sees to them and to the output.
        at_terminal = output is None and streams.is_terminal(sys.stdin) and streams.is_terminal(sys.stdout)
        own = streams.Streams() if output is None and not at_terminal else None
        settings.append = ['quartet.run', *(own.boot_words if own else ['quartet.input'] * at_terminal)] + settings.append
        # Ctrl-C is a key for the command; Ctrl-A X ends the machine.
        line = own.serial(0) if own else ['-chardev', 'stdio,id=line,signal=off,mux=on', '-serial', 'chardev:line']
        arguments = qemu.command_line(settings) + [
            '-display', 'none', '-monitor', 'none', '-serial', f'file:{console}', *line,
            '-serial', f'file:{report}', *(own.serial(1) if own else [])]
        for path in (console, report):
            open(path, 'w').close()
        process = qemu.start(arguments, stdin=None if at_terminal else subprocess.DEVNULL, stdout=output,
                             pass_fds=own.descriptors if own else ())
        if own:
            own.begin(process.kill)
        try:
            follow(process, console, report, watch)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        unheard = own.join() if own else None
        if unheard is not None:
            streams.discard_output()
            return unheard
        status = reported_status(report)
        if status is None:
            tail = last_words(console)
            if process.returncode != 0 and not tail:
                raise Failure(f'QEMU ended with status {process.returncode}')	# and has said why
            raise Failure('the machine ended before the command did; its console said last:\n' + '\n'.join(tail))
    return status


def main(arguments):
    own, command = machine_options.split_command(arguments)
    parsed = machine_options.parser('run').parse_args(own)
    if command is not None and not command:
        raise Misuse('run --: which command?')
    if command and parsed.screen:
        raise Misuse('--screen shows the consoles; with -- CMD there are none to see')
    settings = machine_options.machine_settings(parsed)
    if command:
        return run_command(settings, command)
    return run_machine(settings, parsed.screen)
