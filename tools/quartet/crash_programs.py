"""
Workloads of the crash test that programs make: transactions of sqlite3, commits of git. Each line of the script runs a
command in the disk's folder; the mark after it says that the command has returned.

What is promised, and checked by `complaints`:
 - the program itself finds its files whole (integrity_check; git fsck), after what it does itself at the next start;
 - what they hold is what they held after some step j: each transaction happened whole or not at all, none without those before;
 - j is not before the last step that is known to be over: the programs are told to sync all that a step changed, and those
   that leave their last change of a name unsynced are given the step before, which the step's own syncs made durable.
"""

import os
import random
import sqlite3
import subprocess
import tempfile

STEPS = 24


def write_tree(tree, folder):
    """Put what the disk holds, as Reader.tree() gives it, into a folder."""
    for path, (kind, what) in sorted(tree.items()):
        full = os.path.join(folder, path)
        if kind == 'dir':
            os.mkdir(full)
        elif kind == 'link':
            os.symlink(what, full)
        else:
            with open(full, 'wb') as file:
                file.write(what[1])


class Sqlite:
    """Transactions of many rows, with a journal of one of SQLite's kinds."""

    JOURNALS = ('delete', 'truncate', 'persist', 'wal')
    TABLE = 'create table t (step integer, i integer, what text, primary key (step, i));'

    def __init__(self, seed):
        self.seed = seed
        choose = random.Random(seed)
        self.journal = self.JOURNALS[seed // 2 % len(self.JOURNALS)]
        self.statements = [self.TABLE] + [self._transaction(step, choose) for step in range(1, STEPS)]
        self.lines = [f'# sqlite {seed}'] + [
            f"run sqlite3 -bail -cmd 'pragma journal_mode={self.journal}; pragma synchronous=extra' base '{text}' >/dev/null"
            for text in self.statements]
        self.states = [None] + self._states()

    @staticmethod
    def _transaction(step, choose):
        rows, length = choose.randrange(1, 80), choose.choice([1, 10, 70])
        parts = [f'insert into t with recursive n(i) as (values(1) union all select i + 1 from n where i < {rows}) '
                 f'select {step}, i, hex(zeroblob(i * {length} % 601)) from n;']
        if choose.random() < 0.5:
            parts.append(f'update t set what = what || {step} where (step * 31 + i) % 7 = {choose.randrange(7)};')
        if choose.random() < 0.4:
            parts.append(f'delete from t where (step * 17 + i) % 5 = {choose.randrange(5)};')
        return f'begin; {" ".join(parts)} commit;'

    @staticmethod
    def _rows(base):
        return base.execute('select * from t order by step, i').fetchall()

    def _states(self):
        """The rows after each step, from this machine's SQLite."""
        base, found = sqlite3.connect(':memory:', isolation_level=None), []
        for text in self.statements:
            base.executescript(text)
            found.append(self._rows(base))
        base.close()
        return found

    def complaints(self, tree, over):
        with tempfile.TemporaryDirectory() as folder:
            write_tree(tree, folder)
            path = os.path.join(folder, 'base')
            if not os.path.exists(path):
                return ['the data base is gone'] if over else []
            base = sqlite3.connect(path)
            try:
                found = base.execute('pragma integrity_check').fetchall()
                if found != [('ok',)]:
                    return [f'integrity_check: {found[:5]}']
                is_made = base.execute('select count(*) from sqlite_master').fetchone()[0]
                rows = self._rows(base) if is_made else None
            except sqlite3.DatabaseError as error:
                return [f'sqlite: {error}']
            finally:
                base.close()
        if rows in self.states[over:over + 2]:
            return []
        where = self.states.index(rows) if rows in self.states else 'none'
        return [f'the data base is that of step {where}, with {over} steps over']


class Git:
    """Commits of changed, new and removed files; now and then a repack."""

    def __init__(self, seed):
        self.seed = seed
        choose = random.Random(seed)
        environment = ('GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b '
                       'GIT_CONFIG_NOSYSTEM=1 HOME=/mnt')
        self.contents = [{}]		# after each step: name -> text of the last commit
        self.is_synced = [True]		# does the step end with a sync?
        self.lines = [f'# git {seed}']
        self._add('git init -q one && cd one && git config core.fsync all && git config gc.auto 0', {}, True)
        for step in range(2, STEPS + 1):
            files, commands = dict(self.contents[-1]), []
            for _ in range(choose.randrange(1, 4)):
                name = f'f{choose.randrange(12)}'
                files[name] = f'step {step} ' * choose.choice([1, 20, 400])
                commands.append(f'yes "step {step} " | head -n {len(files[name]) // len(f"step {step} ")} | tr -d "\\n" >{name}')
            if len(files) > 4 and choose.random() < 0.3:
                name = choose.choice(sorted(files))
                del files[name]
                commands.append(f'rm {name}')
            commands += ['git add -A', f'git commit -qm {step} --allow-empty']
            if choose.random() < 0.15:
                commands.append(choose.choice(['git repack -adq', 'git gc -q', 'git pack-refs --all']))
            is_synced = choose.random() < 0.5
            self._add(f'cd one && export {environment} && {" && ".join(commands)}', files, is_synced)

    def _add(self, command, files, is_synced):
        self.lines.append(f'run {command}{" && sync" * is_synced}')
        self.contents.append(files)
        self.is_synced.append(is_synced)

    @staticmethod
    def _git(folder, *arguments):
        environment = dict(os.environ, HOME=folder, GIT_CONFIG_NOSYSTEM='1', GIT_CONFIG_COUNT='1',
                           GIT_CONFIG_KEY_0='safe.directory', GIT_CONFIG_VALUE_0='*')
        done = subprocess.run(['git', '-C', os.path.join(folder, 'one'), *arguments], env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace')
        return done.returncode, done.stdout.strip()

    def complaints(self, tree, over):
        first = over if self.is_synced[over] else over - 1
        with tempfile.TemporaryDirectory() as folder:
            write_tree(tree, folder)
            if over <= 1 and self._git(folder, 'rev-parse', '-q', '--verify', 'HEAD')[0] != 0:
                return []
            status, said = self._git(folder, 'fsck', '--full', '--strict')
            if status != 0:
                return [f'git fsck (status {status}): {said}']
            status, step = self._git(folder, 'log', '-1', '--format=%s')
            if status != 0:
                return [f'git log (status {status}): {step}'] if first > 1 else []
            if not first <= int(step) <= over + 1:
                return [f'the last commit is that of step {step}, with {over} steps over']
            for name, text in self.contents[int(step)].items():
                if self._git(folder, 'show', f'HEAD:{name}') != (0, text.strip()):
                    return [f'{name} is not what step {step} committed']
            names = self._git(folder, 'ls-tree', '--name-only', 'HEAD')[1].split()
        return [] if names == sorted(self.contents[int(step)]) else [f'the commit of step {step} holds {names}']


KINDS = {'sqlite': Sqlite, 'git': Git}


def workload(kind, seed):
    return KINDS[kind](seed)


def from_script(lines):
    """The workload whose script begins so; None: it is not one of programs."""
    words = lines[0].split()
    return KINDS[words[1]](int(words[2])) if words[0] == '#' else None
