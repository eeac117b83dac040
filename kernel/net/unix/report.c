/*
 * All local sockets, and what /proc/net/unix tells of them.
 *
 * The list is walked one socket at a time, each with a reference while its line is made: a socket
 * stays on the list until it is destroyed, so one with a reference still has a successor.
 */
#include "lib/string.h"
#include "net/unix/internal.h"
#include "vfs/report.h"

/* Linux's states of struct socket, and its flag for listening ones. */
enum { SS_UNCONNECTED = 1, SS_CONNECTING = 2, SS_CONNECTED = 3, SS_DISCONNECTING = 4 };
enum { FLAG_LISTENING = 1 << 16 };

static struct spinlock all_lock = SPINLOCK_INIT(LOCK_RANK_SOCKET_NAMES, "all local sockets");
static struct list all_sockets = LIST_INIT(all_sockets); /* [all_lock] eldest first */

void unix_report_add(struct unix_socket *socket)
{
	spin_lock(&all_lock);
	list_add_tail(&all_sockets, &socket->all_node);
	spin_unlock(&all_lock);
}

void unix_report_remove(struct unix_socket *socket)
{
	spin_lock(&all_lock);
	list_remove(&socket->all_node);
	spin_unlock(&all_lock);
}

/* The one behind `socket` (NULL: the first) that is not about to be destroyed, referenced. */
static struct unix_socket *get_next(struct unix_socket *socket)
{
	struct unix_socket *next;

	spin_lock(&all_lock);
	next = socket ? list_next_entry(&all_sockets, socket, all_node)
		      : list_first_entry(&all_sockets, struct unix_socket, all_node);
	while (next && !refcount_try_get(&next->base.references))
		next = list_next_entry(&all_sockets, next, all_node);
	spin_unlock(&all_lock);
	return next;
}

static unsigned int linux_state(const struct unix_socket *socket)
{
	bool is_connected = socket_state(&socket->base) == SOCKET_CONNECTED;

	if (socket->base.file)
		return is_connected ? SS_CONNECTED : SS_UNCONNECTED;
	return is_connected ? SS_CONNECTING : SS_DISCONNECTING;
}

/* A path as it is; an abstract name with @ for NUL. */
static void print_name(struct report_sink *sink, const struct unix_name *name)
{
	char text[UNIX_PATH_MAX + 1];
	size_t length = name->size - UNIX_ADDRESS_HEAD;
	bool is_path = name->bytes[UNIX_ADDRESS_HEAD] != '\0';

	if (is_path)
		length--;
	for (size_t i = 0; i < length; i++) {
		char byte = (char)name->bytes[UNIX_ADDRESS_HEAD + i];

		text[i] = byte ? byte : '@';
	}
	text[length] = '\0';
	report_print(sink, " %s", text);
}

static void print_socket(struct report_sink *sink, struct unix_socket *socket)
{
	const struct unix_name *name = atomic_load_explicit(&socket->name, memory_order_acquire);
	unsigned int flags = socket_state(&socket->base) == SOCKET_LISTENING ? FLAG_LISTENING : 0;

	/* One reference is ours. */
	report_print(sink, "%08x: %08X %08X %08X %04X %02X %5llu", 0u,
		     (unsigned int)refcount_read(&socket->base.references) - 1, 0u, flags,
		     socket->base.type, linux_state(socket),
		     (unsigned long long)socket->base.number);
	if (name)
		print_name(sink, name);
	report_print(sink, "\n");
}

static void show(struct report_sink *sink)
{
	struct unix_socket *socket = NULL;

	report_print(sink, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	for (;;) {
		struct unix_socket *next = get_next(socket);

		if (socket)
			unix_put(socket);
		socket = next;
		if (!socket)
			return;
		print_socket(sink, socket);
	}
}

void unix_report_init(void)
{
	report_register(REPORT_NET_UNIX, show);
}
