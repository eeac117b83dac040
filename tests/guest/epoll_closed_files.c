/*
 * A watch lives as long as the open file description: closing one of two descriptors leaves it,
 * the last one takes it away; a number that is used again is another watch.
 */
#include "epoll.h"

int main(void)
{
	int epoll = epoll_make(), fds[2], copy, number;
	struct epoll_event events[4];
	char text[512];

	CHECK(pipe(fds) == 0);
	copy = MUST(dup(fds[0]));
	put_byte(fds[1]);
	ADD(epoll, fds[0], EPOLLIN);
	ADD(epoll, copy, EPOLLIN);
	CHECK_EQ(epoll_wait(epoll, events, 4, 0), 2);
	DELETE(epoll, copy);
	CHECK_EQ(epoll_now(epoll, fds[0]), EPOLLIN);
	number = fds[0];
	CHECK(close(number) == 0);
	/* The description lives on under the other number. */
	CHECK_EQ(epoll_now(epoll, number), EPOLLIN);
	CHECK_ERRNO(epoll_do(epoll, EPOLL_CTL_DEL, number, 0), EBADF);
	CHECK_ERRNO(epoll_do(epoll, EPOLL_CTL_DEL, copy, 0), ENOENT);
	CHECK(close(copy) == 0);
	CHECK_EQ(epoll_wait(epoll, events, 4, 0), 0);

	/* The same number, another file. */
	CHECK_EQ(dup2(MUST(eventfd(1, 0)), number), number);
	CHECK_EQ(epoll_wait(epoll, events, 4, 0), 0);
	ADD(epoll, number, EPOLLIN);
	CHECK_EQ(epoll_now(epoll, number), EPOLLIN);

	/* A child's close does not matter, its DEL does: the epoll is shared. */
	pid_t child = FORK();

	if (child == 0) {
		close(number);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(epoll_now(epoll, number), EPOLLIN);
	child = FORK();
	if (child == 0) {
		DELETE(epoll, number);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(epoll_now(epoll, number), 0);
	char place[64];
	ssize_t length;

	snprintf(place, sizeof(place), "/proc/self/fd/%d", epoll);
	length = MUST(readlink(place, text, sizeof(text) - 1));

	text[length] = 0;
	CHECK(strcmp(text, "anon_inode:[eventpoll]") == 0);
	return 0;
}
