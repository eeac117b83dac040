/* One event wakes one of several epolls that watch exclusively, and all of those that do not. */
#include "epoll.h"

enum { WAITERS = 4 };

static int woken_by_one_event(uint32_t flags)
{
	int fd = MUST(eventfd(0, 0)), woken = 0, ready[2];
	pid_t children[WAITERS];
	uint64_t one = 1;
	char byte;

	CHECK(pipe(ready) == 0);
	for (int i = 0; i < WAITERS; i++) {
		children[i] = FORK();
		if (children[i] == 0) {
			int epoll = epoll_make();
			struct epoll_event event;

			ADD(epoll, fd, EPOLLIN | flags);
			CHECK_EQ(epoll_wait(epoll, &event, 1, -1), 1);
			put_byte(ready[1]);
			pause();
		}
	}
	for (int i = 0; i < WAITERS; i++)
		wait_until_blocked(children[i]);
	CHECK_EQ(write(fd, &one, 8), 8);
	CHECK_EQ(read(ready[0], &byte, 1), 1);
	for (int i = 0; i < WAITERS; i++)
		wait_until_blocked(children[i]);
	CHECK_EQ(fcntl(ready[0], F_SETFL, O_NONBLOCK), 0);
	for (woken = 1; read(ready[0], &byte, 1) == 1;)
		woken++;
	for (int i = 0; i < WAITERS; i++)
		kill_and_reap(children[i]);
	CHECK(close(fd) == 0 && close(ready[0]) == 0 && close(ready[1]) == 0);
	return woken;
}

int main(void)
{
	CHECK_EQ(woken_by_one_event(EPOLLEXCLUSIVE), 1);
	CHECK_EQ(woken_by_one_event(0), WAITERS);
	return 0;
}
