/*
 * The limits of sockets. The default of buffers is Linux's on 64-bit machines; on i386 it has
 * 180,224, with which unix_bw_64k takes 2.4 % more instructions, because more threads sleep more
 * often.
 */
#include "vfs/net_limits.h"

#include <stdatomic.h>
#include "uapi/linux/errno.h"
#include "uapi/linux/socket.h"

#define BUFFER 212992u

static atomic_uint limits[NET_LIMIT_COUNT] = {
	[NET_SEND_BUFFER] = BUFFER,
	[NET_SEND_BUFFER_MOST] = BUFFER,
	[NET_RECEIVE_BUFFER] = BUFFER,
	[NET_RECEIVE_BUFFER_MOST] = BUFFER,
	[NET_BACKLOG_MOST] = SOMAXCONN,
	[NET_DATAGRAMS] = 10,
};

static const int least[NET_LIMIT_COUNT] = {
	[NET_SEND_BUFFER] = SOCKET_SEND_BUFFER_LEAST,
	[NET_SEND_BUFFER_MOST] = SOCKET_SEND_BUFFER_LEAST,
	[NET_RECEIVE_BUFFER] = SOCKET_RECEIVE_BUFFER_LEAST,
	[NET_RECEIVE_BUFFER_MOST] = SOCKET_RECEIVE_BUFFER_LEAST,
};

unsigned int net_limit(enum net_limit which)
{
	return atomic_load_explicit(&limits[which], memory_order_relaxed);
}

int net_limit_set(enum net_limit which, int value)
{
	if (value < least[which])
		return -EINVAL;
	atomic_store_explicit(&limits[which], (unsigned int)value, memory_order_relaxed);
	return 0;
}
