"""16 MiB of memory are enough to boot to the shell and to work in it."""

from machine import Machine

with Machine(cpus=1, memory=16) as machine:
    machine.wait_for_prompt()
    assert machine.shell('ls /bin | wc -l | grep -c .') == '1'
    assert machine.shell('cat /bin/busybox | md5sum > /tmp/sum; echo $?') == '0'
