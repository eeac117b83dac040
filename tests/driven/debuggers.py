"""Debian's own strace and gdb (i386, unmodified) do in the machine what they do on Linux: tests/sessions/debuggers.*."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

import packages
from common import ROOT, Failure, build_kernel

KERNEL = os.environ.get('QUARTET_KERNEL') or build_kernel()
SESSIONS = os.path.join(ROOT, 'tests/sessions')
LIBRARY_FOLDERS = ['lib/i386-linux-gnu', 'usr/lib/i386-linux-gnu']
PACKAGES = '''busybox-static gdb strace libc6 libbabeltrace1 libboost-regex1.74.0 libbrotli1 libbz2-1.0 libcom-err2
    libcurl3-gnutls libdebuginfod1 libdw1 libelf1 libexpat1 libffi8 libgcc-s1 libglib2.0-0 libgmp10 libgnutls30
    libgssapi-krb5-2 libhogweed6 libicu72 libidn2-0 libipt2 libk5crypto3 libkeyutils1 libkrb5-3 libkrb5support0
    libldap-2.5-0 liblzma5 libmpfr6 libncursesw6 libnettle8 libnghttp2-14 libp11-kit0 libpcre2-8-0 libpsl5
    libpython3.11-minimal libpython3.11-stdlib libpython3.11 libreadline8 librtmp1 libsasl2-2 libsource-highlight4v5
    libssh2-1 libssl3 libstdc++6 libtasn1-6 libtinfo6 libunistring2 libuuid1 libxxhash0 libzstd1 zlib1g'''.split()
APPLETS = 'cat cut grep kill ls mkdir rm sh sleep sort true'.split()


def find(roots, path):
    for root in roots:
        if os.path.exists(os.path.join(root, path)):
            return os.path.realpath(os.path.join(root, path))
    return None


def add_with_libraries(roots, top, path, done):
    """Copy a program or library, and what it is linked with."""
    source = find(roots, path)
    if path in done or not source:
        return
    done.add(path)
    os.makedirs(os.path.dirname(os.path.join(top, path)), exist_ok=True)
    shutil.copy(source, os.path.join(top, path))
    dynamic = subprocess.run(['readelf', '-d', source], stdout=subprocess.PIPE, text=True).stdout
    for name in re.findall(r'NEEDED.*\[(.*)\]', dynamic):
        for folder in LIBRARY_FOLDERS:
            add_with_libraries(roots, top, f'{folder}/{name}', done)


def make_root(top):
    roots = [packages.fetch(package) for package in PACKAGES]
    done = set()
    for path in ['usr/bin/strace', 'usr/bin/gdb', 'lib/i386-linux-gnu/ld-linux.so.2',
                 'lib/i386-linux-gnu/libthread_db.so.1', 'bin/busybox']:
        add_with_libraries(roots, top, path, done)
    os.symlink('i386-linux-gnu/ld-linux.so.2', os.path.join(top, 'lib/ld-linux.so.2'))
    for applet in APPLETS:
        os.symlink('busybox', os.path.join(top, 'bin', applet))
    for folder in ['usr/share/gdb', 'usr/lib/python3.11']:
        for root in roots:
            if os.path.isdir(os.path.join(root, folder)):
                shutil.copytree(os.path.join(root, folder), os.path.join(top, folder), symlinks=True, dirs_exist_ok=True)
    for folder in ['dev', 'proc', 'tmp', 'root']:
        os.makedirs(os.path.join(top, folder), exist_ok=True)
    for entry in os.listdir(SESSIONS):
        if entry.endswith('.gdb') or entry == 'debuggers.sh':
            shutil.copy(os.path.join(SESSIONS, entry), os.path.join(top, 'root'))
    subprocess.run(['gcc', '-m32', '-g', '-O0', '-no-pie', '-pthread', '-Wl,-z,noseparate-code', '-o',
                    os.path.join(top, 'root/debugged'), 'debugged.c'], check=True, cwd=SESSIONS)


def comparable(text):
    """Lines without what may differ: addresses, numbers of processes, times, and what depends on the place."""
    text = re.sub(r'0x[0-9a-f]{5,}', 'ADDRESS', text)
    text = re.sub(r'(LWP|process|Process) +\d+', r'\1 N', text)
    text = re.sub(r'si_pid=\d+', 'si_pid=N', text)
    text = re.sub(r'si_[us]time=\d+( /\*.*\*/)?', 'si_time=T', text)
    text = re.sub(r'^\d+ +', '', text, flags=re.M)
    text = re.sub(r'/\* \d+ vars \*/', '', text)
    text = re.sub(r'argv=ADDRESS', 'argv', text)
    lines = [re.sub('  +', ' ', line).strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith(('warning:', 'This normally should'))]


def main():
    top = tempfile.mkdtemp(prefix='quartet-debuggers-')
    try:
        try:
            make_root(top)
        except Failure as failure:
            print(f'skipped: {failure}')
            return 77
        script = ('mount -t proc proc /share/proc; mount -o bind /dev /share/dev; mount -t tmpfs t /share/tmp; '
                  'chroot /share /bin/sh -c "sh /root/debuggers.sh >/tmp/out 2>&1"; cat /share/tmp/out')
        done = subprocess.run(['./quartet', 'run', '--kernel', KERNEL, '--memory', '512', '--share', top, '--', 'sh',
                               '-c', script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors='replace', timeout=280)
    finally:
        shutil.rmtree(top)
    with open(os.path.join(SESSIONS, 'debuggers.expected')) as file:
        expected = comparable(file.read())
    got = comparable(done.stdout)
    if got == expected:
        return 0
    import difflib
    print('\n'.join(difflib.unified_diff(expected, got, 'Linux', 'Quartet', lineterm='', n=1)))
    return 1


if __name__ == '__main__':
    sys.exit(main())
