"""The fuzzers: what was kept of their inputs, and a second of new ones each, find nothing."""

import subprocess

done = subprocess.run(['./quartet', 'endure', 'fuzz', '--minutes', '0.12'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                      stderr=subprocess.STDOUT, text=True, timeout=290)
print(done.stdout)
assert done.returncode == 0
assert done.stdout.count(' edges reached, ') == 7
