# Into the child of a fork, through its exec.
set pagination off
set confirm off
set width 0
set print thread-events off
set startup-with-shell off
set follow-fork-mode child
set detach-on-fork on
file /root/debugged
catch exec
run
info inferiors
continue
