"""
What it costs to boot, in instructions, as init says at the prompt (/proc/quartet/boot): from the kernel's first to those that
start the shells, without what passed while the processor was idle, which is the disk's time.

The machine is always the same: one processor, 128 MiB, our root disk on IDE, -icount shift=0.
"""

import os
import re
import subprocess
import tempfile
import time

import image
import qemu
from common import Failure

ROW = 'boot_to_prompt'
REPORT = re.compile(rb'init: booted in (\d+) ms: (\d+) ticks, (\d+) of them idle')
SECONDS = 120
ICOUNT = ['-icount', 'shift=0,sleep=off', '-rtc', 'base=2026-01-01,clock=vm']


def figure(kernel, append=()):
    """Instructions without idle ones. A snapshot of the disk: the machine is stopped as soon as it has said it."""
    settings = qemu.Settings(kernel=kernel, image=image.cached_image(image.base_tree(), 'root'), cpus=1, append=list(append),
                             extra=ICOUNT)
    with tempfile.TemporaryDirectory() as work:
        console = os.path.join(work, 'console')
        process = qemu.start(qemu.command_line(settings) + ['-display', 'none', '-monitor', 'none', '-serial', f'file:{console}'],
                             stdin=subprocess.DEVNULL)
        try:
            said = wait_for_report(process, console)
        finally:
            process.kill()
            process.wait()
    _, ticks, idle = map(int, REPORT.search(said).groups())
    return float(ticks - idle)


def wait_for_report(process, console):
    deadline, said = time.monotonic() + SECONDS, b''
    while not REPORT.search(said):
        if process.poll() is not None or time.monotonic() > deadline or qemu.PANIC.search(said):
            raise Failure('the machine did not say how long it took to boot; its console said last:\n'
                          + said.decode(errors='replace')[-1000:])
        time.sleep(0.02)
        if os.path.exists(console):
            with open(console, 'rb') as file:
                said = file.read()
    return said
