/* System calls that take no pointer, and good arguments for each: bad_pointers.h has the others. */
#pragma once
#include "bad_pointers.h"
#include <sys/mman.h>
#include <sys/prctl.h>

#define MAP_ADDRESS 0x20000000u
enum { MAP_SIZE = 4 * PAGE };

/* More needs than bad_pointers.h knows, in the same word. */
enum { NEEDS_MAP = 1 << 20 };

static const struct call plain_calls[] = {
	{ 6, "close", { V(FILE_FD) }, 0 },
	{ 19, "lseek", { V(FILE_FD), V(5), V(SEEK_SET) }, 0 },
	{ 19, "lseek of a pipe", { V(PIPE_READ_FD), V(5), V(SEEK_SET) }, 0 },
	{ 19, "lseek of a directory", { V(DIRECTORY_FD), V(0), V(SEEK_SET) }, 0 },
	{ 23, "setuid16", { V(0) }, 0 },
	{ 27, "alarm", { V(0) }, 0 },
	{ 34, "nice", { V(1) }, 0 },
	{ 37, "kill", { MYSELF, V(0) }, 0 },
	{ 41, "dup", { V(FILE_FD) }, 0 },
	{ 45, "brk", { V(0) }, 0 },
	{ 46, "setgid16", { V(0) }, 0 },
	{ 48, "signal", { V(SIGUSR1), V(1) }, 0 },
	{ 55, "fcntl F_GETFD", { V(FILE_FD), V(F_GETFD), V(0) }, 0 },
	{ 55, "fcntl of a pipe", { V(PIPE_READ_FD), V(F_GETFL), V(0) }, 0 },
	{ 55, "fcntl F_SETFL", { V(FILE_FD), V(F_SETFL), V(O_APPEND) }, 0 },
	{ 55, "fcntl F_DUPFD", { V(FILE_FD), V(F_DUPFD), V(5) }, 0 },
	{ 55, "fcntl F_SETSIG", { V(FILE_FD), V(F_SETSIG), V(SIGIO) }, 0 },
	{ 55, "fcntl F_SETOWN", { V(FILE_FD), V(F_SETOWN), MYSELF }, 0 },
	{ 55, "fcntl F_SETPIPE_SZ", { V(PIPE_READ_FD), V(F_SETPIPE_SZ), V(8192) }, 0 },
	{ 55, "fcntl F_ADD_SEALS", { V(FILE_FD), V(F_ADD_SEALS), V(1) }, 0 },
	{ 57, "setpgid", { V(0), V(0) }, 0 },
	{ 60, "umask", { V(022) }, 0 },
	{ 63, "dup2", { V(FILE_FD), V(90) }, 0 },
	{ 70, "setreuid16", { V(0), V(0) }, 0 },
	{ 71, "setregid16", { V(0), V(0) }, 0 },
	{ 91, "munmap", { V(MAP_ADDRESS), V(MAP_SIZE) }, NEEDS_MAP },
	{ 93, "ftruncate", { V(FILE_FD), V(5) }, 0 },
	{ 94, "fchmod", { V(FILE_FD), V(0600) }, 0 },
	{ 95, "fchown16", { V(FILE_FD), V(0), V(0) }, 0 },
	{ 96, "getpriority", { V(0), V(0) }, 0 },
	{ 97, "setpriority", { V(0), V(0), V(1) }, 0 },
	{ 118, "fsync", { V(FILE_FD) }, 0 },
	{ 125, "mprotect", { V(MAP_ADDRESS), V(MAP_SIZE), V(PROT_READ) }, NEEDS_MAP },
	{ 132, "getpgid", { V(0) }, 0 },
	{ 133, "fchdir", { V(DIRECTORY_FD) }, 0 },
	{ 136, "personality", { V(0) }, 0 },
	{ 143, "flock", { V(FILE_FD), V(LOCK_EX) }, 0 },
	{ 144, "msync", { V(MAP_ADDRESS), V(MAP_SIZE), V(MS_SYNC) }, NEEDS_MAP },
	{ 147, "getsid", { V(0) }, 0 },
	{ 148, "fdatasync", { V(FILE_FD) }, 0 },
	{ 150, "mlock", { V(MAP_ADDRESS), V(MAP_SIZE) }, NEEDS_MAP },
	{ 151, "munlock", { V(MAP_ADDRESS), V(MAP_SIZE) }, NEEDS_MAP },
	{ 152, "mlockall", { V(MCL_FUTURE) }, 0 },
	{ 157, "sched_getscheduler", { V(0) }, 0 },
	{ 159, "sched_get_priority_max", { V(1) }, 0 },
	{ 160, "sched_get_priority_min", { V(1) }, 0 },
	{ 163, "mremap", { V(MAP_ADDRESS), V(MAP_SIZE), V(PAGE), V(0), V(0) }, NEEDS_MAP },
	{ 163, "mremap, moving",
	  { V(MAP_ADDRESS), V(MAP_SIZE), V(2 * MAP_SIZE), V(MREMAP_MAYMOVE), V(0) }, NEEDS_MAP },
	{ 163, "mremap to a place",
	  { V(MAP_ADDRESS), V(MAP_SIZE), V(MAP_SIZE), V(MREMAP_MAYMOVE | MREMAP_FIXED),
	    V(0x28000000) }, NEEDS_MAP },
	{ 164, "setresuid16", { V(0), V(0), V(0) }, 0 },
	{ 170, "setresgid16", { V(0), V(0), V(0) }, 0 },
	{ 172, "prctl", { V(PR_GET_DUMPABLE), V(0), V(0), V(0), V(0) }, 0 },
	{ 172, "prctl PR_SET_PDEATHSIG", { V(1), V(SIGUSR1), V(0), V(0), V(0) }, 0 },
	{ 172, "prctl PR_SET_DUMPABLE", { V(4), V(1), V(0), V(0), V(0) }, 0 },
	{ 172, "prctl PR_SET_KEEPCAPS", { V(8), V(1), V(0), V(0), V(0) }, 0 },
	{ 172, "prctl PR_CAPBSET_READ", { V(23), V(1), V(0), V(0), V(0) }, 0 },
	{ 172, "prctl PR_CAPBSET_DROP", { V(24), V(1), V(0), V(0), V(0) }, 0 },
	{ 172, "prctl PR_SET_NO_NEW_PRIVS", { V(38), V(1), V(0), V(0), V(0) }, 0 },
	{ 172, "prctl PR_SET_TIMERSLACK", { V(29), V(1), V(0), V(0), V(0) }, 0 },
	{ 192, "mmap2, anonymous",
	  { V(0), V(PAGE), V(PROT_READ), V(MAP_PRIVATE | MAP_ANONYMOUS), V(-1), V(0) }, 0 },
	{ 192, "mmap2 of a file",
	  { V(0), V(PAGE), V(PROT_READ), V(MAP_PRIVATE), V(FILE_FD), V(0) }, 0 },
	{ 192, "mmap2, shared and writable",
	  { V(0), V(PAGE), V(PROT_READ | PROT_WRITE), V(MAP_SHARED), V(FILE_FD), V(0) }, 0 },
	{ 192, "mmap2 in a place",
	  { V(MAP_ADDRESS), V(PAGE), V(PROT_READ), V(MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED),
	    V(-1), V(0) }, NEEDS_MAP },
	{ 194, "ftruncate64", { V(FILE_FD), V(5), V(0) }, 0 },
	{ 203, "setreuid", { V(0), V(0) }, 0 },
	{ 204, "setregid", { V(0), V(0) }, 0 },
	{ 207, "fchown", { V(FILE_FD), V(0), V(0) }, 0 },
	{ 208, "setresuid", { V(0), V(0), V(0) }, 0 },
	{ 210, "setresgid", { V(0), V(0), V(0) }, 0 },
	{ 213, "setuid", { V(0) }, 0 },
	{ 214, "setgid", { V(0) }, 0 },
	{ 219, "madvise", { V(MAP_ADDRESS), V(MAP_SIZE), V(0) }, NEEDS_MAP },
	{ 225, "readahead", { V(FILE_FD), V(0), V(0), V(16) }, 0 },
	{ 238, "tkill", { MYSELF, V(0) }, 0 },
	{ 250, "fadvise64", { V(FILE_FD), V(0), V(0), V(16), V(0) }, 0 },
	{ 254, "epoll_create", { V(1) }, 0 },
	{ 258, "set_tid_address", { V(0) }, 0 },
	{ 262, "timer_getoverrun", { MADE }, NEEDS_TIMER },
	{ 263, "timer_delete", { MADE }, NEEDS_TIMER },
	{ 270, "tgkill", { MYSELF, MYSELF, V(0) }, 0 },
	{ 272, "fadvise64_64", { V(FILE_FD), V(0), V(0), V(16), V(0), V(0) }, 0 },
	{ 289, "ioprio_set", { V(1), V(0), V(0x4002) }, 0 },
	{ 290, "ioprio_get", { V(1), V(0) }, 0 },
	{ 293, "inotify_rm_watch", { V(INOTIFY_FD), V(1) }, NEEDS_INOTIFY },
	{ 311, "set_robust_list", { V(0), V(12) }, 0 },
	{ 314, "sync_file_range", { V(FILE_FD), V(0), V(0), V(16), V(0), V(0) }, 0 },
	{ 315, "tee", { V(PIPE_READ_FD), V(PIPE_WRITE_FD), V(4), V(0) }, 0 },
	{ 322, "timerfd_create", { V(1), V(0) }, 0 },
	{ 323, "eventfd", { V(1) }, 0 },
	{ 324, "fallocate", { V(FILE_FD), V(0), V(0), V(0), V(16), V(0) }, 0 },
	{ 328, "eventfd2", { V(1), V(0) }, 0 },
	{ 329, "epoll_create1", { V(0) }, 0 },
	{ 330, "dup3", { V(FILE_FD), V(90), V(0) }, 0 },
	{ 332, "inotify_init1", { V(0) }, 0 },
	{ 344, "syncfs", { V(FILE_FD) }, 0 },
	{ 359, "socket", { V(AF_UNIX), V(SOCK_STREAM), V(0) }, 0 },
	{ 363, "listen", { V(LISTENER_FD), V(1) }, NEEDS_SOCKETS },
	{ 373, "shutdown", { V(SOCKET_FD), V(0) }, NEEDS_SOCKETS },
	{ 375, "membarrier", { V(0), V(0), V(0) }, 0 },
	{ 376, "mlock2", { V(MAP_ADDRESS), V(MAP_SIZE), V(0) }, NEEDS_MAP },
	{ 393, "semget", { V(IPC_PRIVATE), V(1), V(0600) }, 0 },
	{ 394, "semctl GETVAL", { MADE, V(0), V(GETVAL), V(0) }, NEEDS_SEMAPHORES },
	{ 394, "semctl SETVAL", { MADE, V(0), V(SETVAL), V(1) }, NEEDS_SEMAPHORES },
	{ 395, "shmget", { V(IPC_PRIVATE), V(PAGE), V(0600) }, 0 },
	{ 397, "shmat", { MADE, V(0), V(0) }, NEEDS_SEGMENT },
	{ 398, "shmdt", { V(0) }, 0 },
	{ 399, "msgget", { V(IPC_PRIVATE), V(0600) }, 0 },
	{ 434, "pidfd_open", { MYSELF, V(0) }, 0 },
	{ 436, "close_range", { V(90), V(95), V(0) }, 0 },
	{ 438, "pidfd_getfd", { V(PID_FD), V(FILE_FD), V(0) }, NEEDS_PID_FD },
};

/* Is there a row for this call, here or in bad_pointers.h? */
static inline bool has_row(int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(plain_calls); i++)
		if (plain_calls[i].number == number)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].number == number)
			return true;
	return false;
}

/*
 * Calls that signal_kill_loops makes over and over in a way of its own, because what they make
 * outlives the caller, or because they do not come back as other calls do.
 */
static const int looped_apart[] = {
	SYS_fork, SYS_vfork, SYS_clone, SYS_clone3, SYS_execve, SYS_execveat, SYS_sigreturn,
	SYS_rt_sigreturn, SYS_vhangup, SYS_semget, SYS_shmget, SYS_msgget,
};

static inline bool is_looped_apart(int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(looped_apart); i++)
		if (looped_apart[i] == number)
			return true;
	return false;
}
