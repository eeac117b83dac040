"""Debian's own strace and gdb (i386, unmodified) do in the machine what they do on Linux: tests/sessions/debuggers.*."""

import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile

from common import ROOT, build_kernel

KERNEL = os.environ.get('QUARTET_KERNEL') or build_kernel()
SESSIONS = os.path.join(ROOT, 'tests/sessions')


def make_folder(top):
    """The sessions' files and the program to debug."""
    for entry in os.listdir(SESSIONS):
        if entry.endswith('.gdb') or entry in ('debuggers.sh', 'debugged.c'):
            shutil.copy(os.path.join(SESSIONS, entry), top)
    subprocess.run(['gcc', '-m32', '-g', '-O0', '-no-pie', '-pthread', '-Wl,-z,noseparate-code',
                    f'-fdebug-prefix-map={top}=/root', '-o',
                    os.path.join(top, 'debugged'), 'debugged.c'], check=True, cwd=top)


def comparable(text):
    """Lines without what may differ: addresses, numbers of processes, times, and what depends on the place."""
    text = re.sub(r'0x[0-9a-f]{5,}', 'ADDRESS', text)
    text = re.sub(r'(LWP|process|Process) +\d+', r'\1 N', text)
    text = re.sub(r'si_pid=\d+', 'si_pid=N', text)
    text = re.sub(r'si_[us]time=\d+( /\*.*?\*/)?', 'si_time=T', text)
    text = re.sub(r'^\d+ +', '', text, flags=re.M)
    text = re.sub(r'/\* \d+ vars \*/', '', text)
    text = re.sub(r'argv=ADDRESS', 'argv', text)
    # How many functions of its own glibc has around a system call, and their names, differ by its version.
    text = re.sub(r'^#\d+ ', '#N ', text, flags=re.M)
    text = re.sub(r'\?\? \(\) from \S*/libc\.so\.6', '__kernel_vsyscall ()', text)
    lines = [re.sub('  +', ' ', line).strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith(('warning:', 'This normally should'))]


def main():
    with tempfile.TemporaryDirectory(prefix='quartet-debuggers-') as top:
        make_folder(top)
        script = ('cp /share/* /root; mount -t tmpfs t /tmp; sh /root/debuggers.sh >/tmp/out 2>&1; cat /tmp/out')
        done = subprocess.run(['./quartet', 'run', '--kernel', KERNEL, '--image', 'debian', '--share', top, '--', 'sh', '-c',
                               script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors='replace', timeout=280)
    with open(os.path.join(SESSIONS, 'debuggers.expected')) as file:
        expected = comparable(file.read())
    got = comparable(done.stdout)
    if got == expected:
        return 0
    print('\n'.join(difflib.unified_diff(expected, got, 'Linux', 'Quartet', lineterm='', n=1)))
    return 1


if __name__ == '__main__':
    sys.exit(main())
