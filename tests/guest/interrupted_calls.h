/*
 * Calls that block, each with what must be there before and what lets it end; tests of how signals
 * interrupt them go through this list.
 *
 * A helper process, the child, does what has to be done from outside: it watches until the parent
 * sleeps, sends it the signal, and lets the call end. The child is also what wait4() waits for.
 */
#pragma once
#include "check.h"
#include <linux/futex.h>
#include <sys/file.h>
#include <sys/select.h>

#define INTERRUPT_SIGNAL SIGUSR1

static int blocked_pipe[2];		/* empty */
static int full_pipe[2];		/* full */
static int locked_fd;		/* a file that the child has locked, opened anew */
static volatile int *futex_word;	/* 0 until the call may end */
static volatile int *handled;		/* how many signals the parent has handled */
static pid_t helper;

static inline void count_signal(int signal)
{
	(void)signal;
	__atomic_add_fetch(handled, 1, __ATOMIC_SEQ_CST);
}

static long call_read(void)
{
	char byte;

	return read(blocked_pipe[0], &byte, 1);
}

static long call_readv(void)
{
	char bytes[2];
	struct iovec parts[2] = { { bytes, 1 }, { bytes + 1, 1 } };

	return readv(blocked_pipe[0], parts, 2);
}

static void finish_read(void)
{
	CHECK(write(blocked_pipe[1], "x", 1) == 1);
}

static long call_write(void)
{
	return write(full_pipe[1], "y", 1);
}

static void finish_write(void)
{
	char bytes[PAGE];

	CHECK(read(full_pipe[0], bytes, sizeof(bytes)) > 0);
}

static long call_wait4(void)
{
	return waitpid(helper, NULL, 0);
}

static long call_waitid(void)
{
	siginfo_t info;

	return waitid(P_PID, helper, &info, WEXITED);
}

static void finish_wait(void)
{
	_exit(0);
}

static long call_open_fifo(void)
{
	int fd = open("fifo", O_RDONLY);

	if (fd >= 0)
		close(fd);
	return fd;
}

static void finish_open_fifo(void)
{
	CHECK(open("fifo", O_WRONLY) >= 0);
}

static long call_flock(void)
{
	return flock(locked_fd, LOCK_EX);
}

static long call_fcntl_lock(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(locked_fd, F_SETLKW, &lock);
}

static void finish_lock(void)
{
	_exit(0);
}

static long call_futex(void)
{
	return syscall(SYS_futex, futex_word, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static void finish_futex(void)
{
	*futex_word = 1;
	syscall(SYS_futex, futex_word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static long call_pause(void)
{
	return pause();
}

static long call_sigsuspend(void)
{
	sigset_t none;

	sigemptyset(&none);
	return sigsuspend(&none);
}

static long call_sigtimedwait(void)
{
	struct timespec timeout = { 100, 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	return sigtimedwait(&set, NULL, &timeout);
}

static long call_nanosleep(void)
{
	struct timespec time = { 100, 0 }, left = { 0, 0 };
	int result = nanosleep(&time, &left);
	int error = errno;

	if (result < 0)
		CHECK(left.tv_sec >= 80 && left.tv_sec <= 100);
	errno = error;
	return result;
}

static long call_clock_nanosleep(void)
{
	struct timespec time;
	int error;

	CHECK(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
	time.tv_sec += 100;
	error = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
	errno = error;
	return error ? -1 : 0;
}

static long call_poll(void)
{
	struct pollfd fd = { blocked_pipe[0], POLLIN, 0 };

	return poll(&fd, 1, 100000);
}

static long call_ppoll(void)
{
	struct pollfd fd = { blocked_pipe[0], POLLIN, 0 };

	return ppoll(&fd, 1, NULL, NULL);
}

static long call_select(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(blocked_pipe[0], &set);
	return select(blocked_pipe[0] + 1, &set, NULL, NULL, NULL);
}

static long call_pselect(void)
{
	struct timespec timeout = { 100, 0 };

	return pselect(0, NULL, NULL, NULL, &timeout, NULL);
}

struct blocking_call {
	const char *name;
	long (*call)(void);
	void (*finish)(void);	/* in the child; NULL: with SA_RESTART too the call is EINTR */
};

static const struct blocking_call blocking_calls[] = {
	{ "read", call_read, finish_read },
	{ "readv", call_readv, finish_read },
	{ "write", call_write, finish_write },
	{ "wait4", call_wait4, finish_wait },
	{ "waitid", call_waitid, finish_wait },
	{ "open of a FIFO", call_open_fifo, finish_open_fifo },
	{ "flock", call_flock, finish_lock },
	{ "fcntl(F_SETLKW)", call_fcntl_lock, finish_lock },
	{ "futex", call_futex, finish_futex },
	{ "pause", call_pause, NULL },
	{ "sigsuspend", call_sigsuspend, NULL },
	{ "sigtimedwait", call_sigtimedwait, NULL },
	{ "nanosleep", call_nanosleep, NULL },
	{ "clock_nanosleep", call_clock_nanosleep, NULL },
	{ "poll", call_poll, NULL },
	{ "ppoll", call_ppoll, NULL },
	{ "select", call_select, NULL },
	{ "pselect", call_pselect, NULL },
};

static inline void fill_pipe(int fd)
{
	char bytes[PAGE] = { 0 };
	int flags = fcntl(fd, F_GETFL);

	CHECK(fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0);
	while (write(fd, bytes, sizeof(bytes)) > 0)
		;
	while (write(fd, bytes, 1) > 0)
		;
	CHECK_EQ(errno, EAGAIN);
	CHECK(fcntl(fd, F_SETFL, flags) == 0);
}

static inline void prepare_blocking_calls(void)
{
	CHECK(pipe(blocked_pipe) == 0);
	CHECK(pipe(full_pipe) == 0);
	fill_pipe(full_pipe[1]);
	CHECK(mkfifo("fifo", 0666) == 0);
	make_file("locked", "x");
	locked_fd = MUST(open("locked", O_RDWR));
	futex_word = shared_memory(PAGE);
	handled = futex_word + 1;
}

/* In the helper: take both kinds of lock on the file, for as long as the helper lives. */
static inline void hold_locks(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = MUST(open("locked", O_RDWR));

	CHECK(flock(fd, LOCK_EX) == 0);
	CHECK(fcntl(fd, F_SETLK, &lock) == 0);
}
