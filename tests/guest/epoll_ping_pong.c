/* Edge-triggered hand-over between two processes loses no wake-up, in either direction. */
#include "epoll.h"

static void loop(int in, int out, int rounds, bool first)
{
	int epoll = epoll_make();
	struct epoll_event event;
	uint64_t value = 1;

	ADD(epoll, in, EPOLLIN | EPOLLET);
	if (first)
		CHECK_EQ(write(out, &value, 8), 8);
	for (int i = 0; i < rounds; i++) {
		CHECK_EQ(epoll_wait(epoll, &event, 1, 10000), 1);
		CHECK_EQ(read(in, &value, 8), 8);
		CHECK_EQ(write(out, &value, 8), 8);
	}
}

int main(void)
{
	int a = MUST(eventfd(0, EFD_NONBLOCK)), b = MUST(eventfd(0, EFD_NONBLOCK));
	int rounds = scaled(5000);
	pid_t child = FORK();

	if (child == 0) {
		loop(a, b, rounds, false);
		_exit(0);
	}
	loop(b, a, rounds, true);
	CHECK_EQ(wait_exit_status(child), 0);
	return 0;
}
