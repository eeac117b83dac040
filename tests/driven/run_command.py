"""`./quartet run -- CMD` gives the command's output alone and its exit status."""

import os
import subprocess

from common import build_kernel

KERNEL = os.environ.get('QUARTET_KERNEL') or build_kernel()


def run(*command):
    done = subprocess.run(['./quartet', 'run', '--kernel', KERNEL, '--cpus', '2', '--', *command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    return done.returncode, done.stdout, done.stderr


for command, status, output in [
        (['echo', 'one', ' two  three '], 0, b'one  two  three \n'),
        (['sh', '-c', 'printf "%s|" "$@"; exit 3', 'sh', "it's", 'a "b" $c', '\\'], 3, b'it\'s|a "b" $c|\\|'),
        (['sh', '-c', 'kill -TERM $$'], 128 + 15, b''),
        (['sh', '-c', 'kill -KILL $$'], 128 + 9, b''),
        (['printf', '\\001\\377\\r\\n\\t\\033'], 0, b'\x01\xff\r\n\t\x1b'),
        (['/no/such/program'], 127, None)]:
    got = run(*command)
    assert got[0] == status, (command, got)
    assert output is None or got[1] == output, (command, got)
