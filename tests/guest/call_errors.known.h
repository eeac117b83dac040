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
	"25:0 26:0 27:0 ",
	"25:0 26:0 27:0 ",
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
	"61:22 72:22 73:22 ",
	"61:22 72:22 73:22 ",
	/* fcntl of a pipe */
	"72:22 73:22 ",
	"61:22 72:22 73:22 ",
	/* fcntl F_SETFL */
	"72:22 73:22 ",
	"72:22 73:22 ",
	/* fcntl F_DUPFD */
	"23:3 72:22 73:22 ",
	"23:3 72:22 73:22 ",
	/* fcntl F_SETSIG */
	"23:3 72:22 73:22 ",
	"23:3 72:22 73:22 ",
	/* fcntl F_SETOWN */
	"72:22 73:22 ",
	"72:22 73:22 ",
	/* fcntl F_SETPIPE_SZ */
	"72:22 73:22 ",
	"72:22 73:22 ",
	/* fcntl F_ADD_SEALS */
	"61:22 72:22 73:22 ",
	"61:22 72:22 73:22 ",
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
	"61:1 64:1 81:22 82:22 ",
	"81:22 82:22 ",
	/* setresuid16 */
	"",
	"",
	/* setresgid16 */
	"",
	"",
	/* prctl */
	"35:22 36:22 37:22 38:22 56:22 57:22 61:22 62:22 63:22 ",
	"35:22 36:22 37:22 38:22 39:22 56:22 57:22 61:22 62:22 63:22 ",
	/* prctl PR_SET_PDEATHSIG */
	"35:22 36:22 56:22 57:22 ",
	"35:22 36:22 39:22 56:22 57:22 61:22 62:22 ",
	/* prctl PR_SET_DUMPABLE */
	"26:22 35:22 36:22 37:22 56:22 57:22 61:22 63:22 ",
	"26:22 35:22 36:22 37:22 39:22 56:22 57:22 61:22 62:22 63:22 ",
	/* prctl PR_SET_KEEPCAPS */
	"26:22 35:22 36:22 37:22 56:22 57:22 61:22 63:22 ",
	"26:22 35:22 36:22 37:22 39:22 56:22 57:22 61:22 62:22 63:22 ",
	/* prctl PR_CAPBSET_READ */
	"26:22 35:22 36:22 37:22 56:22 57:22 61:22 63:22 ",
	"26:22 35:22 36:22 37:22 39:22 56:22 57:22 61:22 62:22 63:22 ",
	/* prctl PR_CAPBSET_DROP */
	"26:22 35:22 36:22 37:22 56:22 57:22 61:22 63:22 ",
	"26:22 35:22 36:22 37:22 39:22 56:22 57:22 61:22 62:22 63:22 ",
	/* prctl PR_SET_NO_NEW_PRIVS */
	"26:22 35:22 36:22 37:22 56:22 57:22 61:22 63:22 ",
	"26:22 35:22 36:22 37:22 39:22 56:22 57:22 61:22 62:22 63:22 ",
	/* prctl PR_SET_TIMERSLACK */
	"26:22 35:22 36:22 37:22 56:22 57:22 61:22 63:22 ",
	"26:22 35:22 36:22 37:22 39:22 56:22 57:22 61:22 62:22 63:22 ",
	/* mmap2, anonymous */
	"",
	"",
	/* mmap2 of a file */
	"63:1 79:1 163:19 ",
	"163:19 ",
	/* mmap2, shared and writable */
	"63:1 79:1 163:13 ",
	"163:13 ",
	/* mmap2 in a place */
	"3:1 6:1 7:12 104:22 120:22 122:12 ",
	"7:12 104:22 120:22 122:12 ",
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
	"60:22 61:22 68:22 69:22 ",
	"60:22 61:22 68:22 69:22 ",
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
	"4:43 8:43 38:22 40:22 ",
	"4:43 8:43 38:22 40:22 ",
	/* semctl SETVAL */
	"4:43 8:43 38:22 40:22 ",
	"4:43 8:43 9:13 10:13 11:13 13:13 14:13 15:13 16:13 38:22 40:22 ",
	/* shmget */
	"3:0 4:0 8:0 30:22 ",
	"3:0 4:0 8:0 30:22 ",
	/* shmat */
	"4:43 8:43 14:1 15:12 ",
	"4:43 8:43 ",
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
	"21:2 23:20 25:2 27:20 ",
	"22:2 24:20 26:2 28:20 ",
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
	"22:19 34:0 35:0 36:0 68:19 96:19 ",
	"22:1 23:1 68:1 69:1 88:1 89:1 95:1 97:1 ",
	/* umount */
	"",
	"",
	/* stime */
	"0:22 ",
	"0:22 ",
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
	"48:22 ",
	/* ioctl FIONREAD */
	"",
	"",
	/* ioctl TCGETS on a file */
	"16:25 ",
	"16:25 ",
	/* ioctl FIONBIO */
	"",
	"",
	/* fcntl F_GETLK */
	"72:22 73:22 ",
	"72:22 73:22 ",
	/* fcntl F_SETLK */
	"72:22 73:22 ",
	"72:22 73:22 ",
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
	"7:0 ",
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
	"0:0 ",
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
	"38:43 42:43 53:22 54:22 55:22 56:22 ",
	"38:43 42:43 53:22 54:22 55:22 56:22 ",
	/* ipc SEMCTL */
	"38:43 42:43 ",
	"38:43 42:43 ",
	/* ipc MSGSND */
	"38:43 42:43 ",
	"38:43 42:43 ",
	/* ipc MSGRCV */
	"38:43 42:43 ",
	"38:43 42:43 ",
	/* ipc SHMAT */
	"38:43 42:43 ",
	"38:43 42:43 ",
	/* ipc SHMCTL */
	"38:43 42:43 ",
	"38:43 42:43 ",
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
	"14:0 19:0 ",
	"14:0 19:0 ",
	/* getdents */
	"14:0 16:0 28:0 30:14 32:14 ",
	"14:0 16:0 28:0 30:14 32:14 ",
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
	"35:22 36:22 56:22 57:22 ",
	"35:22 36:22 39:22 56:22 57:22 61:22 62:22 ",
	/* prctl PR_GET_NAME */
	"35:22 36:22 56:22 57:22 ",
	"35:22 36:22 39:22 56:22 57:22 61:22 62:22 ",
	/* prctl PR_GET_PDEATHSIG */
	"35:22 36:22 56:22 57:22 ",
	"35:22 36:22 39:22 56:22 57:22 61:22 62:22 ",
	/* prctl PR_GET_TSC */
	"35:22 36:22 56:22 57:22 ",
	"35:22 36:22 39:22 56:22 57:22 61:22 62:22 ",
	/* prctl PR_GET_CHILD_SUBREAPER */
	"35:22 36:22 56:22 57:22 ",
	"35:22 36:22 39:22 56:22 57:22 61:22 62:22 ",
	/* prctl PR_GET_TID_ADDRESS */
	"35:22 36:22 56:22 57:22 ",
	"35:22 36:22 39:22 56:22 57:22 61:22 62:22 ",
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
	"18:0 25:0 27:0 41:9 43:9 55:0 ",
	"18:0 25:0 27:0 41:9 43:9 55:0 ",
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
	"14:0 16:0 28:0 30:14 32:14 ",
	"14:0 16:0 28:0 30:14 32:14 ",
	/* fcntl64 F_GETLK64 */
	"72:22 73:22 ",
	"72:22 73:22 ",
	/* fcntl64 F_SETLK64 */
	"72:22 73:22 ",
	"72:22 73:22 ",
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
	"18:0 25:0 27:0 41:9 43:9 55:0 ",
	"18:0 25:0 27:0 41:9 43:9 55:0 ",
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
	"27:22 28:22 ",
	"27:22 28:22 ",
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
	"3:22 59:22 60:22 64:22 ",
	"3:22 59:22 60:22 64:22 ",
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
	"48:22 49:22 ",
	"49:22 50:22 ",
	/* unlinkat */
	"",
	"",
	/* renameat */
	"69:9 ",
	"71:9 ",
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
	"25:0 27:0 97:0 ",
	"25:0 27:0 97:0 ",
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
	"28:22 ",
	"28:22 ",
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
	"1:22 3:22 ",
	"1:22 3:22 ",
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
	"85:22 107:9 ",
	"87:22 109:9 ",
	/* getrandom */
	"",
	"",
	/* memfd_create */
	"31:0 32:0 33:38 ",
	"31:0 32:0 33:38 ",
	/* execveat */
	"82:2 84:20 86:2 88:20 98:22 99:22 102:22 103:22 ",
	"83:2 85:20 87:2 89:20 99:22 100:22 103:22 104:22 ",
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
	"47:92 48:92 50:92 53:92 59:92 66:92 68:92 69:92 70:92 71:92 77:92 78:92 82:92 83:92 "
	"84:92 87:92 91:92 93:92 94:92 95:92 96:92 ",
	"47:92 48:92 50:92 53:92 59:92 66:92 68:92 69:92 70:92 71:92 77:92 78:92 82:92 83:92 "
	"84:92 87:92 91:92 93:92 94:92 95:92 96:92 ",
	/* getsockopt SO_PEERCRED */
	"47:92 48:92 50:92 53:92 59:92 66:92 68:92 69:92 70:92 71:92 77:92 78:92 82:92 83:92 "
	"84:92 87:92 91:92 93:92 94:92 95:92 96:92 ",
	"47:92 48:92 50:92 53:92 59:92 66:92 68:92 69:92 70:92 71:92 77:92 78:92 82:92 83:92 "
	"84:92 87:92 91:92 93:92 94:92 95:92 96:92 ",
	/* setsockopt */
	"47:92 48:92 49:92 59:92 66:92 68:92 69:92 71:92 72:92 73:92 74:92 75:92 82:92 83:92 "
	"84:92 87:92 90:92 91:92 92:92 94:92 95:92 96:92 ",
	"47:92 48:92 49:92 59:92 66:92 68:92 69:92 71:92 72:92 73:92 74:92 75:92 82:92 83:92 "
	"84:92 87:92 90:92 91:92 92:92 94:92 95:92 96:92 ",
	/* getsockname */
	"",
	"",
	/* getpeername */
	"",
	"",
	/* sendto */
	"59:22 99:22 101:22 111:22 113:22 121:22 123:22 ",
	"59:22 99:22 101:22 111:22 113:22 121:22 123:22 ",
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
	"4:43 8:43 38:22 40:22 ",
	"4:43 8:43 38:22 40:22 ",
	/* semctl SETALL */
	"4:43 8:43 38:22 40:22 ",
	"4:43 8:43 38:22 40:22 ",
	/* semctl IPC_STAT */
	"4:43 8:43 38:22 40:22 ",
	"4:43 8:43 38:22 40:22 ",
	/* shmctl IPC_STAT */
	"4:43 8:43 25:22 27:22 ",
	"4:43 8:43 25:22 27:22 ",
	/* shmctl IPC_SET */
	"4:43 8:43 25:22 27:22 ",
	"4:43 8:43 25:22 27:22 ",
	/* msgsnd */
	"4:43 8:43 ",
	"4:43 8:43 ",
	/* msgrcv */
	"4:43 8:43 ",
	"4:43 8:43 ",
	/* msgctl IPC_STAT */
	"4:43 8:43 23:22 25:22 ",
	"4:43 8:43 23:22 25:22 ",
	/* msgctl IPC_SET */
	"4:43 8:43 23:22 25:22 ",
	"4:43 8:43 23:22 25:22 ",
	/* clock_gettime64 */
	"",
	"",
	/* clock_settime64 */
	"",
	"",
	/* clock_adjtime64 */
	"1:22 3:22 ",
	"1:22 3:22 ",
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
	"4:43 8:43 21:22 22:22 23:22 24:22 25:22 27:22 ",
	"4:43 8:43 21:22 22:22 23:22 24:22 25:22 27:22 ",
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
