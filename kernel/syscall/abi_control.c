/*
 * Control messages: what sendmsg and recvmsg carry beside the bytes, in Linux's form.
 *
 * The program's buffer is copied in once and then parsed. Descriptors become files as soon as they
 * are read; received files become descriptors one by one, as many as have room in the buffer and in
 * the table; the others are dropped and MSG_CTRUNC says so.
 */
#include "arch/user_copy.h"
#include "lib/math64.h"
#include "lib/min_max.h"
#include "mem/kmalloc.h"
#include "net/rights.h"
#include "proc/process.h"
#include "syscall/socket_internal.h"
#include "syscall/sys_internal.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"

enum {
	CONTROL_MAX = 20480,	/* net.core.optmem_max */
	CONTROL_ON_STACK = 64,
	HEAD = sizeof(struct linux_cmsghdr),
	NS_PER_SECOND = 1000000000,
	NS_PER_MICROSECOND = 1000,
};

/* ---- sending --------------------------------------------------------------------------------- */

/*
 * Descriptors of one message, added to those of earlier ones. `total`: bytes of all control data.
 */
static int add_rights(struct socket_control *out, const int32_t *fds, size_t count, size_t total)
{
	struct fd_table *table = user_thread_current()->fds;
	struct socket_rights *rights = out->rights;

	if (count == 0)
		return 0;
	if (count > SCM_MAX_FD)
		return -EINVAL;
	if (!rights) {
		rights = socket_rights_create(
			(unsigned int)min(total / sizeof(*fds), (size_t)SCM_MAX_FD));
		if (!rights)
			return -ENOMEM;
		out->rights = rights;
	}
	if (count > rights->capacity - rights->count)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		struct file *file = fd_table_get(table, fds[i]);

		if (!file)
			return -EBADF;
		rights->files[rights->count++] = file;
	}
	return 0;
}

static bool may_claim_uid(const struct credentials *own, user_id uid)
{
	return uid == own->uid || uid == own->euid || uid == own->suid ||
	       credentials_capable(own, CAP_SETUID);
}

static bool may_claim_gid(const struct credentials *own, group_id gid)
{
	return gid == own->gid || gid == own->egid || gid == own->sgid ||
	       credentials_capable(own, CAP_SETGID);
}

/* May the current process say that it is this one? */
static int set_identity(struct socket_control *out, const struct linux_ucred *claim)
{
	const struct credentials *own = credentials_current();
	bool is_own = claim->pid == process_current()->id;

	if (!(is_own || credentials_capable(own, CAP_SYS_ADMIN)) ||
	    !may_claim_uid(own, claim->uid) || !may_claim_gid(own, claim->gid))
		return -EPERM;
	if (!is_own) {
		struct process *process = process_find_get(claim->pid);

		if (!process)
			return -ESRCH;
		process_put(process);
	}
	out->identity = (struct socket_identity){ claim->pid, claim->uid, claim->gid };
	out->has_identity = true;
	return 0;
}

static int parse_message(struct socket_control *out, const struct linux_cmsghdr *head,
			 size_t total)
{
	const void *data = head + 1;

	if (head->level != SOL_SOCKET)
		return 0;
	switch (head->type) {
	case SCM_RIGHTS:
		return add_rights(out, data, (head->size - HEAD) / sizeof(int32_t), total);
	case SCM_CREDENTIALS:
		if (head->size != HEAD + sizeof(struct linux_ucred))
			return -EINVAL;
		return set_identity(out, data);
	default:
		return -EINVAL;
	}
}

static int parse(struct socket_control *out, const uint8_t *bytes, size_t size)
{
	size_t at = 0;

	while (size - at >= HEAD) {
		const struct linux_cmsghdr *head = (const struct linux_cmsghdr *)(bytes + at);
		int error;

		if (head->size < HEAD || head->size > size - at)
			return -EINVAL;
		error = parse_message(out, head, size);
		if (error)
			return error;
		/* The padding of the last one may be missing. */
		at += min(ALIGN_UP((size_t)head->size, sizeof(uint32_t)), size - at);
	}
	return 0;
}

int abi_control_get(struct socket_control *out, user_addr from, size_t size)
{
	uint32_t small[CONTROL_ON_STACK / sizeof(uint32_t)];
	void *bytes = small;
	int error;

	out->rights = NULL;
	out->has_identity = false;
	if (size > CONTROL_MAX)
		return -ENOBUFS;
	if (size > sizeof(small)) {
		bytes = kmalloc(size, 0);
		if (!bytes)
			return -ENOBUFS;
	}
	error = copy_from_user(bytes, from, size);
	if (!error)
		error = parse(out, bytes, size);
	if (bytes != small)
		kfree(bytes);
	if (error) {
		socket_rights_drop(out->rights);
		out->rights = NULL;
	}
	return error;
}

/* ---- receiving ------------------------------------------------------------------------------- */

/* Where the next message goes in the program's buffer. */
struct room {
	user_addr to;
	size_t left;
	size_t used;
	bool is_cut;
};

/* `size` bytes with the head were written: on behind their padding. */
static void advance(struct room *room, size_t size)
{
	size_t padded = min(ALIGN_UP(size, sizeof(uint32_t)), room->left);

	room->to = user_addr_add(room->to, padded);
	room->left -= padded;
	room->used += padded;
}

static int put_head(const struct room *room, size_t size, int type)
{
	struct linux_cmsghdr head = { (uint32_t)size, SOL_SOCKET, type };

	return copy_to_user(room->to, &head, sizeof(head));
}

/* One of fixed size: cut if it does not fit. */
static void put_fixed(struct room *room, int type, const void *data, size_t data_size)
{
	size_t size = HEAD + data_size;

	if (room->left < HEAD) {
		room->is_cut = true;
		return;
	}
	if (size > room->left) {
		room->is_cut = true;
		size = room->left;
	}
	if (!put_head(room, size, type) &&
	    !copy_to_user(user_addr_add(room->to, HEAD), data, size - HEAD))
		advance(room, size);
}

static void put_identity(struct room *room, const struct socket_identity *identity)
{
	struct linux_ucred who = { identity->pid, identity->uid, identity->gid };

	put_fixed(room, SCM_CREDENTIALS, &who, sizeof(who));
}

/* When it came, in one of four forms: the type of the message is the number of the option. */
static void put_stamp(struct room *room, int stamp, int64_t came_ns)
{
	bool tells_ns = stamp == SO_TIMESTAMPNS_OLD || stamp == SO_TIMESTAMPNS_NEW;
	uint32_t ns;
	int64_t seconds = (int64_t)div64_u32((uint64_t)came_ns, NS_PER_SECOND, &ns);
	uint32_t part = tells_ns ? ns : ns / NS_PER_MICROSECOND;
	int64_t wide[] = { seconds, part };
	uint32_t narrow[] = { (uint32_t)seconds, part };

	if (stamp == SO_TIMESTAMP_NEW || stamp == SO_TIMESTAMPNS_NEW)
		put_fixed(room, stamp, wide, sizeof(wide));
	else
		put_fixed(room, stamp, narrow, sizeof(narrow));
}

/* A descriptor for `file`, told to the program. False: there is no room for it. */
static bool put_file(struct file *file, user_addr to, bool close_on_exec)
{
	struct fd_table *table = user_thread_current()->fds;
	int fd;

	if (fd_table_reserve(table, 0, syscall_fd_limit(), 1, &fd))
		return false;
	if (put_user_u32(to, (uint32_t)fd)) {
		fd_table_unreserve(table, 1, &fd);
		return false;
	}
	file_get(file);
	fd_table_install(table, fd, file, close_on_exec);
	return true;
}

static void put_rights(struct room *room, const struct socket_rights *rights, bool close_on_exec)
{
	size_t most = room->left > HEAD ? (room->left - HEAD) / sizeof(uint32_t) : 0;
	size_t count = min(most, (size_t)rights->count);
	size_t done = 0;

	while (done < count &&
	       put_file(rights->files[done],
			user_addr_add(room->to, HEAD + done * sizeof(uint32_t)), close_on_exec))
		done++;
	if (done < rights->count)
		room->is_cut = true;
	if (done > 0 && !put_head(room, HEAD + done * sizeof(uint32_t), SCM_RIGHTS))
		advance(room, HEAD + done * sizeof(uint32_t));
}

uint32_t abi_control_put(struct socket_control *control, user_addr to, size_t size,
			 bool close_on_exec, size_t *used)
{
	struct room room = { .to = to, .left = to ? size : 0 };

	if (control->stamp)
		put_stamp(&room, control->stamp, control->came_ns);
	if (control->has_identity)
		put_identity(&room, &control->identity);
	if (control->rights)
		put_rights(&room, control->rights, close_on_exec);
	socket_rights_drop(control->rights);
	control->rights = NULL;
	*used = room.used;
	return room.is_cut ? MSG_CTRUNC : 0;
}
