/*
 * capget and capset: a thread's permitted, effective and inheritable capabilities, in three
 * versions of one structure. The other two sets, bounding and ambient, are prctl's.
 */
#include "arch/user_copy.h"
#include "proc/process.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"

#define CAPABILITY_VERSION_1 0x19980330u
#define CAPABILITY_VERSION_2 0x20071026u
#define CAPABILITY_VERSION_3 0x20080522u

/* Words in each set for the version in the header; an unknown version is answered with ours. */
static int capability_words(user_addr header, process_id *id, unsigned int *words)
{
	uint32_t given[2];

	if (copy_from_user(given, header, sizeof(given)))
		return -EFAULT;
	*id = (process_id)given[1];
	switch (given[0]) {
	case CAPABILITY_VERSION_1:
		*words = 1;
		return 0;
	case CAPABILITY_VERSION_2:
	case CAPABILITY_VERSION_3:
		*words = 2;
		return 0;
	default:
		if (put_user_u32(header, CAPABILITY_VERSION_3))
			return -EFAULT;
		return -EINVAL;
	}
}

/* Of a thread, 0 being this one: with a reference. NULL: there is none. */
static const struct credentials *credentials_of(process_id id)
{
	struct user_thread *found = id ? user_thread_find_get(id) : NULL;
	struct user_thread *thread = id ? found : user_thread_current();
	const struct credentials *credentials;
	irq_flags flags;

	if (!thread)
		return NULL;
	flags = spin_lock_irq(&thread->process->signal_lock);
	credentials = atomic_load(&thread->credentials);
	if (credentials)
		credentials_get(credentials);
	spin_unlock_irq(&thread->process->signal_lock, flags);
	if (found)
		user_thread_put(found);
	return credentials;
}

int sys_capget(user_addr header, user_addr data)
{
	const struct credentials *credentials;
	uint32_t out[6];
	unsigned int words;
	process_id id;
	int error = capability_words(header, &id, &words);

	if (!data) /* only the version was asked for */
		return error == -EINVAL ? 0 : error;
	if (error)
		return error;
	if (id < 0)
		return -EINVAL;
	credentials = credentials_of(id);
	if (!credentials)
		return -ESRCH;
	for (unsigned int i = 0; i < words; i++) {
		out[i * 3] = (uint32_t)(credentials->cap_effective >> (32 * i));
		out[i * 3 + 1] = (uint32_t)(credentials->cap_permitted >> (32 * i));
		out[i * 3 + 2] = (uint32_t)(credentials->cap_inheritable >> (32 * i));
	}
	credentials_put(credentials);
	return copy_to_user(data, out, words * 3 * sizeof(uint32_t));
}

int sys_capset(user_addr header, user_addr data)
{
	const uint64_t all = ((uint64_t)1 << CAP_COUNT) - 1;
	const struct credentials *old = credentials_current();
	uint64_t effective, permitted, inheritable;
	struct credentials *new;
	uint32_t given[6] = { 0 };
	unsigned int words;
	process_id id;
	int error = capability_words(header, &id, &words);

	if (error)
		return error;
	if (id && id != user_thread_current()->id)
		return -EPERM;
	if (copy_from_user(given, data, words * 3 * sizeof(uint32_t)))
		return -EFAULT;
	/* What there is not is not asked for. */
	effective = ((uint64_t)given[3] << 32 | given[0]) & all;
	permitted = ((uint64_t)given[4] << 32 | given[1]) & all;
	inheritable = ((uint64_t)given[5] << 32 | given[2]) & all;
	if (!credentials_capable(old, CAP_SETPCAP) &&
	    (inheritable & ~(old->cap_inheritable | old->cap_permitted)))
		return -EPERM;
	if ((inheritable & ~(old->cap_inheritable | old->cap_bounding)) ||
	    (permitted & ~old->cap_permitted) || (effective & ~permitted))
		return -EPERM;
	new = credentials_begin_change();
	if (!new)
		return -ENOMEM;
	new->cap_effective = effective;
	new->cap_permitted = permitted;
	new->cap_inheritable = inheritable;
	new->cap_ambient &= permitted & inheritable;
	user_thread_set_credentials(new);
	return 0;
}
