/*
 * Epolls that watch epolls: events travel up, poll() works on an epoll, circles and deep nests are
 * refused with ELOOP.
 */
#include "epoll.h"

static void travels_up(void)
{
	int fds[2], inner = epoll_make(), middle = epoll_make(), outer = epoll_make();
	struct pollfd poll_fd = { outer, POLLIN | POLLOUT, 0 };

	CHECK(pipe(fds) == 0);
	ADD(outer, middle, EPOLLIN);
	ADD(middle, inner, EPOLLIN | EPOLLET);
	ADD(inner, fds[0], EPOLLIN);
	CHECK_EQ(poll(&poll_fd, 1, 0), 0);
	put_byte(fds[1]);
	CHECK_EQ(poll(&poll_fd, 1, 0), 1);
	CHECK_EQ(poll_fd.revents, POLLIN);
	CHECK_EQ(epoll_now(outer, middle), EPOLLIN);
	CHECK_EQ(epoll_now(middle, inner), EPOLLIN);
	/* Told once; the outer one asks the middle one, which has nothing more to tell. */
	CHECK_EQ(epoll_now(middle, inner), 0);
	CHECK_EQ(epoll_now(outer, middle), 0);
	put_byte(fds[1]);
	CHECK_EQ(epoll_now(outer, middle), EPOLLIN);
	CHECK_EQ(epoll_now(inner, fds[0]), EPOLLIN);
	take_byte(fds[0]);
	take_byte(fds[0]);
	CHECK_EQ(epoll_now(outer, middle), 0);
	CHECK_EQ(epoll_now(inner, fds[0]), 0);

	/* And wakes a sleeper. */
	pid_t child = FORK();

	if (child == 0) {
		wait_until_blocked(getppid());
		put_byte(fds[1]);
		_exit(0);
	}
	poll_fd.fd = outer;
	CHECK_EQ(poll(&poll_fd, 1, 10000), 1);
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK(close(inner) == 0);
	CHECK_EQ(epoll_now(outer, middle), 0);
	CHECK(close(middle) == 0 && close(outer) == 0 && close(fds[0]) == 0 && close(fds[1]) == 0);
}

static void circles(void)
{
	int a = epoll_make(), b = epoll_make(), c = epoll_make();

	ADD(a, b, EPOLLIN);
	ADD(b, c, EPOLLIN);
	CHECK_ERRNO(epoll_do(c, EPOLL_CTL_ADD, a, EPOLLIN), ELOOP);
	CHECK_ERRNO(epoll_do(b, EPOLL_CTL_ADD, a, EPOLLIN), ELOOP);
	DELETE(a, b);
	ADD(c, a, EPOLLIN);
	CHECK(close(a) == 0 && close(b) == 0 && close(c) == 0);
}

/* From the bottom up, and from the top down. */
static void deep(bool up)
{
	int chain[8], length = 1;

	for (int i = 0; i < 8; i++)
		chain[i] = epoll_make();
	for (; length < 8; length++) {
		int outer = chain[up ? length : length - 1];
		int inner = chain[up ? length - 1 : length];

		if (epoll_do(outer, EPOLL_CTL_ADD, inner, EPOLLIN) < 0) {
			CHECK_EQ(errno, ELOOP);
			break;
		}
	}
	CHECK_EQ(length, 5);
	for (int i = 0; i < 8; i++)
		CHECK(close(chain[i]) == 0);
}

/* More than 500 ways of length two from one file are too many. */
static void wide(void)
{
	int event = MUST(eventfd(0, 0)), middle = epoll_make(), count = 0;
	static int outer[600];

	ADD(middle, event, EPOLLIN);
	for (; count < 600; count++) {
		outer[count] = epoll_make();
		if (epoll_do(outer[count], EPOLL_CTL_ADD, middle, EPOLLIN) < 0) {
			CHECK_EQ(errno, EINVAL);
			break;
		}
	}
	CHECK_EQ(count, 500);
	for (int i = 0; i <= count; i++)
		CHECK(close(outer[i]) == 0);
	CHECK(close(middle) == 0 && close(event) == 0);
}

int main(void)
{
	travels_up();
	circles();
	deep(true);
	deep(false);
	wide();
	return 0;
}
