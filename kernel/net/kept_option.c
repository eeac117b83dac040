/*
 * Options of the level SOL_SOCKET that only networks heed: which device, how fast, who polls it.
 *
 * Linux takes them on any socket, checks them, and gives back what was set to whoever asks; so do
 * we, since programs set them before they look what kind of socket it is. They have no effect on a
 * local socket there either.
 *
 * Each is one number. It is kept as its difference (by exclusive or) from what a new socket has, so
 * that the zeroed memory of a new one is right.
 */
#include "lib/min_max.h"
#include "net/socket.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"

enum kept_rule {
	RAISING_IS_PRIVILEGED = 1 << 0,	/* CAP_NET_ADMIN; -EPERM comes before -EINVAL */
	LEAVING_IS_PRIVILEGED = 1 << 1,	/* CAP_NET_RAW, once it is not 0 */
	IS_SWITCH = 1 << 2,		/* any value but 0 means 1 */
	IS_SECRET = 1 << 3,		/* Linux does not tell it */
	LESS_THAN_0_RAISES = 1 << 4,	/* it is compared without a sign */
};

static const struct kept_option {
	int name, least, most, initial;
	unsigned int rules;
} options[SOCKET_KEPT_COUNT] = {
	{ SO_BUSY_POLL, 0, INT32_MAX, 0, RAISING_IS_PRIVILEGED | LESS_THAN_0_RAISES },
	{ SO_PREFER_BUSY_POLL, 0, 1, 0, RAISING_IS_PRIVILEGED | IS_SWITCH },
	{ SO_BUSY_POLL_BUDGET, 0, UINT16_MAX, 0, RAISING_IS_PRIVILEGED | IS_SECRET },
	{ SO_MAX_PACING_RATE, INT32_MIN, INT32_MAX, -1, 0 },
	{ SO_INCOMING_CPU, INT32_MIN, INT32_MAX, -1, 0 },
	{ SO_BINDTOIFINDEX, 0, INT32_MAX, 0, LEAVING_IS_PRIVILEGED },
	{ SO_TXREHASH, -1, 1, 0, 0 },
};

static const struct kept_option *find(int name, unsigned int *place)
{
	for (*place = 0; *place < SOCKET_KEPT_COUNT; ++*place) {
		if (options[*place].name == name)
			return &options[*place];
	}
	return NULL;
}

static int kept(struct socket *socket, unsigned int place)
{
	return atomic_load_explicit(&socket->kept[place], memory_order_relaxed) ^
	       options[place].initial;
}

int socket_get_kept(struct socket *socket, int name, int *out)
{
	unsigned int place;
	const struct kept_option *option = find(name, &place);

	if (!option || (option->rules & IS_SECRET))
		return -ENOPROTOOPT;
	*out = kept(socket, place);
	return 0;
}

int socket_set_kept(struct socket *socket, int name, int value,
		    const struct credentials *credentials)
{
	unsigned int place;
	const struct kept_option *option = find(name, &place);
	bool raises;

	if (!option)
		return -ENOPROTOOPT;
	if (option->rules & IS_SWITCH)
		value = value != 0;
	raises = value > kept(socket, place) ||
		 ((option->rules & LESS_THAN_0_RAISES) && value < 0);
	if ((option->rules & RAISING_IS_PRIVILEGED) && raises &&
	    !credentials_capable(credentials, CAP_NET_ADMIN))
		return -EPERM;
	if ((option->rules & LEAVING_IS_PRIVILEGED) && kept(socket, place) &&
	    !credentials_capable(credentials, CAP_NET_RAW))
		return -EPERM;
	if (value < option->least || value > option->most)
		return -EINVAL;
	/* -1 asks for the system's choice: what is sent again may take another way. */
	if (name == SO_TXREHASH && value == -1)
		value = 1;
	atomic_store_explicit(&socket->kept[place], value ^ option->initial, memory_order_relaxed);
	return 0;
}

/* ---- when something was sent ----------------------------------------------------------------- */

int socket_set_stamping(struct socket *socket, unsigned int flags)
{
	if (flags & ~(unsigned int)SOF_TIMESTAMPING_MASK)
		return -EINVAL;
	/* Statistics come instead of the packet only; of a clock there is no device to have one. */
	if ((flags & SOF_TIMESTAMPING_OPT_STATS) && !(flags & SOF_TIMESTAMPING_OPT_TSONLY))
		return -EINVAL;
	if (flags & SOF_TIMESTAMPING_BIND_PHC)
		return -EOPNOTSUPP;
	atomic_store_explicit(&socket->stamping, flags, memory_order_relaxed);
	return 0;
}

int socket_set_send_time(struct socket *socket, int clock, unsigned int flags,
			 const struct credentials *credentials)
{
	if (flags & ~(unsigned int)SOF_TXTIME_FLAGS)
		return -EINVAL;
	if (clock != 1 /* CLOCK_MONOTONIC */ && !credentials_capable(credentials, CAP_NET_ADMIN))
		return -EPERM;
	spin_lock(&socket->lock);
	socket->send_clock = clock;
	socket->send_clock_flags = flags;
	spin_unlock(&socket->lock);
	return 0;
}

void socket_get_send_time(struct socket *socket, int *clock, unsigned int *flags)
{
	spin_lock(&socket->lock);
	*clock = socket->send_clock;
	*flags = socket->send_clock_flags;
	spin_unlock(&socket->lock);
}
