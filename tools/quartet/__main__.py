"""The commands of ./quartet. Each lives in a module of its own, loaded only when it is asked for."""

import importlib
import os
import signal
import sys

HELP = """\
Quartet: a small Unix-like kernel that runs Linux i386 programs.

  ./quartet run                boot it, with a shell here; Ctrl-A X ends it
  ./quartet run --screen       the four consoles; Alt-F1 to Alt-F4 switch
  ./quartet run -- CMD ARGS    run one command; output and status are yours
  ./quartet test [PATTERN...]  prove what is promised, all or what matches
  ./quartet debug              stop at the first instruction, in gdb
  ./quartet trace -- CMD       what a command did: its calls, and a timeline
  ./quartet profile -- CMD     in which kernel functions its instructions went
  ./quartet bench [ROW...]     what calls and processes cost, beside Linux
  ./quartet replay [TEST]      record a failing test; run it forwards, backwards
  ./quartet endure WHAT        hours of cut power, shortage, hostile programs
  ./quartet compat WHAT        other people's test suites; Quartet builds itself
  ./quartet check              layers, headers, format, documents, compilers
  ./quartet build              kernel and programs
  ./quartet image [WHAT]       a root disk; a CD; Debian
  ./quartet screenshot         make docs/four-shells.png

./quartet help COMMAND tells its options: memory, processors, disks, folders...
Downloads are kept in ${QUARTET_CACHE:-~/.cache/quartet}, all else in build/."""

COMMANDS = ('run', 'test', 'bench', 'check', 'compat', 'debug', 'build', 'endure', 'image', 'profile', 'replay', 'screenshot', 'trace')


def end_in_order(number, _frame):
    """Unwind, so that machines are stopped and temporary files removed."""
    sys.exit(128 + number)


def hold_standard_streams():
    """What was closed is a file that can be neither read nor written, and no other file takes its number."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDONLY if descriptor else os.O_WRONLY)


def main():
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, end_in_order)
    hold_standard_streams()
    name, *words = sys.argv[1:] or ['help']
    if name in ('help', '-h', '--help'):
        if not words:
            print(HELP)
            return 0
        if len(words) > 1:
            print('quartet: help: one command at a time', file=sys.stderr)
            return 2
        name, words = words[0], ['--help']
    if name not in COMMANDS:
        print(f'quartet: no command "{name}"; ./quartet help lists them', file=sys.stderr)
        return 2
    module = importlib.import_module(f'commands.{name}')
    from common import Failure
    try:
        return module.main(words)
    except Failure as failure:
        print(f'quartet: {failure}', file=sys.stderr)
        return failure.status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        # No space, no permission, a file that went away: nothing that a traceback would make clearer.
        where = f': {error.filename}' if error.filename else ''
        print(f'quartet: {error.strerror or error}{where}', file=sys.stderr)
        return 1


sys.exit(main())
