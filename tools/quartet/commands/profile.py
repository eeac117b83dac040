"""./quartet profile: run one command in the machine and tell in which kernel functions its instructions went."""

import collections
import contextlib
import os
import subprocess
import sys
import tempfile

import flame
import instructions
import options as machine_options
from commands import run
from common import Failure, Misuse, check_output_path, positive_number, user_path

USER, FIRST_CALL, KERNEL_START = '[user mode]', 'sys_execve', 0xC0000000


def kernel_functions(kernel):
    """{address: name} of the kernel's code. Where two names share an address, the first of the alphabet."""
    said = subprocess.run(['nm', kernel], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if said.returncode != 0:
        raise Failure(f'profile: {said.stderr.strip()}')
    found = {}
    for line in sorted(said.stdout.splitlines(), key=lambda line: line.split()[-1]):
        words = line.split()
        if len(words) == 3 and words[1] in 'tTW' and int(words[0], 16) >= KERNEL_START:
            found.setdefault(int(words[0], 16), words[2])
    return found


def read_chains(path, names):
    """{names from the outermost function in: instructions}, as the plugin wrote them."""
    chains = collections.Counter()
    with open(path) as file:
        for line in file:
            count, *addresses = line.split()
            chain = tuple(names.get(int(address, 16), f'0x{address}') for address in addresses)
            chains[chain] += int(count)
    return chains


def table(chains, most):
    """Lines: what each function executed itself, and what it did with all that it called."""
    own, whole = collections.Counter(), collections.Counter()
    for chain, count in chains.items():
        own[chain[-1]] += count
        for name in set(chain):
            whole[name] += count
    everything = sum(own.values())
    yield f'{"itself":>14} {"":>7} {"with callees":>14} {"":>7}  function'
    for name, count in own.most_common(most):
        yield (f'{count:14,} {100 * count / everything:6.2f}% {whole[name]:14,} '
               f'{100 * whole[name] / everything:6.2f}%  {name}')
    yield f'{everything:14,} 100.00% {"":>14} {"":>7}  in all'


def main(arguments):
    own, command = machine_options.split_command(arguments)
    parser = machine_options.parser('profile')
    parser.set_defaults(cpus=1)
    parser.add_argument('--flame', type=user_path, metavar='FILE', help='write a flame graph (SVG)')
    parser.add_argument('--output', type=user_path, metavar='FILE', help='the table goes there instead of standard error')
    parser.add_argument('--most', type=positive_number, default=40, metavar='N', help='how many functions the table has')
    parsed = parser.parse_args(own)
    if not command:
        raise Misuse('profile: which command? ./quartet profile [OPTIONS] -- CMD ARGS')
    if parsed.accel == 'kvm':
        raise Misuse('profile: KVM counts no instructions')
    parsed.accel = 'tcg-single'
    check_output_path(parsed.flame)
    check_output_path(parsed.output)
    settings = machine_options.machine_settings(parsed)
    functions = kernel_functions(settings.kernel)
    first = next((address for address, name in functions.items() if name == FIRST_CALL), None)
    if first is None:
        raise Failure(f'profile: {settings.kernel} has no {FIRST_CALL}')
    with tempfile.TemporaryDirectory(prefix='quartet-profile-') as folder:
        listed, counted = os.path.join(folder, 'functions'), os.path.join(folder, 'counted')
        with open(listed, 'w') as file:
            file.writelines(f'{address:x}\n' for address in sorted(functions))
        settings.extra += ['-icount', 'shift=0,sleep=off', '-plugin',
                           f'{instructions.build_plugin("stacks")},functions={listed},start={first:#x},output={counted}']
        status = run.run_command(settings, command)
        if not os.path.exists(counted):
            raise Failure('profile: QEMU ended before it could tell its counts')
        chains = read_chains(counted, {0: USER, **functions})
    with open(parsed.output, 'w') if parsed.output else contextlib.nullcontext(sys.stderr) as out:
        for line in table(chains, parsed.most):
            print(line, file=out)
    if parsed.flame:
        with open(parsed.flame, 'w') as file:
            file.write(flame.draw(f'{sum(chains.values()):,} instructions: {" ".join(command)}', chains))
    return status
