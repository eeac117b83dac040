/* Short words for the epoll tests. */
#pragma once
#include "check.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>

static inline int epoll_make(void)
{
	return MUST(epoll_create1(EPOLL_CLOEXEC));
}

static inline int epoll_do(int epoll, int operation, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(epoll, operation, fd, &event);
}

#define ADD(epoll, fd, events)	  CHECK_EQ(epoll_do(epoll, EPOLL_CTL_ADD, fd, events), 0)
#define MODIFY(epoll, fd, events) CHECK_EQ(epoll_do(epoll, EPOLL_CTL_MOD, fd, events), 0)
#define DELETE(epoll, fd)	  CHECK_EQ(epoll_do(epoll, EPOLL_CTL_DEL, fd, 0), 0)

/* One event now: its bits if it is `fd`'s, 0 if there is none. */
static inline uint32_t epoll_now(int epoll, int fd)
{
	struct epoll_event event;
	int count = epoll_wait(epoll, &event, 1, 0);

	CHECK(count >= 0);
	if (count == 1)
		CHECK_EQ(event.data.fd, fd);
	return count ? event.events : 0;
}

static inline void put_byte(int fd)
{
	CHECK_EQ(write(fd, "x", 1), 1);
}

static inline void take_byte(int fd)
{
	char byte;

	CHECK_EQ(read(fd, &byte, 1), 1);
}
