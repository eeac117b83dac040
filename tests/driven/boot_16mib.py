"""16 MiB of memory are enough to boot to the shell and to work in it, on 1 and on 4 CPUs, from either disk."""

import concurrent.futures

from machine import Machine


def drive(cpus, disk):
    with Machine(cpus=cpus, memory=16, disk=disk) as machine:
        machine.wait_for_prompt()
        assert machine.shell('ls /bin | wc -l | grep -c .') == '1'
        assert machine.shell('cat /bin/busybox | md5sum > /tmp/sum; echo $?') == '0'


with concurrent.futures.ThreadPoolExecutor() as pool:
    for driven in [pool.submit(drive, *way) for way in ((1, 'ide'), (4, 'ide'), (4, 'virtio'))]:
        driven.result()
