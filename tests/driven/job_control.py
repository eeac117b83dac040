"""The shell's job control through the real line discipline, on the serial line and at the keyboard, on 1 and 4 CPUs."""

import concurrent.futures
import re

from machine import Machine


def on_serial(machine):
    serial = machine.serial
    machine.shell('PS1="# "')

    serial.send('sleep 100\r')
    machine.wait_until_runs('sleep 100')
    serial.send('\x03')
    serial.expect(r'\^C')
    machine.wait_for_prompt()
    assert machine.shell('echo $?') == '130'

    serial.send('sleep 100\r')
    machine.wait_until_runs('sleep 100')
    serial.send('\x1c')
    machine.wait_for_prompt()
    assert machine.shell('echo $?') == '131'

    serial.send('sleep 1000\r')
    machine.wait_until_runs('sleep 1000')
    serial.send('\x1a')
    serial.expect('Stopped')
    machine.wait_for_prompt()
    assert re.search(r'\[1\]\+?\s+Stopped\s+sleep 1000', machine.shell('jobs'))
    machine.shell('bg')
    assert 'Running' in machine.shell('jobs')
    serial.send('fg\r')
    serial.expect('sleep 1000')
    machine.pause()
    serial.send('\x03')
    machine.wait_for_prompt()
    assert machine.shell('jobs') == ''

    # A background process that reads the terminal is stopped; it goes on when brought to the front.
    machine.shell('cat &')
    assert 'tty input' in machine.shell('sleep 1; jobs') or 'Stopped' in machine.shell('jobs')
    serial.send('fg\r')
    serial.expect('cat')
    machine.pause()
    serial.send('hello\r')
    serial.expect('hello\r*\nhello')
    serial.send('\x04')
    machine.wait_for_prompt()

    # Editing of a line: erase a character, a word and the whole line.
    serial.send('cat\r')
    serial.expect('cat\r*\n')
    machine.pause()
    serial.send('abx\x7fc one two\x17three\r')
    serial.expect('\nabc one three\r*\n')
    serial.send('gone\x15kept\r')
    serial.expect('\nkept\r*\n')
    serial.send('\x04')
    machine.wait_for_prompt()


def at_keyboard(machine):
    machine.press('alt-f2')
    machine.wait_for_shell()
    machine.type('sleep 100\n')
    machine.pause()
    machine.press('ctrl-z')
    machine.wait_for_text('Stopped')
    machine.type('clear; jobs\n')
    machine.wait_for_text(re.compile(r'^\[1\]\+?\s+Stopped\s+sleep 100', re.M))
    machine.type('bg; clear; jobs\n')
    machine.wait_for_text(re.compile(r'^\[1\]\+?\s+Running\s+sleep 100', re.M))
    machine.type('fg\n')
    machine.pause()
    machine.press('ctrl-c')
    machine.wait_for_text('^C')
    machine.type('echo status $?; sleep 100\n')
    machine.wait_for_text('status 130')
    machine.pause()
    machine.press('ctrl-backslash')
    machine.type('echo status $?\n')
    machine.wait_for_text('status 131')


def drive(cpus):
    with Machine(cpus=cpus) as machine:
        machine.wait_for_prompt()
        on_serial(machine)
        at_keyboard(machine)


# Mostly they wait for the typist: both machines at once take little longer than one.
with concurrent.futures.ThreadPoolExecutor() as pool:
    for driven in [pool.submit(drive, cpus) for cpus in (1, 4)]:
        driven.result()
