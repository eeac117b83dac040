/*
 * Rights: open files on their way through a socket (SCM_RIGHTS).
 */
#pragma once
#include <stdbool.h>
#include "core/compiler.h"
#include "lib/list.h"

struct file;
struct packet;
struct unix_socket;
struct user_count;

/*
 * A set of files, each referenced. It belongs to whoever holds it: the sender, then the message it
 * travels with, then the receiver. While it travels, net/unix/in_flight.c keeps its books in it.
 */
struct socket_rights {
	unsigned int count, capacity;
	struct user_count *payer;	/* in flight: who sent it; reference. Else NULL */
	struct list_node node;		/* [in-flight lock] in the socket that will receive it */
	struct packet *packet;		/* [in-flight lock] that carries it */
	struct unix_socket *receiver;	/* [in-flight lock] whose queue it is for, if noted */
	bool is_noted;			/* [in-flight lock] there are sockets among the files */
	struct file *files[];
};

/* Room for `capacity` files. NULL: no memory. */
struct socket_rights *socket_rights_create(unsigned int capacity);
/* The same files, referenced once more. NULL: no memory. May be called under a spinlock. */
struct socket_rights *socket_rights_copy(const struct socket_rights *rights);
/*
 * Drop the files and the set; NULL is ignored. May sleep. However deep sockets lie in sockets, the
 * stack does not grow: what comes up while this thread is dropping waits for its turn.
 */
void socket_rights_drop(struct socket_rights *rights);
