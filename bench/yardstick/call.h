/*
 * System calls by `int $0x80`, without the C library: numbers, and a function for each count of
 * arguments. Results are the kernel's own: negative ones are -errno.
 */
#pragma once

enum {
	NR_EXIT = 1, NR_FORK = 2, NR_READ = 3, NR_WRITE = 4, NR_OPEN = 5, NR_CLOSE = 6,
	NR_UNLINK = 10, NR_EXECVE = 11, NR_CHDIR = 12, NR_LSEEK = 19, NR_GETPID = 20,
	NR_KILL = 37, NR_MKDIR = 39, NR_RMDIR = 40, NR_DUP = 41, NR_PIPE = 42, NR_BRK = 45,
	NR_IOCTL = 54, NR_GETPPID = 64, NR_GETTIMEOFDAY = 78, NR_MUNMAP = 91, NR_FTRUNCATE =
	93, NR_SOCKETCALL = 102, NR_WAIT4 = 114, NR_SYSINFO = 116, NR_CLONE = 120,
	NR_MPROTECT = 125, NR_SELECT = 142, NR_SCHED_YIELD = 158, NR_NANOSLEEP = 162,
	NR_POLL = 168, NR_RT_SIGACTION = 174, NR_RT_SIGPROCMASK = 175, NR_PREAD64 = 180,
	NR_GETCWD = 183, NR_MMAP2 = 192, NR_STAT64 = 195, NR_GETDENTS64 = 220,
	NR_FCNTL64 = 221, NR_FUTEX =
	240, NR_EPOLL_CREATE = 254, NR_EPOLL_CTL = 255, NR_EPOLL_WAIT = 256,
	NR_CLOCK_GETTIME = 265, NR_EPOLL_CREATE1 = 329, NR_SOCKETPAIR = 360, NR_STATX = 383,
	NR_CLOCK_GETTIME64 = 403,
};

static inline long call0(long number)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "0"(number) : "memory");
	return result;
}

static inline long call1(long number, long a)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "0"(number), "b"(a) : "memory");
	return result;
}

static inline long call2(long number, long a, long b)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "0"(number), "b"(a), "c"(b) : "memory");
	return result;
}

static inline long call3(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "0"(number), "b"(a), "c"(b), "d"(c)
			 : "memory");
	return result;
}

static inline long call4(long number, long a, long b, long c, long d)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "0"(number), "b"(a), "c"(b), "d"(c), "S"(d)
			 : "memory");
	return result;
}

static inline long call5(long number, long a, long b, long c, long d, long e)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "0"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory");
	return result;
}

/* The sixth argument travels in EBP, which the compiler may be using: in call.S. */
long call6(long number, long a, long b, long c, long d, long e, long f);

/*
 * clone() with these flags; the new thread runs `entry` on the stack that ends at `stack_end`, then
 * exits. *tid is set to its number, and to 0 with a futex wake when it is gone, as the flags say.
 * Returns its number or -errno.
 */
long thread_start(long flags, void *stack_end, void (*entry)(void), int *tid);

/* A call without arguments through the kernel's own entry for user programs (AT_SYSINFO). */
long call0_by_entry(long number, unsigned long entry);
