"""./quartet debug: QEMU stopped at its first instruction, and gdb that knows the kernel's structures."""

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import termios
import tty

import options as machine_options
import qemu
from commands.run import has_desktop
from common import ROOT, Failure, build_path

SOCKETS = build_path('debug-session')


def show_console():
    """Connect this terminal to the serial line of a machine under the debugger; Ctrl-] leaves."""
    line = socket.socket(socket.AF_UNIX)
    try:
        line.connect(os.path.join(SOCKETS, 'serial'))
    except OSError:
        raise Failure('no machine is being debugged; start one with ./quartet debug') from None
    before = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        while True:
            ready, _, _ = select.select([0, line], [], [])
            if line in ready:
                data = line.recv(4096)
                if not data:
                    return 0
                os.write(1, data)
            if 0 in ready:
                data = os.read(0, 1024)
                if not data or b'\x1d' in data:
                    return 0
                line.sendall(data)
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


def gdb_command(kernel, arguments, port=os.path.join(SOCKETS, 'gdb')):
    # On a busy machine QEMU may take longer to answer than gdb likes to wait, longest when it goes backwards.
    return ['gdb', '-q', '-nx', '-ex', 'set remotetimeout 100', '-ex', 'set confirm off', '-ex', 'set pagination off', '-ex', f'file {kernel}',
            '-ex', f'source {ROOT}/tools/gdb/quartet.py', '-ex', f'target remote {port}', *arguments]


def main(arguments):
    if '--console' in arguments:
        return show_console()
    own, gdb_arguments = machine_options.split_command(arguments)
    parser = machine_options.parser('debug')
    parser.set_defaults(build='debug')
    parsed = parser.parse_args(own)
    if parsed.screen and not has_desktop():
        raise Failure('debug --screen needs a desktop: gdb has this terminal')
    settings = machine_options.machine_settings(parsed)
    shutil.rmtree(SOCKETS, ignore_errors=True)
    os.makedirs(SOCKETS)
    command = qemu.command_line(settings) + [
        '-S', '-display', 'gtk' if parsed.screen else 'none',
        '-chardev', f'socket,id=gdb,path={SOCKETS}/gdb,server=on,wait=off', '-gdb', 'chardev:gdb',
        '-chardev', f'socket,id=line,path={SOCKETS}/serial,server=on,wait=off,logfile={SOCKETS}/serial.log',
        '-serial', 'chardev:line', '-monitor', 'none']
    # A session of its own: Ctrl-C in gdb must not reach QEMU as a signal.
    machine = qemu.start(command, stdin=subprocess.DEVNULL, start_new_session=True)
    print('The machine stands at its first instruction; `continue` starts it. Its serial shell:\n'
          '    ./quartet debug --console\n'
          'Commands for the kernel: help quartet', flush=True)
    try:
        qemu.await_socket(os.path.join(SOCKETS, 'gdb'), machine)
        gdb = subprocess.Popen(gdb_command(settings.kernel, gdb_arguments or []))
        # Ctrl-C is for gdb, which stops the machine; here it would end the session.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return gdb.wait()
    finally:
        machine.kill()
        machine.wait()
        sys.stdout.flush()
