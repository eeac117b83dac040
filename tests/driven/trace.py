"""./quartet trace tells the calls of a command and its children, and writes a timeline that viewers open."""

import json
import os
import re
import subprocess
import sys
import tempfile

kernel = os.environ.get('QUARTET_KERNEL')
with tempfile.TemporaryDirectory() as work:
    timeline, narration = os.path.join(work, 'timeline.json'), os.path.join(work, 'narration')
    done = subprocess.run(['./quartet', 'trace', '--json', timeline, '--output', narration]
                          + (['--kernel', kernel] if kernel else [])
                          + ['--', 'sh', '-c', 'echo hello >/tmp/x; cat /tmp/x; ls /nowhere; kill -9 $$'],
                          input='not wanted', stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
    with open(narration) as file:
        told = file.read()
    with open(timeline) as file:
        slices = json.load(file)['traceEvents']
wanted = [r'openat\(-100, "/tmp/x", .*\) = 3', r'write\(1, "hello\\n", 6\) = 6', r'execve\("/proc/self/exe"', r'= -1 ENOENT',
          r'"/nowhere"', r'\+\+\+ exited with 0 \+\+\+', r'\+\+\+ killed by SIGKILL \+\+\+', r'wait4\(']
# It begins with the command's own execve: what init does before is no part of it.
wanted.append(r'\A\[ *\d+\] execve\(".*/sh", ')
missing = [pattern for pattern in wanted if not re.search(pattern, told)]
kinds = {entry.get('cat') for entry in slices}
if done.returncode != 137 or 'hello' not in done.stdout or missing or not {'syscall', 'fault', 'cpu'} <= kinds or 'lost' in told:
    print(f'status {done.returncode}, missing {missing}, kinds {kinds}\n{done.stderr[-1000:]}\n{told[-3000:]}')
    sys.exit(1)
print(f'{len(told.splitlines())} lines, {len(slices)} slices')
