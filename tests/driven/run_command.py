"""`./quartet run -- CMD` gives the command's output alone and its exit status."""

import hashlib
import os
import random
import signal
import subprocess
import tempfile

import image
from common import build_kernel

KERNEL = os.environ.get('QUARTET_KERNEL') or build_kernel()


def run(*command, options=(), **settings):
    done = subprocess.run(['./quartet', 'run', '--kernel', KERNEL, '--cpus', '2', *options, '--', *command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, **settings)
    return done.returncode, done.stdout, done.stderr


for command, status, output in [
        (['echo', 'one', ' two  three '], 0, b'one  two  three \n'),
        (['sh', '-c', 'printf "%s|" "$@"; exit 3', 'sh', "it's", 'a "b" $c', '\\'], 3, b'it\'s|a "b" $c|\\|'),
        (['sh', '-c', 'kill -TERM $$'], 128 + 15, b''),
        (['sh', '-c', 'kill -KILL $$'], 128 + 9, b''),
        (['printf', '\\001\\377\\r\\n\\t\\033'], 0, b'\x01\xff\r\n\t\x1b'),
        (['cat'], 0, b''),		# nobody to read from: the end of file, at once
        (['/no/such/program'], 127, None)]:
    got = run(*command)
    assert got[0] == status, (command, got)
    assert output is None or got[1] == output, (command, got)

# A folder of the host, packed read-only: symbolic links too, those to folders as well.
with tempfile.TemporaryDirectory() as folder:
    os.makedirs(os.path.join(folder, 'some folder/deeper'))
    with open(os.path.join(folder, 'some folder/a file'), 'w') as file:
        file.write('from the host\n')
    os.symlink('some folder', os.path.join(folder, 'link'))
    done = subprocess.run(['./quartet', 'run', '--kernel', KERNEL, '--share', folder, '--', 'sh', '-c',
                           'cat "/share/link/a file"; ls -R /share | wc -l; stat -c %a "/share/some folder" "/share/link/a file"'],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=120)
    assert done.returncode == 0 and done.stdout == b'from the host\n9\n555\n444\n', done

    denied = run('sh', '-c', 'echo x >/share/new || echo x >>"/share/some folder/a file" || rm -r /share/link; ls /share | wc -l',
                 options=['--share', folder])
    assert denied[:2] == (0, b'2\n') and denied[2].count(b'Read-only file system') == 3, denied

# Standard input arrives whole, with its end, and standard error is apart where ours is.
def run_with(stdin, script, **streams):
    return subprocess.run(['./quartet', 'run', '--kernel', KERNEL, '--cpus', '2', '--', 'sh', '-c', script], input=stdin,
                          timeout=120, **streams)


text = random.Random(1).randbytes(100000)
done = run_with(text, 'md5sum; echo told >&2', capture_output=True)
assert done.stdout == f'{hashlib.md5(text).hexdigest()}  -\n'.encode() and done.stderr == b'told\n', done
done = run_with(text, 'exec <&-; exit 7', capture_output=True)		# nobody reads it
assert done.returncode == 7, done
done = run_with(b'', 'cat; echo one; echo two >&2; echo three', stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
assert done.stdout == b'one\ntwo\nthree\n', done

# An output that nobody takes ends the machine; one that cannot be written is an error.
command = ['./quartet', 'run', '--kernel', KERNEL, '--']
unheard = subprocess.Popen([*command, 'yes'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
assert unheard.stdout.readline() == b'y\n'
unheard.stdout.close()
assert unheard.wait(timeout=60) == 128 + signal.SIGPIPE
with open('/dev/full', 'w') as full:
    done = subprocess.run([*command, 'echo', 'x'], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, timeout=60)
assert done.returncode == 1 and b'No space left' in done.stderr, done
done = subprocess.run(['sh', '-c', 'exec "$@" >&-', 'sh', *command, 'echo', 'x'], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                      timeout=60)
assert done.returncode == 1 and b'Bad file descriptor' in done.stderr, done

# Blanks in the name of the folder for temporary files, and of that of the images.
with tempfile.TemporaryDirectory(prefix='quartet with blanks ') as folder:
    assert run('echo', 'here', env=dict(os.environ, TMPDIR=folder)) == (0, b'here\n', b'')
    assert os.listdir(folder) == []

# A disk image of one's own: changed in place, without a trace of how the command came in.
with tempfile.TemporaryDirectory() as folder:
    disk = os.path.join(folder, 'my disk,with a comma')
    image.copy_image(image.cached_image(image.base_tree(), 'root'), disk)
    status, output, _ = run('sh', '-c', 'ls / | grep -c quartet; echo kept > /kept; exit 5', options=['--image', disk])
    assert (status, output) == (5, b'0\n'), (status, output)
    assert image.read_from_image(disk, '/kept') == b'kept\n'

    # A folder beside it is a disk of its own, on either bus, and leaves no trace either.
    shared = os.path.join(folder, 'a folder, shared')
    os.makedirs(os.path.join(shared, 'deeper/empty'))
    with open(os.path.join(shared, 'deeper/file'), 'wb') as file:
        file.write(text)
    for bus in 'ide', 'virtio':
        status, output, complaints = run('sh', '-c', 'cd /share/deeper; md5sum <file; ls -1; stat -c %a . file; echo x >>file',
                                         options=['--image', disk, '--disk', bus, '--share', shared])
        assert status == 1 and b'Read-only file system' in complaints, (status, output, complaints)
        assert output == f'{hashlib.md5(text).hexdigest()}  -\nempty\nfile\n555\n444\n'.encode(), output
    assert run('ls', '/', options=['--image', disk])[1].count(b'share') == 0
