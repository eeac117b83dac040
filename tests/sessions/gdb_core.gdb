# A core file that the kernel wrote.
set width 0
file /root/debugged
core-file /tmp/core
frame function main
print argc
print counter
info threads
