/*
 * epoll_wait and its kin wait as long as told, take a signal mask, and are interrupted, never
 * restarted; events win over the end of time.
 */
#include "epoll.h"

static volatile int handled;

static void handler(int signal)
{
	handled = signal;
}

int main(void)
{
	int epoll = epoll_make(), fds[2];
	struct timespec precise = { 0, 30000000 };
	long long start;
	struct epoll_event event;
	sigset_t mask;

	CHECK(pipe(fds) == 0);
	ADD(epoll, fds[0], EPOLLIN);
	start = now_ns();
	CHECK_EQ(epoll_wait(epoll, &event, 1, 30), 0);
	CHECK(now_ns() - start >= 30000000);
	start = now_ns();
	CHECK_EQ(epoll_pwait2(epoll, &event, 1, &precise, NULL), 0);
	CHECK(now_ns() - start >= 30000000);
	CHECK_EQ(precise.tv_nsec, 30000000);

	/* SA_RESTART or not: EINTR. */
	handle_signal(SIGUSR1, handler, SA_RESTART);
	pid_t child = FORK();

	if (child == 0) {
		wait_until_blocked(getppid());
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	CHECK_ERRNO(epoll_wait(epoll, &event, 1, 10000), EINTR);
	CHECK_EQ(handled, SIGUSR1);
	CHECK_EQ(wait_exit_status(child), 0);

	/* A pending signal is let in by the mask, and the old mask is back afterwards. */
	handled = 0;
	block_signal(SIGUSR1);
	CHECK(raise(SIGUSR1) == 0);
	sigemptyset(&mask);
	CHECK_ERRNO(epoll_pwait(epoll, &event, 1, 10000, &mask), EINTR);
	CHECK_EQ(handled, SIGUSR1);
	handled = 0;
	CHECK(raise(SIGUSR1) == 0);
	CHECK(signal_is_pending(SIGUSR1));
	CHECK_EQ(epoll_wait(epoll, &event, 1, 1), 0);
	CHECK_EQ(handled, 0);
	/* An event is told, and the handler has run too or is still to come. */
	put_byte(fds[1]);
	CHECK_EQ(epoll_pwait(epoll, &event, 1, 10000, &mask), 1);
	unblock_signal(SIGUSR1);
	CHECK_EQ(handled, SIGUSR1);
	return 0;
}
