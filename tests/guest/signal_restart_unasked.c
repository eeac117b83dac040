/*
 * restart_syscall(2), called by a program that has nothing to go on with, is EINTR: after a call
 * that came to its end, after one that a handler interrupted, and after exec. The ended call's
 * arguments, long reused, are not touched.
 */
#include <poll.h>
#include <sys/syscall.h>
#include <time.h>
#include "check.h"

static void handler(int signal)
{
	(void)signal;
}

static void poll_once(int fd)
{
	struct pollfd entry = { .fd = fd, .events = POLLIN };

	CHECK_EQ(poll(&entry, 1, 1), 0);
}

/* Where the array of poll_once() was, unless the compiler thinks otherwise. */
static void restart_over_old_stack(void)
{
	volatile uint32_t words[64];

	for (int i = 0; i < 64; i++)
		words[i] = 0x11111111;
	CHECK_ERRNO(syscall(SYS_restart_syscall), EINTR);
	for (int i = 0; i < 64; i++)
		CHECK_EQ(words[i], 0x11111111);
}

int main(int argc, char **argv)
{
	struct timespec long_time = { 5, 0 }, left;
	struct timespec short_time = { 0, 1000 };
	int fds[2];

	CHECK_ERRNO(syscall(SYS_restart_syscall), EINTR);
	if (argc > 1)
		return 0;

	CHECK(pipe(fds) == 0);
	poll_once(fds[0]);
	restart_over_old_stack();

	CHECK(nanosleep(&short_time, NULL) == 0);
	CHECK_ERRNO(syscall(SYS_restart_syscall), EINTR);

	handle_signal(SIGALRM, handler, 0);
	alarm(1);
	CHECK_ERRNO(nanosleep(&long_time, &left), EINTR);
	CHECK_ERRNO(syscall(SYS_restart_syscall), EINTR);

	CHECK(execl("/proc/self/exe", argv[0], "again", NULL) == 0);
	return 1;
}
