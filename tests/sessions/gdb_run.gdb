# Breakpoints, steps, variables, watchpoints in hardware, signals, threads, calls into the program.
set pagination off
set confirm off
set width 0
set print thread-events off
set startup-with-shell off
file /root/debugged
break add
run
backtrace
info registers cs ss
next
next
print c
set variable c = 77
print counter
watch counter
continue
continue
finish
delete
break work if (int)argument == 2
continue
next
next
print i
info threads
delete
handle SIGUSR1 stop print
continue
print $_siginfo.si_signo
break on_signal
stepi
continue
backtrace 1
print add(40, 2)
print (int)getpid() > 1
finish
delete
catch fork
continue
catch exec
catch vfork
set follow-fork-mode parent
continue
continue
