/* Waiting on a hundred pipes: poll, select and epoll. */
#include "yardstick.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

enum { PIPES = 100, WORDS = 32, EPOLL_ADD = 1 };

static int pipes[PIPES][2];

static void close_pipes(unsigned int count)
{
	while (count-- > 0) {
		call1(NR_CLOSE, pipes[count][0]);
		call1(NR_CLOSE, pipes[count][1]);
	}
}

static int open_pipes(void)
{
	for (unsigned int i = 0; i < PIPES; i++) {
		int error = step("pipe", call1(NR_PIPE, (long)pipes[i]));

		if (error < 0) {
			close_pipes(i);
			return error;
		}
	}
	return 0;
}

static void make_last_ready(void)
{
	call3(NR_WRITE, pipes[PIPES - 1][1], (long)"x", 1);
}

/* Close the pipes, and judge what the first call said. */
static int conclude(const char *name, long found, long expected)
{
	close_pipes(PIPES);
	if (found < 0)
		return step(name, found);
	return found == expected ? 0 : step("wrong-answer", -EIO);
}

static int poll_pipes(unsigned int count, int ready)
{
	struct pollfd entries[PIPES];
	long timeout = ready ? -1 : 0;
	long found;
	int error = open_pipes();

	if (error)
		return error;
	for (unsigned int i = 0; i < PIPES; i++)
		entries[i] = (struct pollfd){ .fd = pipes[i][0], .events = POLLIN };
	if (ready)
		make_last_ready();
	found = call3(NR_POLL, (long)entries, PIPES, timeout);
	if (found >= 0) {
		start();
		while (count--)
			call3(NR_POLL, (long)entries, PIPES, timeout);
		stop();
	}
	return conclude("poll", found, ready);
}

static int poll_idle(unsigned int count)
{
	return poll_pipes(count, 0);
}

static int poll_ready(unsigned int count)
{
	return poll_pipes(count, 1);
}

static int select_pipes(unsigned int count, int ready)
{
	unsigned long wanted[WORDS] = { 0 }, set[WORDS];
	long zero[2] = { 0, 0 };
	long timeout = ready ? 0 : (long)zero;
	long found;
	int limit = 0;
	int error = open_pipes();

	if (error)
		return error;
	for (unsigned int i = 0; i < PIPES; i++) {
		int fd = pipes[i][0];

		wanted[fd / 32] |= 1ul << (fd % 32);
		if (fd >= limit)
			limit = fd + 1;
	}
	if (ready)
		make_last_ready();
	memcpy(set, wanted, sizeof(set));
	found = call5(NR_SELECT, limit, (long)set, 0, 0, timeout);
	if (found >= 0) {
		start();
		while (count--) {
			memcpy(set, wanted, sizeof(set));
			zero[0] = zero[1] = 0;
			call5(NR_SELECT, limit, (long)set, 0, 0, timeout);
		}
		stop();
	}
	return conclude("select", found, ready);
}

static int select_idle(unsigned int count)
{
	return select_pipes(count, 0);
}

static int select_ready(unsigned int count)
{
	return select_pipes(count, 1);
}

struct epoll_entry {
	uint32_t events;
	uint64_t data;
} __attribute__((packed));

static int epoll_pipes(unsigned int count)
{
	struct epoll_entry entry = { .events = POLLIN }, ready[8] = { 0 };
	long epoll = call1(NR_EPOLL_CREATE1, 0);
	long found = 0;
	int error;

	if (epoll == -ENOSYS)
		epoll = call1(NR_EPOLL_CREATE, PIPES);
	if (epoll < 0)
		return step("epoll_create", epoll);
	error = open_pipes();
	if (error)
		return error;
	for (unsigned int i = 0; i < PIPES && found >= 0; i++) {
		entry.data = i;
		found = call4(NR_EPOLL_CTL, epoll, EPOLL_ADD, pipes[i][0], (long)&entry);
	}
	if (found >= 0) {
		make_last_ready();
		found = call4(NR_EPOLL_WAIT, epoll, (long)ready, 8, -1);
	}
	if (found >= 0) {
		start();
		while (count--)
			call4(NR_EPOLL_WAIT, epoll, (long)ready, 8, -1);
		stop();
	}
	call1(NR_CLOSE, epoll);
	if (found == 1 && ready[0].data != PIPES - 1)
		found = 0;
	return conclude("epoll", found, 1);
}

const struct benchmark wait_benchmarks[] = {
	{ "poll_100", poll_idle, 10, 1u << 24, "call, none ready, timeout 0" },
	{ "poll_100_ready", poll_ready, 10, 1u << 24, "call, last ready, no timeout" },
	{ "select_100", select_idle, 10, 1u << 24, "call, none ready, timeout 0" },
	{ "select_100_ready", select_ready, 10, 1u << 24, "call, last ready, no timeout" },
	{ "epoll_100", epoll_pipes, 100, 1u << 30, "epoll_wait, 1 of 100 ready" },
	{ 0 },
};
