"""
No memory: every place in the kernel that allocates, and which of them a test has made fail.

A place is a line of the source from which the allocators (kernel/mem/, and what arch/ reaches them through) are called;
the compiler's output has all of them. The debug kernel logs the callers of each allocation that it was told to fail, so
the log says which places were reached. Two things make them fail: guest/exhaust_failing_*, which know for each of their
calls which error is right; and every other guest test, run again and again by tests/endure/shortage_player.c with one
allocation failing on one more path, where only a panic, a hang and a leak count.
"""

import bisect
import re
import subprocess

import guest_tests
import image
import qemu
from common import build_path, run_quietly
from results import FAILED

ALLOCATORS = {'kmalloc', 'kzalloc', 'kmalloc_array', 'kstrdup', 'slab_alloc', 'slab_alloc_zeroed', 'slab_cache_create',
              'page_frame_alloc', 'page_frame_alloc_order', 'upcall_memory_alloc', 'vmap_alloc', 'dma_alloc',
              'event_memory_attach'}
INSIDE = ('kernel/mem/', 'kernel/core/failpoint', 'kernel/entry/machine_memory.c')
DIRECT_TESTS = ('exhaust_failing_allocations', 'exhaust_failing_calls', 'exhaust_failing_disks',
                'exhaust_failing_loops')
PLAYER = 'shortage_player'
RUNS = 60
LONG_SCALE = '200'		# two allocations in a row fail, too
STRUCK = re.compile(r'failing allocation((?: [0-9a-f]{8})+)')
SECONDS_OF_A_RUN = 5

# They break what all the others stand on when they fail (the player, or init), or say nothing when they do.
NO_WORKLOADS = {*DIRECT_TESTS, 'exhaust_failpoint_ends'}


class Kernel:
    """The compiled kernel: whose line an address is, and where allocators are called."""

    def __init__(self, path):
        self.path = path
        self.lines = {}		# return address -> file:line of the innermost source line
        self.names = []		# (address, function), in order
        self.calls = self._find_calls()
        self._resolve(self.calls)

    def _find_calls(self):
        """Return address -> function, for each call of an allocator."""
        text = run_quietly(['objdump', '-d', '--no-show-raw-insn', self.path], 'objdump failed')
        calls, pending, function = {}, False, ''
        for line in text.splitlines():
            head = re.match(r'([0-9a-f]{8}) <(\S+)>:', line)
            if head:
                function = head[2]
                self.names.append((int(head[1], 16), function))
                continue
            instruction = re.match(r'([0-9a-f]+):\s+(.*)', line.strip())
            if not instruction:
                continue
            if pending:
                calls[int(instruction[1], 16)] = function
            target = re.match(r'call\s+[0-9a-f]+ <(\w+)(?:\.\w+)*>', instruction[2])
            pending = bool(target) and target[1] in ALLOCATORS
        return calls

    def _resolve(self, addresses):
        """Fill `lines` in. The byte before a return address belongs to the call."""
        wanted = sorted(set(addresses) - set(self.lines))
        if not wanted:
            return
        text = subprocess.run(['addr2line', '-e', self.path], input='\n'.join(f'{a - 1:#x}' for a in wanted) + '\n',
                              stdout=subprocess.PIPE, text=True, check=True).stdout
        for address, line in zip(wanted, text.splitlines()):
            place = line.partition(' ')[0]
            found = re.search(r'(kernel/.*|build/.*)', place)
            self.lines[address] = found[1] if found else place

    def place(self, address):
        self._resolve([address])
        return self.lines[address]

    def function(self, address):
        index = bisect.bisect_right(self.names, (address - 1, '\x7f'))
        return self.names[index - 1][1] if index else '?'

    def site(self, callers):
        """The first of the callers that is not an allocator itself, as FILE:LINE."""
        self._resolve(callers)
        return next((self.lines[a] for a in callers if not self.lines[a].startswith(INSIDE)), '?')

    def sites(self):
        """FILE:LINE -> the functions that hold it."""
        found = {}
        for address, function in self.calls.items():
            if not self.lines[address].startswith(INSIDE):
                found.setdefault(self.lines[address], set()).add(re.sub(r'\..*', '', function))
        return found

    def chain(self, callers):
        return ' < '.join(f'{self.function(a)} ({self.place(a)})' for a in callers)


class Outcomes:
    """What guest_tests.run_in_machine() tells."""

    def __init__(self, kernel):
        self.kernel = kernel
        self.states, self.paths = {}, []	# paths: tuples of callers
        self.failures = []

    def cell(self, name, column, state, detail='', seconds=None):
        self.states[name] = state
        struck = STRUCK.findall(detail)
        if state == FAILED:
            self.failures.append(name)
        print(f'  {name:<40} {state}' + (f' {seconds:.0f} s' if seconds else ''), flush=True)
        if detail and state == FAILED:
            print('    ' + '\n    '.join(detail.splitlines()[-60:]), flush=True)
            for text in struck[-3:]:
                print('    failing: ' + self.kernel.chain([int(word, 16) for word in text.split()]))

    def certain(self, name, detail):
        self.cell(name, '', FAILED, detail)

    def after_boot(self, boot):
        text = boot.console.whole().decode(errors='replace')
        self.paths += [tuple(int(word, 16) for word in found.split()) for found in STRUCK.findall(text)]


def run_direct(kernel_path, seed, outcomes):
    tests = guest_tests.find_tests(lambda name: name.removeprefix('guest/') in DIRECT_TESTS)
    for test in tests:
        test.scale = LONG_SCALE
    for disk_image in {test.image for test in tests}:
        path = guest_tests.test_image(tests, disk_image)
        guest_tests.run_in_machine([test for test in tests if test.image == disk_image],
                                   lambda path=path: qemu.Settings(kernel=kernel_path, image=path, cpus=1), '1 CPU', outcomes,
                                   seed, after_boot=outcomes.after_boot)


def run_workloads(tests, kernel_path, cpus, runs, seed, outcomes):
    """Each test as a workload of the player."""
    groups = {}
    for test in tests:
        if test.name not in NO_WORKLOADS:
            groups.setdefault((test.memory, test.image, test.disk, test.append), []).append(test)
    for (memory, size, disk, append), group in sorted(groups.items(), key=lambda item: -len(item[1])):
        tree = image.base_tree()
        tree.folders['tests'] = tree.folders['workloads'] = 0o755
        tree.add_file(PLAYER, build_path('endure', PLAYER))
        for test in group:
            tree.add_file(f'workloads/{test.name}', test.program)
            tree.links[f'tests/{test.name}'] = f'/{PLAYER}'
            test.timeout = runs * SECONDS_OF_A_RUN
            test.scale = f'{test.scale or 20} RUNS={runs}'
        path = image.cached_image(tree, 'shortage', size, free_space=64 << 20)

        def settings_for(path=path, memory=memory, disk=disk, append=append):
            return qemu.Settings(kernel=kernel_path, image=path, memory=memory, cpus=cpus, disk=disk, append=append.split())

        guest_tests.run_in_machine(group, settings_for, f'{cpus} CPU', outcomes, seed, checks_disk=True,
                                   after_boot=outcomes.after_boot)


SIEGE = 'exhaust_siege'
SECONDS_OF_A_ROUND = 15		# at most


def run_siege(kernel_path, cpus, rounds, answer_ms, seed):
    """guest/exhaust_siege in its long form, which prints the longest answers. Returns the exit status and the longest."""
    test = guest_tests.find_tests(lambda name: name == f'guest/{SIEGE}')[0]
    test.scale = f'100 ROUNDS={rounds} ANSWER_MS={answer_ms}'
    test.timeout = 120 + rounds * SECONDS_OF_A_ROUND
    path = guest_tests.test_image([test], test.image)
    outcomes, answers = Outcomes(Kernel(kernel_path)), []

    def judge(name, status, output, leaks):
        print(output.rstrip(), flush=True)
        answers.extend(map(int, re.findall(r'answers in (\d+) ms at most', output)))
        return guest_tests.judge_status(name, status, '', leaks)

    guest_tests.run_in_machine([test], lambda: qemu.Settings(kernel=kernel_path, image=path, cpus=cpus, memory=test.memory),
                               f'{cpus} CPUs', outcomes, seed, judge=judge)
    return 1 if outcomes.failures else 0, max(answers, default=None)


# Functions that allocate only while the machine starts, before there is any program; and those of the tests themselves.
AT_BOOT = re.compile(r'\w+_(init|init_slabs?|init_system|setup)|attach_\w+|virtio_\w+|probe_function|'
                     r'tty_kind_register|tty_add_node|make_new|initramfs_unpack|smp_start_others|schedule_init_cpu')
# Called like one of them, yet for each new program.
NOT_AT_BOOT = {'mmu_space_init'}
OF_TESTS = {'block_fail_set', 'show_stale', 'store_event_mask'}


def concerns_programs(functions):
    """Is it on the way of a system call, a fault or a kernel thread?"""
    return not all(AT_BOOT.fullmatch(function) and function not in NOT_AT_BOOT or function in OF_TESTS for function in functions)


def report(kernel, outcomes):
    """The text of it: places reached of all, and the list of the others."""
    paths = set(outcomes.paths)
    reached = {kernel.site(callers) for callers in paths}
    sites = {place: functions for place, functions in kernel.sites().items() if place in reached or concerns_programs(functions)}
    at_boot = len(kernel.sites()) - len(sites)
    missing = sorted(set(sites) - reached)
    share = 100 * (len(sites) - len(missing)) / len(sites)
    lines = [f'{len(outcomes.states)} programs, {len(outcomes.failures)} failures; an allocation failed on {len(paths)} paths, in '
             f'{len(sites) - len(missing)} of {len(sites)} places that allocate for programs: {share:.1f} % '
             f'({at_boot} others allocate only at the start)']
    lines += [f'  not reached  {place}  {", ".join(sorted(sites[place]))}' for place in missing]
    lines += [f'  not a place  {place}' for place in sorted(reached - set(sites))]
    return '\n'.join(lines)
