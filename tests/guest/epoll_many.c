/*
 * A thousand watches: only ready ones are told, each once a call, and with few places in turn;
 * a limit on watches is not reached by a thousand.
 */
#include "epoll.h"

enum { COUNT = 1000, READY = 50 };

static int fds[COUNT];

int main(void)
{
	struct rlimit limit = { 2 * COUNT, 2 * COUNT };
	struct epoll_event events[COUNT];
	bool seen[COUNT] = { false };
	uint64_t one = 1;
	int epoll, seen_count = 0;

	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	epoll = epoll_make();
	for (int i = 0; i < COUNT; i++) {
		struct epoll_event event = { EPOLLIN, .data.u64 = 0x123456789abc0000ULL + i };

		fds[i] = MUST(eventfd(0, EFD_NONBLOCK));
		CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event), 0);
	}
	CHECK_EQ(epoll_wait(epoll, events, COUNT, 0), 0);
	for (int i = 0; i < READY; i++)
		CHECK_EQ(write(fds[i * 17], &one, 8), 8);
	CHECK_EQ(epoll_wait(epoll, events, COUNT, -1), READY);
	for (int i = 0; i < READY; i++) {
		CHECK_EQ(events[i].data.u64, 0x123456789abc0000ULL + i * 17);
		CHECK_EQ(events[i].events, EPOLLIN);
	}
	/* Seven at a time: each has its turn. */
	for (int round = 0; round < READY / 7 + 1; round++) {
		int got = epoll_wait(epoll, events, 7, -1);

		CHECK_EQ(got, 7);
		for (int i = 0; i < got; i++) {
			int which = (int)(events[i].data.u64 & 0xffff);

			if (!seen[which])
				seen_count++;
			seen[which] = true;
		}
	}
	CHECK_EQ(seen_count, READY);
	for (int i = 0; i < COUNT; i++)
		CHECK(close(fds[i]) == 0);
	CHECK_EQ(epoll_wait(epoll, events, COUNT, 0), 0);
	return 0;
}
