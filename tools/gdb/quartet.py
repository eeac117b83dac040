"""
gdb commands for a Quartet kernel: threads, processes, regions, open files, locks, backtraces, page frames.

Loaded by ./quartet debug; with another gdb: source tools/gdb/quartet.py. They read the kernel's own
structures by name, so they need the machine stopped and a kernel with debugging information, and
say so when a structure has changed its shape.
"""

import gdb

KERNEL_STACK_SIZE = 8192
SCHEDULER = {'arch_switch', 'schedule_switch', 'switch_and_reap', 'schedule', 'thread_sleep', 'thread_sleep_until',
             'sleep_with_timer', 'wait_step'}
PAGE_SIZE = 4096
STATES = 'NRSKITX'	# of enum thread_state, in order: new, runnable, sleeping, killable, interruptible, stopped, dead


def container(node, type_name, member):
    """The struct around an embedded node."""
    struct = gdb.lookup_type(f'struct {type_name}')
    offset = next(field.bitpos // 8 for field in struct.fields() if field.name == member)
    return (node.cast(gdb.lookup_type('char').pointer()) - offset).cast(struct.pointer())


def list_entries(head, type_name, member):
    """Every object on a `struct list`."""
    end = head['head'].address
    node = head['head']['next']
    while node != end and int(node):
        yield container(node, type_name, member)
        node = node['next']


def tree_entries(root, type_name, member):
    """Every object in a `struct rbtree`, in order."""
    stack, node = [], root['node']
    while stack or int(node):
        while int(node):
            stack.append(node)
            node = node['left']
        node = stack.pop()
        yield container(node, type_name, member)
        node = node['right']


def variable(name):
    """A global or static variable of the kernel."""
    symbol = gdb.lookup_global_symbol(name) or gdb.lookup_static_symbol(name)
    if not symbol:
        raise gdb.GdbError(f'this kernel has no variable {name}')
    return symbol.value()


def all_threads():
    return list(list_entries(variable('all_threads'), 'thread', 'all_node'))


def stack_header(thread):
    return thread['stack'].cast(gdb.lookup_type('struct stack_header').pointer())


def user_thread(thread):
    """The struct user_thread that begins with this thread, or None for a kernel thread."""
    if not int(thread['mmu']):
        return None
    return thread.cast(gdb.lookup_type('struct user_thread').pointer())


def thread_id(thread):
    user = user_thread(thread)
    return int(user['id']) if user is not None else 0


def all_processes():
    """Every process that has a thread left, by its id."""
    users = [user_thread(thread) for thread in all_threads()]
    return {int(user['process']['id']): user['process'] for user in users if user is not None}


def process_of(pid):
    found = all_processes().get(pid)
    if found is None:
        raise gdb.GdbError(f'no process {pid}')
    return found


def argument_number(argument, what):
    try:
        return int(argument, 0)
    except ValueError:
        raise gdb.GdbError(f'{what}, as a number') from None


def pointer(value):
    """An _Atomic pointer as a plain one."""
    return value.cast(value.type.unqualified())


def atomic(value):
    """An _Atomic field as a number."""
    return int(value.cast(gdb.lookup_type('unsigned char')))


def symbol_at(address):
    block = gdb.execute(f'info symbol {address:#x}', to_string=True).strip()
    return block.split(' in section')[0] if 'No symbol' not in block else f'{address:#x}'


class QuartetHelp(gdb.Command):
    """Commands for the Quartet kernel.

q-threads          every thread: id, state, CPU, name, where it stands
q-backtrace TID    the calls of a thread (TID 0: all kernel threads)
q-processes        the processes, each below its parent
q-regions PID      the address space of a process
q-files PID        its open files, and where in them it stands
q-frame ADDRESS    the page frame at a physical address: kind, references, owner
q-locks            every lock held, by whom, taken where (debug kernels)"""

    def __init__(self):
        super().__init__('quartet', gdb.COMMAND_USER)

    def invoke(self, argument, from_tty):
        gdb.execute('help quartet')


class Threads(gdb.Command):
    """q-threads: every thread of the kernel: id, state, CPU, name, and where it stands."""

    def __init__(self):
        super().__init__('q-threads', gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        print(f'{"TID":>6} S CPU {"NAME":<16} {"THREAD":<10} AT')
        for thread in all_threads():
            state = STATES[atomic(thread['state_word'])]
            running = atomic(thread['on_cpu'])
            cpu = str(int(stack_header(thread)['cpu'])) if int(thread['stack']) else '-'
            where = 'running' if running else waiting_place(thread)
            print(f'{thread_id(thread):>6} {state} {cpu:>3} {thread["name"].string():<16} {int(thread):#010x} {where}')


def waiting_place(thread):
    """The calls that led a thread to the scheduler, without the scheduler's own."""
    names = [symbol_at(address).split(' ')[0] for address in saved_chain(thread)]
    while names and names[0] in SCHEDULER:
        names.pop(0)
    return ' < '.join(names[:4])


def saved_chain(thread):
    """Return addresses on the stack of a thread that is switched away, by its frame pointers (debug kernels)."""
    memory = gdb.selected_inferior()
    stack = int(thread['stack'])

    def word(address):
        return int.from_bytes(bytes(memory.read_memory(address, 4)), 'little')

    def is_inside(address):
        return stack <= address <= stack + KERNEL_STACK_SIZE - 8
    # arch/i386/context.S: switch_stacks has pushed EBP, EBX, ESI, EDI above its return address.
    pointer = int(thread['arch']['sp'])
    if not is_inside(pointer):
        return []
    chain, frame = [word(pointer + 16)], word(pointer + 12)
    while is_inside(frame) and len(chain) < 64:
        chain.append(word(frame + 4))
        following = word(frame)
        if following <= frame:
            break
        frame = following
    return chain


class Backtrace(gdb.Command):
    """q-backtrace TID: the calls of a thread; 0 for all kernel threads."""

    def __init__(self):
        super().__init__('q-backtrace', gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        wanted = argument_number(argument or '0', 'whose calls? A thread id')
        for thread in all_threads():
            if thread_id(thread) != wanted:
                continue
            print(f'{thread["name"].string()} (thread {int(thread):#x})')
            if atomic(thread['on_cpu']):
                # QEMU's gdb threads are the processors, in order, counted from 1.
                gdb.execute(f'thread apply {int(stack_header(thread)["cpu"]) + 1} backtrace 32')
                continue
            for address in saved_chain(thread):
                print(f'    {address:#010x} {symbol_at(address)}')


class Regions(gdb.Command):
    """q-regions PID: the regions of a process's address space."""

    def __init__(self):
        super().__init__('q-regions', gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        process = process_of(argument_number(argument, 'whose regions? A process id'))
        space = process['space']
        if not int(space):
            raise gdb.GdbError('this process is dead; its memory is already given back')
        print(f'address space {int(space):#x}, {int(space["region_count"])} regions')
        for region in tree_entries(space['regions'], 'region', 'node'):
            flags = int(region['flags'])
            text = ''.join(letter if flags & bit else '-' for letter, bit in zip('rwx', (1, 2, 4)))
            text += 's' if flags & 64 else 'p'
            names = [word for word, bit in (('stack', 1 << 11), ('heap', 1 << 12)) if flags & bit]
            names.append(region_name(region))
            backing = f'cache {int(region["cache"]):#x} page {int(region["page_offset"])}' if int(region['cache']) else ''
            print(f'  {int(region["start"]):08x}-{int(region["end"]):08x} {text} {backing} {" ".join(names)}'.rstrip())


def region_name(region):
    """What is mapped there: the path of a file, or the name of a piece of the kernel's."""
    if int(region['special_name']):
        return region['special_name'].string()
    if symbol_at(int(region['backing_ops'])).startswith('file_backing_ops'):
        file = region['backing'].cast(gdb.lookup_type('struct file').pointer())
        return dentry_path(file['path']['dentry'])
    return ''


class Processes(gdb.Command):
    """q-processes: the processes, each below its parent; the dead show their status."""

    def __init__(self):
        super().__init__('q-processes', gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        names = {}
        for thread in all_threads():
            user = user_thread(thread)
            if user is not None:
                names.setdefault(int(user['process']['id']), thread['name'].string())
        print(f'{"PID":>6} {"THREADS":>7} NAME')
        waiting = [(process_of(1), 0)]
        while waiting:
            process, depth = waiting.pop()
            pid, state = int(process['id']), atomic(process['state'])
            name = names.get(pid) or process['last_name'].string()
            dead = f' dead, status {int(process["exit_status"]):#x}' if state else ''
            print(f'{pid:>6} {int(process["thread_count"]):>7} {"  " * depth}{name}{dead}')
            children = list(list_entries(process['children'], 'process', 'sibling'))
            waiting += [(child, depth + 1) for child in reversed(children)]


def dentry_path(dentry):
    """The names from a dentry up to the root of its file system."""
    names = []
    while True:
        parent = pointer(dentry['parent'])
        if int(parent) == int(dentry) or not int(parent):
            return '/' + '/'.join(reversed(names))
        names.append(pointer(dentry['name']).string(errors='replace'))
        dentry = parent


class Files(gdb.Command):
    """q-files PID: the open files of a process: descriptor, flags, references, position, path."""

    def __init__(self):
        super().__init__('q-files', gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        process = process_of(argument_number(argument, 'whose files? A process id'))
        threads = list(list_entries(process['threads'], 'user_thread', 'process_node'))
        table = next((thread['fds'] for thread in threads if int(thread['fds'])), None)
        if table is None:
            raise gdb.GdbError('this process has given its files back')
        array = pointer(table['array'])
        print(f'{"FD":>4} {"FLAGS":>8} {"REFS":>4} {"POSITION":>9} {"FILE":<10} PATH')
        for fd in range(int(array['count'])):
            file = pointer(array['files'][fd])
            if not int(file):
                continue
            flags, references = (int(gdb.parse_and_eval(f'*(unsigned int *){int(field.address):#x}'))
                                 for field in (file['flags'], file['references']))
            print(f'{fd:>4} {flags:>8o} {references:>4} {int(file["position"]):>9} {int(file):#010x} '
                  f'{dentry_path(file["path"]["dentry"])}')


class Frame(gdb.Command):
    """q-frame ADDRESS: the page frame at a physical address: kind, references, and whose it is."""

    def __init__(self):
        super().__init__('q-frame', gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        number = argument_number(argument, 'which frame? A physical address') // PAGE_SIZE
        if number >= int(variable('frame_limit')):
            raise gdb.GdbError('beyond the end of memory')
        frame = variable('page_frame_descriptors')[number]
        kinds = gdb.lookup_type('enum frame_kind').fields()
        kind = next(field.name for field in kinds if field.enumval == atomic(frame['kind']))
        references = int(gdb.parse_and_eval(f'*(int *){int(frame["references"].address):#x}'))
        print(f'frame {number:#x} ({int(frame.address):#x}): {kind}, {references} references')
        if kind == 'FRAME_PAGE_CACHE' and int(frame['cache']):
            print(f'    page {int(frame["index"])} of cache {int(frame["cache"]):#x}, '
                  f'owner {int(frame["cache"]["owner"]):#x}')
        elif kind == 'FRAME_SLAB':
            print(f'    objects of {frame["slab"]["name"].string()}')


class Locks(gdb.Command):
    """q-locks: every lock that a thread holds, with where it was taken; debug kernels only."""

    def __init__(self):
        super().__init__('q-locks', gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        found = False
        for thread in all_threads():
            locks = stack_header(thread)['locks'] if int(thread['stack']) else None
            if locks is None or not int(locks):
                continue
            for index in range(int(locks['count'])):
                held = locks['held'][index]
                found = True
                print(f'{thread["name"].string():<16} {held["name"].string():<24} {int(held["lock"]):#010x} '
                      f'{"shared" if held["shared"] else "exclusive":<9} at {symbol_at(int(held["taken_at"]))}')
        if not found:
            print('no thread holds a lock')


for command in (QuartetHelp, Threads, Backtrace, Processes, Regions, Files, Frame, Locks):
    command()
