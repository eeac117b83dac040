/*
 * epoll(7).
 */
#pragma once
#include <stdint.h>

/* clang-format off */
#define EPOLL_CTL_ADD	1
#define EPOLL_CTL_DEL	2
#define EPOLL_CTL_MOD	3

/* Beside poll's bits. */
#define EPOLLEXCLUSIVE	(1u << 28)
#define EPOLLWAKEUP	(1u << 29)
#define EPOLLONESHOT	(1u << 30)
#define EPOLLET		(1u << 31)
/* clang-format on */

/* On i386 64-bit words in structures are aligned to four bytes. */
struct linux_epoll_event {
	uint32_t events;
	uint64_t data;
} __attribute__((__packed__, __aligned__(4)));

_Static_assert(sizeof(struct linux_epoll_event) == 12, "struct epoll_event of i386");
