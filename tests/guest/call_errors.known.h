/* Where Quartet answers otherwise than Linux; made by tools/record-answers --known. */
	/* close */
	"",
	"",
	/* lseek */
	"",
	"",
	/* lseek of a pipe */
	"",
	"",
	/* lseek of a directory */
	"",
	"",
	/* setuid16 */
	"",
	"",
	/* alarm */
	"",
	"",
	/* nice */
	"",
	"",
	/* kill */
	"",
	"",
	/* dup */
	"",
	"",
	/* brk */
	"",
	"",
	/* setgid16 */
	"",
	"",
	/* signal */
	"",
	"",
	/* fcntl F_GETFD */
	"61:22 ",
	"61:22 ",
	/* fcntl of a pipe */
	"",
	"61:22 ",
	/* fcntl F_SETFL */
	"",
	"",
	/* fcntl F_DUPFD */
	"23:3 ",
	"23:3 ",
	/* fcntl F_SETSIG */
	"23:3 ",
	"23:3 ",
	/* fcntl F_SETOWN */
	"",
	"",
	/* fcntl F_SETPIPE_SZ */
	"",
	"",
	/* fcntl F_ADD_SEALS */
	"61:22 ",
	"61:22 ",
	/* setpgid */
	"",
	"",
	/* umask */
	"",
	"",
	/* dup2 */
	"",
	"",
	/* setreuid16 */
	"",
	"",
	/* setregid16 */
	"",
	"",
	/* munmap */
	"",
	"",
	/* ftruncate */
	"",
	"",
	/* fchmod */
	"",
	"",
	/* fchown16 */
	"",
	"",
	/* getpriority */
	"29:3 ",
	"29:3 ",
	/* setpriority */
	"29:3 ",
	"29:3 ",
	/* fsync */
	"",
	"",
	/* mprotect */
	"7:12 ",
	"7:12 ",
	/* getpgid */
	"",
	"",
	/* fchdir */
	"",
	"",
	/* personality */
	"",
	"",
	/* flock */
	"",
	"",
	/* msync */
	"",
	"",
	/* getsid */
	"",
	"",
	/* fdatasync */
	"",
	"",
	/* mlock */
	"",
	"",
	/* munlock */
	"",
	"",
	/* mlockall */
	"",
	"",
	/* sched_getscheduler */
	"",
	"",
	/* sched_get_priority_max */
	"",
	"",
	/* sched_get_priority_min */
	"",
	"",
	/* mremap */
	"7:14 ",
	"7:14 ",
	/* mremap, moving */
	"",
	"",
	/* mremap to a place */
	"61:1 64:1 ",
	"",
	/* setresuid16 */
	"",
	"",
	/* setresgid16 */
	"",
	"",
	/* prctl */
	"",
	"",
	/* prctl PR_SET_PDEATHSIG */
	"",
	"",
	/* prctl PR_SET_DUMPABLE */
	"",
	"",
	/* prctl PR_SET_KEEPCAPS */
	"",
	"",
	/* prctl PR_CAPBSET_READ */
	"",
	"",
	/* prctl PR_CAPBSET_DROP */
	"",
	"",
	/* prctl PR_SET_NO_NEW_PRIVS */
	"",
	"",
	/* prctl PR_SET_TIMERSLACK */
	"",
	"",
	/* mmap2, anonymous */
	"",
	"",
	/* mmap2 of a file */
	"63:1 79:1 ",
	"",
	/* mmap2, shared and writable */
	"63:1 79:1 ",
	"",
	/* mmap2 in a place */
	"3:1 6:1 7:12 ",
	"7:12 ",
	/* ftruncate64 */
	"",
	"",
	/* setreuid */
	"",
	"",
	/* setregid */
	"",
	"",
	/* fchown */
	"",
	"",
	/* setresuid */
	"",
	"",
	/* setresgid */
	"",
	"",
	/* setuid */
	"",
	"",
	/* setgid */
	"",
	"",
	/* madvise */
	"",
	"",
	/* readahead */
	"",
	"",
	/* tkill */
	"",
	"",
	/* fadvise64 */
	"",
	"",
	/* epoll_create */
	"",
	"",
	/* set_tid_address */
	"",
	"",
	/* timer_getoverrun */
	"",
	"",
	/* timer_delete */
	"",
	"",
	/* tgkill */
	"",
	"",
	/* fadvise64_64 */
	"",
	"",
	/* ioprio_set */
	"29:3 ",
	"29:3 ",
	/* ioprio_get */
	"29:3 ",
	"29:3 ",
	/* inotify_rm_watch */
	"",
	"",
	/* set_robust_list */
	"",
	"",
	/* sync_file_range */
	"",
	"",
	/* tee */
	"",
	"",
	/* timerfd_create */
	"",
	"",
	/* eventfd */
	"",
	"",
	/* fallocate */
	"",
	"",
	/* eventfd2 */
	"",
	"",
	/* epoll_create1 */
	"",
	"",
	/* dup3 */
	"",
	"",
	/* inotify_init1 */
	"",
	"",
	/* syncfs */
	"",
	"",
	/* socket */
	"6:97 14:97 20:97 21:97 ",
	"6:97 14:97 20:97 21:97 ",
	/* listen */
	"",
	"",
	/* shutdown */
	"",
	"",
	/* membarrier */
	"",
	"",
	/* mlock2 */
	"",
	"",
	/* semget */
	"",
	"",
	/* semctl GETVAL */
	"",
	"",
	/* semctl SETVAL */
	"",
	"",
	/* shmget */
	"",
	"",
	/* shmat */
	"14:1 15:12 ",
	"",
	/* shmdt */
	"",
	"",
	/* msgget */
	"",
	"",
	/* pidfd_open */
	"",
	"",
	/* close_range */
	"",
	"",
	/* pidfd_getfd */
	"",
	"",
	/* read */
	"",
	"",
	/* read of a pipe */
	"",
	"",
	/* write */
	"",
	"",
	/* write to a pipe */
	"",
	"",
	/* open */
	"35:0 ",
	"36:0 ",
	/* open, creating */
	"",
	"",
	/* waitpid */
	"",
	"",
	/* creat */
	"",
	"",
	/* link */
	"",
	"",
	/* unlink */
	"",
	"",
	/* execve */
	"",
	"",
	/* chdir */
	"",
	"",
	/* time */
	"",
	"",
	/* mknod */
	"",
	"",
	/* chmod */
	"",
	"",
	/* lchown */
	"",
	"",
	/* oldest stat */
	"",
	"",
	/* mount */
	"",
	"",
	/* umount */
	"",
	"",
	/* stime */
	"",
	"",
	/* ptrace PEEKDATA */
	"47:5 ",
	"47:5 ",
	/* ptrace GETREGS */
	"",
	"",
	/* ptrace SETREGS */
	"",
	"",
	/* ptrace GETSIGINFO */
	"",
	"",
	/* ptrace GETREGSET */
	"",
	"",
	/* oldest fstat */
	"",
	"",
	/* utime */
	"",
	"",
	/* access */
	"",
	"",
	/* rename */
	"",
	"",
	/* mkdir */
	"",
	"",
	/* rmdir */
	"",
	"",
	/* pipe */
	"",
	"",
	/* times */
	"",
	"",
	/* umount2 */
	"",
	"",
	/* ioctl FIONREAD */
	"",
	"",
	/* ioctl TCGETS on a file */
	"",
	"",
	/* ioctl FIONBIO */
	"",
	"",
	/* fcntl F_GETLK */
	"",
	"",
	/* fcntl F_SETLK */
	"",
	"",
	/* oldest uname */
	"",
	"",
	/* chroot */
	"",
	"",
	/* ustat */
	"",
	"",
	/* sigaction */
	"",
	"",
	/* sigpending */
	"",
	"",
	/* sethostname */
	"",
	"",
	/* setrlimit */
	"",
	"",
	/* old getrlimit */
	"",
	"",
	/* getrusage */
	"",
	"",
	/* gettimeofday */
	"",
	"",
	/* settimeofday, time */
	"",
	"",
	/* settimeofday, zone */
	"",
	"",
	/* getgroups16 */
	"",
	"",
	/* setgroups16 */
	"",
	"",
	/* old select */
	"",
	"",
	/* symlink */
	"",
	"",
	/* oldest lstat */
	"",
	"",
	/* readlink */
	"",
	"",
	/* readdir */
	"",
	"",
	/* old mmap */
	"",
	"",
	/* truncate */
	"",
	"",
	/* statfs */
	"",
	"",
	/* fstatfs */
	"",
	"",
	/* socketcall */
	"",
	"",
	/* syslog */
	"",
	"0:0 1:14 2:22 3:22 4:0 5:22 6:0 7:0 8:22 9:0 10:22 11:22 ",
	/* setitimer */
	"",
	"",
	/* getitimer */
	"",
	"",
	/* stat */
	"",
	"",
	/* lstat */
	"",
	"",
	/* fstat */
	"",
	"",
	/* old uname */
	"",
	"",
	/* wait4 */
	"",
	"",
	/* sysinfo */
	"",
	"",
	/* ipc SEMOP */
	"",
	"",
	/* ipc SEMCTL */
	"",
	"",
	/* ipc MSGSND */
	"",
	"",
	/* ipc MSGRCV */
	"",
	"",
	/* ipc SHMAT */
	"",
	"",
	/* ipc SHMCTL */
	"",
	"",
	/* clone */
	"",
	"",
	/* setdomainname */
	"",
	"",
	/* uname */
	"",
	"",
	/* adjtimex */
	"",
	"",
	/* sigprocmask */
	"",
	"",
	/* sysfs, by name */
	"",
	"",
	/* sysfs, by number */
	"",
	"",
	/* _llseek */
	"",
	"",
	/* getdents */
	"",
	"",
	/* select */
	"",
	"",
	/* readv */
	"",
	"",
	/* writev */
	"",
	"",
	/* sched_setparam */
	"",
	"",
	/* sched_getparam */
	"",
	"",
	/* sched_setscheduler */
	"",
	"",
	/* sched_rr_get_interval */
	"",
	"",
	/* nanosleep */
	"",
	"",
	/* getresuid16 */
	"",
	"",
	/* poll */
	"",
	"",
	/* getresgid16 */
	"",
	"",
	/* prctl PR_SET_NAME */
	"",
	"",
	/* prctl PR_GET_NAME */
	"",
	"",
	/* prctl PR_GET_PDEATHSIG */
	"",
	"",
	/* prctl PR_GET_TSC */
	"",
	"",
	/* prctl PR_GET_CHILD_SUBREAPER */
	"",
	"",
	/* prctl PR_GET_TID_ADDRESS */
	"",
	"",
	/* rt_sigaction */
	"",
	"",
	/* rt_sigprocmask */
	"",
	"",
	/* rt_sigpending */
	"",
	"",
	/* rt_sigtimedwait */
	"",
	"",
	/* rt_sigqueueinfo */
	"",
	"",
	/* rt_sigsuspend */
	"",
	"",
	/* pread64 */
	"",
	"",
	/* pwrite64 */
	"",
	"",
	/* chown */
	"",
	"",
	/* getcwd */
	"",
	"",
	/* capget */
	"",
	"",
	/* capset */
	"",
	"",
	/* sigaltstack */
	"",
	"",
	/* sendfile */
	"18:0 ",
	"18:0 ",
	/* getrlimit */
	"",
	"",
	/* truncate64 */
	"",
	"",
	/* stat64 */
	"",
	"",
	/* lstat64 */
	"",
	"",
	/* fstat64 */
	"",
	"",
	/* lchown32 */
	"",
	"",
	/* getgroups32 */
	"",
	"",
	/* setgroups32 */
	"",
	"",
	/* getresuid32 */
	"",
	"",
	/* getresgid32 */
	"",
	"",
	/* chown32 */
	"",
	"",
	/* pivot_root */
	"",
	"",
	/* mincore */
	"7:12 22:12 ",
	"7:12 22:12 ",
	/* getdents64 */
	"",
	"",
	/* fcntl64 F_GETLK64 */
	"",
	"",
	/* fcntl64 F_SETLK64 */
	"",
	"",
	/* setxattr */
	"",
	"",
	/* lsetxattr */
	"",
	"",
	/* fsetxattr */
	"",
	"",
	/* getxattr */
	"",
	"",
	/* lgetxattr */
	"",
	"",
	/* fgetxattr */
	"",
	"",
	/* listxattr */
	"",
	"",
	/* llistxattr */
	"",
	"",
	/* flistxattr */
	"",
	"",
	/* removexattr */
	"",
	"",
	/* lremovexattr */
	"",
	"",
	/* fremovexattr */
	"",
	"",
	/* sendfile64 */
	"18:0 ",
	"18:0 ",
	/* futex wait */
	"",
	"",
	/* futex requeue */
	"",
	"",
	/* futex lock, with inheritance */
	"",
	"",
	/* futex trylock */
	"",
	"",
	/* futex unlock */
	"",
	"",
	/* futex wait to be requeued */
	"12:3 14:3 19:3 ",
	"12:3 14:3 19:3 ",
	/* futex requeue to a lock */
	"14:3 ",
	"14:3 ",
	/* sched_setaffinity */
	"",
	"",
	/* sched_getaffinity */
	"",
	"",
	/* set_thread_area */
	"",
	"",
	/* get_thread_area */
	"",
	"",
	/* epoll_ctl */
	"",
	"",
	/* epoll_wait */
	"",
	"",
	/* timer_create */
	"",
	"",
	/* timer_settime */
	"",
	"",
	/* timer_gettime */
	"",
	"",
	/* clock_settime */
	"",
	"",
	/* clock_gettime */
	"",
	"",
	/* clock_getres */
	"",
	"",
	/* clock_nanosleep */
	"",
	"",
	/* statfs64 */
	"",
	"",
	/* fstatfs64 */
	"",
	"",
	/* utimes */
	"",
	"",
	/* mq_open */
	"",
	"",
	/* mq_unlink */
	"",
	"",
	/* mq_timedsend */
	"",
	"",
	/* mq_timedreceive */
	"",
	"",
	/* mq_notify */
	"",
	"",
	/* mq_getsetattr */
	"",
	"",
	/* waitid */
	"",
	"",
	/* inotify_add_watch */
	"",
	"",
	/* openat */
	"46:0 ",
	"47:0 ",
	/* mkdirat */
	"",
	"",
	/* mknodat */
	"",
	"",
	/* fchownat */
	"",
	"",
	/* futimesat */
	"",
	"",
	/* fstatat64 */
	"",
	"",
	/* unlinkat */
	"",
	"",
	/* renameat */
	"",
	"",
	/* linkat */
	"",
	"",
	/* symlinkat */
	"",
	"",
	/* readlinkat */
	"",
	"",
	/* fchmodat */
	"",
	"",
	/* faccessat */
	"",
	"",
	/* pselect6 */
	"",
	"",
	/* ppoll */
	"",
	"",
	/* get_robust_list */
	"",
	"",
	/* splice to a pipe */
	"7:0 ",
	"7:0 ",
	/* splice from a pipe */
	"",
	"",
	/* vmsplice */
	"",
	"",
	/* getcpu */
	"",
	"",
	/* epoll_pwait */
	"",
	"",
	/* utimensat */
	"",
	"",
	/* signalfd */
	"",
	"",
	/* timerfd_settime */
	"",
	"",
	/* timerfd_gettime */
	"",
	"",
	/* signalfd4 */
	"",
	"",
	/* pipe2 */
	"",
	"",
	/* preadv */
	"",
	"",
	/* pwritev */
	"",
	"",
	/* rt_tgsigqueueinfo */
	"",
	"",
	/* recvmmsg */
	"88:0 ",
	"88:0 ",
	/* prlimit64 */
	"",
	"",
	/* clock_adjtime */
	"",
	"",
	/* sendmmsg */
	"",
	"",
	/* process_vm_readv */
	"",
	"",
	/* process_vm_writev */
	"",
	"",
	/* sched_setattr */
	"",
	"",
	/* sched_getattr */
	"",
	"",
	/* renameat2 */
	"85:22 ",
	"87:22 ",
	/* getrandom */
	"",
	"",
	/* memfd_create */
	"31:0 32:0 33:38 ",
	"31:0 32:0 33:38 ",
	/* execveat */
	"",
	"",
	/* socketpair */
	"6:97 14:97 20:97 21:97 ",
	"6:97 14:97 20:97 21:97 ",
	/* bind */
	"",
	"",
	/* connect */
	"",
	"",
	/* accept4 */
	"",
	"",
	/* getsockopt */
	"53:92 ",
	"53:92 ",
	/* getsockopt SO_PEERCRED */
	"53:92 ",
	"53:92 ",
	/* setsockopt */
	"",
	"",
	/* getsockname */
	"",
	"",
	/* getpeername */
	"",
	"",
	/* sendto */
	"",
	"",
	/* sendmsg */
	"",
	"",
	/* recvfrom */
	"",
	"",
	/* recvmsg */
	"",
	"",
	/* copy_file_range */
	"",
	"",
	/* preadv2 */
	"",
	"",
	/* pwritev2 */
	"",
	"",
	/* statx */
	"",
	"",
	/* semctl GETALL */
	"",
	"",
	/* semctl SETALL */
	"",
	"",
	/* semctl IPC_STAT */
	"",
	"",
	/* shmctl IPC_STAT */
	"",
	"",
	/* shmctl IPC_SET */
	"",
	"",
	/* msgsnd */
	"",
	"",
	/* msgrcv */
	"",
	"",
	/* msgctl IPC_STAT */
	"",
	"",
	/* msgctl IPC_SET */
	"",
	"",
	/* clock_gettime64 */
	"",
	"",
	/* clock_settime64 */
	"",
	"",
	/* clock_adjtime64 */
	"",
	"",
	/* clock_getres_time64 */
	"",
	"",
	/* clock_nanosleep_time64 */
	"",
	"",
	/* timer_gettime64 */
	"",
	"",
	/* timer_settime64 */
	"",
	"",
	/* timerfd_gettime64 */
	"",
	"",
	/* timerfd_settime64 */
	"",
	"",
	/* utimensat_time64 */
	"",
	"",
	/* pselect6_time64 */
	"",
	"",
	/* ppoll_time64 */
	"",
	"",
	/* recvmmsg_time64 */
	"88:0 ",
	"88:0 ",
	/* mq_timedsend_time64 */
	"",
	"",
	/* mq_timedreceive_time64 */
	"",
	"",
	/* semtimedop_time64 */
	"",
	"",
	/* rt_sigtimedwait_time64 */
	"",
	"",
	/* futex_time64 */
	"",
	"",
	/* futex_time64 requeue */
	"",
	"",
	/* sched_rr_get_interval_time64 */
	"",
	"",
	/* pidfd_send_signal */
	"",
	"",
	/* clone3 */
	"",
	"",
	/* openat2 */
	"",
	"",
	/* faccessat2 */
	"",
	"",
	/* epoll_pwait2 */
	"",
	"",
	/* futex_waitv */
	"",
	"",
