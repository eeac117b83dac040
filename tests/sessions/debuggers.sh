#!/bin/sh
# The debuggers' sessions, in Debian; /root holds these files and the program (debugged.c). Run it with output to
# a file, and compare with debuggers.expected, which Linux made; tests/driven/debian_debuggers.py does.
gdb="gdb -q -batch -nx"
PATH=/bin:/usr/bin
cd /tmp
echo "== strace"
strace -f -o /tmp/trace /root/debugged
grep -E 'SIGUSR1 \{|exited with|execve\(|SIGCHLD \{' /tmp/trace | sed 's/^[0-9]* *//' | LC_ALL=C sort
echo "== strace of one call"
strace -e trace=write /root/debugged 2>&1 | grep write
strace -c -f -o /tmp/summary /root/debugged >/dev/null; grep -c total /tmp/summary
echo "== run"
$gdb -x /root/gdb_run.gdb 2>&1
echo "== follow"
$gdb -x /root/gdb_follow.gdb 2>&1
echo "== core"
ulimit -c unlimited
/root/debugged x
ls -l core | cut -c1-10
$gdb -x /root/gdb_core.gdb 2>&1
echo "== attach"
/root/debugged wait &
target=$!
until grep -q sleeping /proc/$target/status; do :; done
$gdb -p $target -x /root/gdb_attach.gdb 2>&1
grep TracerPid /proc/$target/status
strace -p $target 2>&1 &
until grep -qs "TracerPid:.[1-9]" /proc/$target/status; do :; done
sleep 1
kill $target
wait
