"""./quartet trace: run one command in the machine and tell what it and its children did."""

import contextlib
import os
import sys
import tempfile

import narration
import options as machine_options
from commands import run
from common import Misuse, check_output_path, user_path
from events import Viewer


def memory_folder():
    """Where a file is memory, if there is such a place: QEMU keeps the machine's RAM there."""
    return '/dev/shm' if os.access('/dev/shm', os.W_OK) else None


def main(arguments):
    own, command = machine_options.split_command(arguments)
    parser = machine_options.parser('trace')
    parser.add_argument('--json', type=user_path, metavar='FILE', help='write a timeline for Perfetto or Chrome (chrome://tracing)')
    parser.add_argument('--output', type=user_path, metavar='FILE', help='the narration goes there instead of standard error')
    parsed = parser.parse_args(own)
    if not command:
        raise Misuse('trace: which command? ./quartet trace [OPTIONS] -- CMD ARGS')
    check_output_path(parsed.json)
    check_output_path(parsed.output)
    settings = machine_options.machine_settings(parsed)
    settings.append = ['events'] + settings.append
    with tempfile.TemporaryDirectory(prefix='quartet-trace-', dir=memory_folder()) as folder:
        settings.memory_file = os.path.join(folder, 'ram')
        viewer = Viewer(settings.memory_file)
        status = run.run_command(settings, command, watch=viewer.look)
        viewer.look()
    found = viewer.events()
    family = narration.Family(found)
    with open(parsed.output, 'w') if parsed.output else contextlib.nullcontext(sys.stderr) as out:
        for line in narration.Narration(family).lines(found):
            print(line, file=out)
        if viewer.lost:
            print(f'quartet: {viewer.lost} events were lost', file=out)
        if parsed.json:
            narration.Timeline(family).write(parsed.json, found)
    return status
