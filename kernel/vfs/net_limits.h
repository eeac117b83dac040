/*
 * Limits of sockets that an administrator may change: what /proc/sys/net shows and net obeys, where
 * neither may know the other.
 */
#pragma once
#include "core/compiler.h"

enum net_limit {
	NET_SEND_BUFFER,	 /* net.core.wmem_default: bytes under way of a new socket */
	NET_SEND_BUFFER_MOST,	 /* net.core.wmem_max: what a program may ask for */
	NET_RECEIVE_BUFFER,	 /* net.core.rmem_default */
	NET_RECEIVE_BUFFER_MOST, /* net.core.rmem_max */
	NET_BACKLOG_MOST,	 /* net.core.somaxconn: connections that may wait at one socket */
	NET_DATAGRAMS,		 /* net.unix.max_dgram_qlen: datagrams that may wait at a new one */
	NET_LIMIT_COUNT
};

unsigned int net_limit(enum net_limit which);
/* Errors: -EINVAL (less than Linux takes). */
must_check int net_limit_set(enum net_limit which, int value);
