/*
 * AF_UNIX: sockets between processes of one machine.
 */
#pragma once
#include "net/socket.h"

extern const struct socket_family unix_family;
void unix_init(void);
