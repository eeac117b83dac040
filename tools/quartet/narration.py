"""What a command and its children did, from events: as lines like strace's, and as a file for Perfetto."""

import errno
import importlib.machinery
import importlib.util
import json
import os
import signal

from common import ROOT
from events import text_of

FAULT_RESULTS = ('ok', 'bad address', 'bad access', 'past the end of the file', 'no memory', 'killed')
FRAME_KINDS = {'frame_zeroed': 'zero-fill', 'frame_shared': 'page cache', 'frame_copied': 'copy', 'frame_reused': 're-enable'}


def read_syscalls():
    """Number -> (name, [(argument, kind)]), from the table that the kernel is made of."""
    loader = importlib.machinery.SourceFileLoader('gen_syscalls', os.path.join(ROOT, 'tools/gen-syscalls'))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader('gen_syscalls', loader))
    loader.exec_module(module)
    table = module.read_table(os.path.join(ROOT, 'kernel/syscall/syscall.tbl'))
    return {number: (call.name, [tuple(word.split(':', 1)) for word in call.arguments.split()])
            for number, call in table.items()}


def signed(word):
    return word - (1 << 32) if word >> 31 else word


def signal_name(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return f'SIG{number}'


def quoted(text, is_cut):
    words = ''.join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else
                    {10: '\\n', 9: '\\t', 13: '\\r', 34: '\\"', 92: '\\\\'}.get(byte, f'\\{byte:o}') for byte in text)
    return f'"{words}"' + ('...' if is_cut else '')


def show_arguments(event, arguments):
    texts = iter(event.texts)
    sizes = {name: word for (name, _), word in zip(arguments, event.words[1:])}
    shown = []
    for (name, kind), word in zip(arguments, event.words[1:]):
        length = sizes.get(kind[3:-1], 0) if kind.startswith('in(') else 0
        if kind in ('path', 'string') or length:
            text, is_cut = next(texts, (None, False))
            shown.append(f'{word:#x}' if text is None or word == 0 else
                         quoted(text, is_cut or length > len(text)))
        elif kind == 'int':
            shown.append(str(signed(word)))
        elif kind == 'signal':
            shown.append(signal_name(word))
        elif kind == 'mode':
            shown.append(f'0{word:o}')
        else:
            shown.append('NULL' if word == 0 and '(' in kind else f'{word:#x}')
    return ', '.join(shown)


def show_result(word):
    value = signed(word)
    if -4096 < value < 0:
        return f'-1 {errno.errorcode.get(-value, -value)} ({os.strerror(-value)})'
    return f'{word:#x}' if word > 0x8000000 else str(value)


EXECS = (11, 358)		# execve, execveat


def command_begin(all_events):
    """
    The index of the command's first event, and its thread: the first of init's children that asks for a program. What that
    did before was init's work; one that passes the input on asks for none.
    """
    children = set()
    for index, event in enumerate(all_events):
        if event.kind == 'fork' and event.thread == 1:
            children.add(event.words[0])
        elif event.kind == 'syscall_enter' and event.thread in children and event.words[0] in EXECS:
            return index, event.thread
    return len(all_events), None


class Family:
    """Which threads are the command's: its own and all that they make."""

    def __init__(self, all_events):
        self.begin, command = command_begin(all_events)
        self.process = {}		# thread -> its process
        for event in all_events:
            if event.kind == 'fork' and (event.words[0] == command or event.thread in self.process):
                self.process[event.words[0]] = event.words[1]

    def __contains__(self, thread):
        return thread in self.process


class Narration:
    """Lines like strace's, one a call, printed when it returns."""

    def __init__(self, family):
        self.family = family
        self.calls = read_syscalls()
        self.open_calls = {}		# thread -> its syscall_enter
        self.several = len(set(family.process)) > 1

    def lines(self, all_events):
        for event in all_events[self.family.begin:]:
            if event.thread in self.family:
                line = self._line(event)
                if line:
                    yield (f'[{event.thread:5}] ' if self.several else '') + line

    def call_text(self, event):
        name, arguments = self.calls.get(event.words[0], (f'syscall_{event.words[0]}', []))
        return f'{name}({show_arguments(event, arguments)})'

    def _line(self, event):
        if event.kind == 'syscall_enter':
            self.open_calls[event.thread] = event
        elif event.kind == 'syscall_leave':
            entered = self.open_calls.pop(event.thread, None)
            if entered:
                return f'{self.call_text(entered)} = {show_result(event.words[1])}'
        elif event.kind == 'signal':
            return f'--- {signal_name(event.words[0])} ---'
        elif event.kind == 'death':
            entered = self.open_calls.pop(event.thread, None)
            ending = self._ending(event.words[2])
            return f'{self.call_text(entered)} = ?\n+++ {ending} +++' if entered else f'+++ {ending} +++'
        return None

    @staticmethod
    def _ending(status):
        return f'killed by {signal_name(status & 0x7f)}' if status & 0x7f else f'exited with {status >> 8 & 0xff}'


class Timeline:
    """The "trace event" form of Chrome and Perfetto: slices for calls, faults, lock waits, and CPUs."""

    CPUS = 0				# the "process" whose "threads" are the processors

    def __init__(self, family):
        self.family = family
        self.calls = read_syscalls()
        self.names = {}			# process -> program
        self.begun = {}			# (thread, what) -> the event that began it
        self.running = {}		# cpu -> (since, thread)
        self.out = []

    def _slice(self, name, begin, end_ns, process, thread, category, arguments=None):
        self.out.append({'name': name, 'cat': category, 'ph': 'X', 'ts': begin.time_ns / 1000, 'pid': process, 'tid': thread,
                         'dur': max(0, end_ns - begin.time_ns) / 1000, 'args': arguments or {}})

    def add(self, event):
        if event.kind == 'switch':
            self._switch(event)
        if event.thread in self.family:
            process = self.family.process[event.thread]
            getattr(self, f'_{event.kind}', self._instant)(event, process)

    def _switch(self, event, process=None):
        if process is not None:
            return
        self._stop_running(event.cpu, event.time_ns)
        self.running[event.cpu] = (event, 0 if event.words[1] else event.words[0])

    def _stop_running(self, cpu, time_ns):
        since, thread = self.running.pop(cpu, (None, 0))
        if since and thread:
            name = self.names.get(self.family.process.get(thread), f'thread {thread}')
            self._slice(f'{name} [{thread}]', since, time_ns, self.CPUS, cpu, 'cpu')

    def _name(self, process, name):
        self.names[process] = name
        self.out.append({'name': 'process_name', 'ph': 'M', 'pid': process, 'args': {'name': name}})

    def _instant(self, event, process):
        if event.kind in ('fork', 'forgiven', 'signal'):
            self.out.append({'name': event.kind, 'cat': 'process', 'ph': 'i', 's': 't', 'ts': event.time_ns / 1000,
                             'pid': process, 'tid': event.thread, 'args': {'words': list(event.words[:2])}})
        elif event.kind in FRAME_KINDS and (event.thread, 'fault') in self.begun:
            self.begun[event.thread, 'how'] = FRAME_KINDS[event.kind]

    def _exec(self, event, process):
        self._name(process, os.path.basename(text_of(event)) or 'exec')

    def _fork(self, event, process):
        self._instant(event, process)
        # A child is the same program until it executes another; many never do.
        if event.words[1] != process and process in self.names:
            self._name(event.words[1], self.names[process])

    def _syscall_enter(self, event, process):
        self.begun[event.thread, 'call'] = event

    def _syscall_leave(self, event, process):
        entered = self.begun.pop((event.thread, 'call'), None)
        if entered:
            name, arguments = self.calls.get(entered.words[0], (str(entered.words[0]), []))
            self._slice(name, entered, event.time_ns, process, event.thread, 'syscall',
                        {'arguments': show_arguments(entered, arguments), 'result': show_result(event.words[1])})

    def _fault(self, event, process):
        self.begun[event.thread, 'fault'] = event

    def _fault_done(self, event, process):
        entered = self.begun.pop((event.thread, 'fault'), None)
        how = self.begun.pop((event.thread, 'how'), None)
        if entered:
            result = event.words[1]
            how = how or (FAULT_RESULTS[result] if result < len(FAULT_RESULTS) else str(result))
            self._slice(f'fault: {how}', entered, event.time_ns, process, event.thread, 'fault',
                        {'address': f'{event.words[0]:#x}', 'from disk': bool(event.words[2])})

    def _lock_wait(self, event, process):
        self.begun[event.thread, 'lock'] = event

    def _lock_taken(self, event, process):
        entered = self.begun.pop((event.thread, 'lock'), None)
        if entered:
            self._slice(f'lock: {text_of(entered)}', entered, event.time_ns, process, event.thread, 'lock')

    def _death(self, event, process):
        entered = self.begun.pop((event.thread, 'call'), None)
        if entered:
            self._slice('exit', entered, event.time_ns, process, event.thread, 'syscall')

    def write(self, path, all_events):
        self.out.append({'name': 'process_name', 'ph': 'M', 'pid': self.CPUS, 'args': {'name': 'processors'}})
        for cpu in sorted({event.cpu for event in all_events}):
            self.out.append({'name': 'thread_name', 'ph': 'M', 'pid': self.CPUS, 'tid': cpu, 'args': {'name': f'CPU {cpu}'}})
        for event in all_events:
            self.add(event)
        for cpu in list(self.running):
            self._stop_running(cpu, all_events[-1].time_ns)
        with open(path, 'w') as file:
            json.dump({'traceEvents': self.out, 'displayTimeUnit': 'ns'}, file)
