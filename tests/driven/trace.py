"""./quartet trace tells the calls of a command and its children, and writes a timeline that viewers open."""

import json
import os
import re
import subprocess
import sys
import tempfile

# Four write to one file, on four processors, and its lock is held while they do.
WRITERS = 'for i in 1 2 3 4; do dd if=/dev/zero of=/tmp/same bs=256k count=100 conv=notrunc 2>/dev/null & done; wait'

kernel = os.environ.get('QUARTET_KERNEL')
with tempfile.TemporaryDirectory() as work:
    timeline, narration = os.path.join(work, 'timeline.json'), os.path.join(work, 'narration')
    done = subprocess.run(['./quartet', 'trace', '--cpus', '4', '--json', timeline, '--output', narration]
                          + (['--kernel', kernel] if kernel else [])
                          + ['--', 'sh', '-c', 'echo hello >/tmp/x; cat /tmp/x; ls /nowhere; ' + WRITERS + '; kill -9 $$'],
                          input='not wanted', stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
    with open(narration) as file:
        told = file.read()
    with open(timeline) as file:
        slices = json.load(file)['traceEvents']
wanted = [r'openat\(-100, "/tmp/x", .*\) = 3', r'write\(1, "hello\\n", 6\) = 6', r'execve\("/proc/self/exe"', r'= -1 ENOENT',
          r'"/nowhere"', r'\+\+\+ exited with 0 \+\+\+', r'\+\+\+ killed by SIGKILL \+\+\+', r'wait4\(']
# It begins with the command's own execve: what init does before is no part of it.
wanted.append(r'\A\[ *\d+\] execve\(".*/sh", ')


def check_timeline(slices):
    """Every process and processor has a name, and what goes on in a thread or on a processor lies within what it is part of."""
    named = {(entry['name'], entry['pid'], entry.get('tid')) for entry in slices if entry['ph'] == 'M'}
    tracks = {(entry['pid'], entry['tid']) for entry in slices if entry['ph'] != 'M'}
    assert all(('process_name', process, None) in named for process, _ in tracks), (named, tracks)
    assert all(('thread_name', 0, thread) in named for process, thread in tracks if process == 0), (named, tracks)
    for track in tracks:
        ends = []
        for entry in sorted((each for each in slices if each['ph'] == 'X' and (each['pid'], each['tid']) == track),
                            key=lambda each: (each['ts'], -each['dur'])):
            assert entry['ts'] > 0 and entry['dur'] >= 0, entry
            # A nanosecond is 0.001, and sums are not exact.
            while ends and ends[-1] < entry['ts'] + 0.0005:
                ends.pop()
            assert not ends or entry['ts'] + entry['dur'] < ends[-1] + 0.0005, (entry, ends)
            ends.append(entry['ts'] + entry['dur'])


missing = [pattern for pattern in wanted if not re.search(pattern, told)]
kinds = {entry.get('cat') for entry in slices}
if done.returncode != 137 or 'hello' not in done.stdout or missing or not {'syscall', 'fault', 'cpu', 'lock', 'process'} <= kinds or 'lost' in told:
    print(f'status {done.returncode}, missing {missing}, kinds {kinds}\n{done.stderr[-1000:]}\n{told[-3000:]}')
    sys.exit(1)
check_timeline(slices)
print(f'{len(told.splitlines())} lines, {len(slices)} slices')
