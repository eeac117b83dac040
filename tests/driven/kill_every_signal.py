"""
`kill -N PID` for every N: the default action, as the process's state and then `wait` tell it. In the shell of the
serial line and in that of a console, and in a script, which lets SIGINT and SIGQUIT be ignored by what it puts in
the background; on 1 and 4 CPUs.
"""

import concurrent.futures
import re

import image
from machine import Machine

IGNORED = {17, 18, 23, 28}	# SIGCHLD, SIGCONT, SIGURG, SIGWINCH
IN_BACKGROUND_IGNORED = {2, 3}	# SIGINT, SIGQUIT
STOPPING = {19, 20, 21, 22}	# SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU

# All are started, have time to begin, are killed and have time to act on it; then for each its number, its state if
# it is still there and not a zombie, and its status in the end. All in one command: only after it does an interactive
# shell tell what has ended, and forget it.
SCRIPT = r'''
kill_all() {
    for n in $(seq 64); do sleep 1000 & eval p$n=$!; done
    sleep 1
    for n in $(seq 64); do eval kill -$n \$p$n; done
    sleep 1
    for n in $(seq 64); do
        eval p=\$p$n
        s=$(cut -d" " -f3 /proc/$p/stat 2>/dev/null)
        eval s$n=${s#Z}
        kill -CONT $p 2>/dev/null
        kill -9 $p 2>/dev/null
    done
    sleep 1
    told=
    for n in $(seq 64); do
        eval wait \$p$n 2>/dev/null
        eval 'told="$told $n$s'$n:$?'"'
    done
    told="$told end"
}
kill_all
echo "$told"
'''


def expected(ignored):
    told = []
    for number in range(1, 65):
        state = 'S' if number in ignored else 'T' if number in STOPPING else ''
        told.append(f'{number}{state}:{128 + (9 if state else number)}')
    return told


def check(said, ignored):
    told = re.findall(r'\d+[A-Z]?:\d+', said)
    assert told[-64:] == expected(ignored), said


def drive(cpus):
    with Machine(cpus=cpus, tree=tree) as machine:
        machine.wait_for_prompt()
        check(machine.shell('sh /k'), IGNORED | IN_BACKGROUND_IGNORED)
        check(machine.shell('. /k'), IGNORED)
        machine.press('alt-f2')
        machine.wait_for_shell()
        machine.type('. /k\nclear; echo "$told"\n')	# what has ended is told of in between
        screen = machine.wait_for_text(re.compile(r':192 +end'))
        check(''.join(row.ljust(80) for row in screen.rows), IGNORED)


tree = image.base_tree()
tree.texts['k'] = SCRIPT.encode()
image.cached_image(tree, 'driven')	# made once
# Mostly they sleep: both machines at once take little longer than one.
with concurrent.futures.ThreadPoolExecutor() as pool:
    for driven in [pool.submit(drive, cpus) for cpus in (1, 4)]:
        driven.result()
