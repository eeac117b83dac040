"""Checks of the source: layers, headers that compile alone, format, documents, and both compilers without a warning."""

import os
import subprocess
import sys
import time

import applets
from common import ROOT, try_make
from results import FAILED, PASSED

# Clang's debug kernel has the same C, all of which clang has seen in the other one (tools/check-format sees to that).
KERNELS = (('debug', 'gcc'), ('release', 'gcc'), ('release', 'clang'))


def run_program(command):
    """Whether it succeeded, and what it said."""
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors='replace')
    return done.returncode == 0, done.stdout


def check_layers():
    return run_program([sys.executable, 'tools/check-layers'])


def check_format():
    return run_program([sys.executable, 'tools/check-format'])


def check_headers():
    """
    With gcc alone, a trade of time: clang would take three times as long, and what a header lacks is mostly lacked
    with either. A header that only clang refuses is seen where a source file includes it first (build_check).
    """
    return run_program(['tools/check-headers', 'gcc'])


def check_syscall_document():
    """docs/syscalls.md is in the repository, so it must be the one that the table makes."""
    table = 'kernel/syscall/syscall.tbl'
    if not os.path.exists(os.path.join(ROOT, table)):
        return True, ''
    return run_program(['sh', '-c', '"$0" tools/gen-syscalls "$1" --document build/syscalls.md && '
                                    'diff -u docs/syscalls.md build/syscalls.md', sys.executable, table])


def check_bad_pointers():
    """Every pointer that a call is given is tried in tests/guest/bad_pointers.h."""
    return run_program([sys.executable, 'tools/check-bad-pointers'])


def check_documents():
    return run_program([sys.executable, 'tools/check-docs'])


def check_applets():
    """Every call that busybox's applets were seen to make (tools/trace-applets) is in the table."""
    missing = applets.missing_calls()
    return not missing, ''.join(f'tests/applets/syscalls: {name} has no handler in syscall.tbl\n' for name in missing)


def build_check(build, compiler):
    """Build the kernel. Clang's is not run, so there is nothing in it for a debugger."""
    wanted = ['kernel', 'EXTRA_CFLAGS=-g0'] if compiler == 'clang' else ['kernel']

    def check():
        return try_make('--silent', '--keep-going', f'BUILD={build}', f'CC={compiler}', *wanted)
    return check


def all_checks():
    checks = [('layers', check_layers), ('headers', check_headers), ('format', check_format),
              ('syscalls', check_syscall_document),
              ('syscalls-pointers', check_bad_pointers), ('documents', check_documents), ('applets', check_applets)]
    checks += [(f'{build}-{compiler}', build_check(build, compiler)) for build, compiler in KERNELS]
    return checks


def run(is_wanted, results):
    chosen = [(name, check) for name, check in all_checks() if is_wanted(f'check/{name}')]
    if not chosen:
        return
    results.heading('checks')
    for name, check in chosen:
        started = time.monotonic()
        good, said = check()
        results.single(f'check/{name}', PASSED if good else FAILED, said, time.monotonic() - started)
