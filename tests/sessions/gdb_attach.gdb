# To a process that sleeps; look, change, let go.
set width 0
set confirm off
frame function main
print argc
set variable counter = 5
print counter
info signals SIGUSR1
detach
