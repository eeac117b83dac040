"""The commands of ./quartet. Each lives in a module of its own, loaded only when it is asked for."""

import importlib
import os
import signal
import sys

HELP = """\
Quartet: a small Unix-like kernel that runs Linux i386 programs.

  ./quartet run [OPTIONS]               boot in QEMU; the serial shell is in this terminal (Ctrl-A X ends it)
  ./quartet run [OPTIONS] -- CMD ARGS   run one command in the machine; its output and status are yours
      --screen              show the virtual consoles: a window, or curses; Alt-F1 to Alt-F4 switch
      --memory M            megabytes of memory (128; Debian 512)
      --cpus N              processors, 1 to 8 (4)
      --image FILE|NAME     a disk image of your own, changed in place; or 1k, 2k, 4k: ours with that block size;
                            or debian: a stock Debian with bash, gcc, python3 and more
      --disk ide|virtio     which disk the machine has (ide)
      --keep                keep the changes made to the root disk for the next run --keep
      --append STR          more words for the kernel command line, such as loglevel=7 or seed=1
      --share DIR           pack a folder, read-only, into the root disk as /share
      --build debug|release which kernel (release); --cc gcc|clang its compiler (gcc); --kernel FILE
      --accel HOW           QEMU's way to execute: tcg, tcg-single, tcg-multi (threads), kvm (tcg)
  ./quartet test [PATTERN...] [--cpus LIST] [--seed N] [--accel HOW] [--kernel FILE]
                            all tests, or those whose names contain a pattern: guest tests on Linux and on
                            Quartet, host unit tests, tests driven from keyboard and serial line, checks
  ./quartet trace [OPTIONS] [--json FILE] [--output FILE] -- CMD ARGS
                            the same as run -- CMD, and tell what it did: system calls as strace does, and a timeline
                            for Perfetto or Chrome
  ./quartet replay TEST [--seed N] [--tries N] [-- GDB ARGS]
                            record a guest test until it fails, then run exactly that again under gdb, forwards and
                            backwards; without TEST the last recording
  ./quartet endure crash [--points N] [--seed S]
                            cuts of power at N (10000) points of logged workloads: nothing may be lost or torn
  ./quartet endure sim [--seeds N] [--first S]
                            the portable kernel on a simulated machine, everything decided by one seed: N (1000) of them
  ./quartet endure strangers [NAME...] [--minutes M] [--linux]
                            trinity and crashme for M (10) minutes each and stress-ng's stressors, as an ordinary user
  ./quartet endure torture [--minutes N] [--seed S]
                            what must not happen at once does, for N (60) minutes, on 1, 2, 4 and 8 processors
  ./quartet profile [OPTIONS] [--flame FILE] [--output FILE] [--most N] -- CMD ARGS
                            the same on one processor, and tell in which kernel functions its instructions went: a
                            table, and a flame graph (SVG)
  ./quartet check           layers, headers, format, documents, and both compilers
  ./quartet bench [ROW...] [--icount|--time|--v86] [--quick] [--json|--plot|--baseline FILE] [--fresh]
                            what system calls, faults and processes cost, beside Linux on the same machine; with
                            --felt, what whole programs, thousands of processes and four busy processors cost
  ./quartet compat python|go|stress-ng [PART...] [--document FILE] [--seconds N]
                            other people's test suites, on Linux and on Quartet, test by test; stressors N (5) s each
  ./quartet compat self [PATTERN...] [--document FILE]
                            build the kernel inside of Quartet, and run the guest tests on it
  ./quartet debug [OPTIONS] QEMU stopped at its first instruction, with gdb; try `help quartet` in it
  ./quartet build           kernel and programs             ./quartet image [iso|debian]  root disk; CD; Debian
  ./quartet screenshot      make docs/four-shells.png       ./quartet help         this

Downloads are kept in ${QUARTET_CACHE:-~/.cache/quartet}; everything else is made in build/."""

COMMANDS = ('run', 'test', 'bench', 'check', 'compat', 'debug', 'build', 'endure', 'image', 'profile', 'replay', 'screenshot', 'trace')


def end_in_order(number, _frame):
    """Unwind, so that machines are stopped and temporary files removed."""
    sys.exit(128 + number)


def main():
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, end_in_order)
    name = sys.argv[1] if len(sys.argv) > 1 else 'help'
    if name in ('help', '-h', '--help'):
        print(HELP)
        return 0
    if name not in COMMANDS:
        print(f'quartet: no command "{name}"; ./quartet help lists them', file=sys.stderr)
        return 2
    module = importlib.import_module(f'commands.{name}')
    from common import Failure
    try:
        return module.main(sys.argv[2:])
    except Failure as failure:
        print(f'quartet: {failure}', file=sys.stderr)
        return 1
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
