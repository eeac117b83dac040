"""The root disk may hang on virtio-blk as well as on IDE."""

from machine import Machine

with Machine(cpus=2, disk='virtio') as machine:
    machine.wait_for_prompt()
    assert '/dev/vda' in machine.shell('cat /proc/cmdline')
    assert machine.shell('echo data > /root/file; sync; cat /root/file') == 'data'
