/*
 * How large pipes are, and who pays for that: the slots of a pipe's ring are on account of the user
 * who made it (fs.pipe-user-pages-soft), and fcntl() changes their number.
 */
#include "core/types.h"
#include "lib/min_max.h"
#include "mem/kmalloc.h"
#include "sched/wait_queue.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"
#include "vfs/internal.h"
#include "vfs/pipe.h"
#include "vfs/pipe_internal.h"
#include "vfs/poll.h"
#include "vfs/user_count.h"

/* Linux's fs.pipe-max-size and fs.pipe-user-pages-soft. */
enum { MAX_SIZE = 1 << 20, USER_SLOTS = 16384 };

static atomic_uint user_slots = USER_SLOTS; /* [a] 0: no limit */

unsigned int pipe_user_pages(void)
{
	return atomic_load_explicit(&user_slots, memory_order_relaxed);
}

void pipe_set_user_pages(unsigned int pages)
{
	atomic_store_explicit(&user_slots, pages, memory_order_relaxed);
}

/* May the slots of a user's pipes be more than the limit? */
static bool is_unlimited(const struct credentials *credentials)
{
	return credentials_capable(credentials, CAP_SYS_RESOURCE) ||
	       credentials_capable(credentials, CAP_SYS_ADMIN);
}

bool pipe_charge(struct user_count *payer, unsigned int slots,
		 const struct credentials *credentials)
{
	unsigned int limit = pipe_user_pages();

	return user_count_try_charge_many(payer, USER_PIPE_PAGES, slots,
					  limit && !is_unlimited(credentials) ? limit : UINT32_MAX);
}

static struct pipe *pipe_of(struct file *file)
{
	return file->ops == &pipe_ops ? file->private : NULL;
}

int pipe_get_size(struct file *file)
{
	struct pipe *pipe = pipe_of(file);

	return pipe ? (int)(pipe->slot_count * PAGE_SIZE) : -EBADF;
}

/* Mutex held. Can the ring have `count` slots, which its payer then pays for? */
static int recharge(struct pipe *pipe, unsigned int count, const struct credentials *credentials)
{
	unsigned int held = pipe_held(pipe);

	if (pipe_used(pipe) + held > count)
		return -EBUSY;
	if (count > pipe->slot_count)
		return pipe_charge(pipe->payer, count - pipe->slot_count, credentials) ? 0 : -EPERM;
	user_count_uncharge_many(pipe->payer, USER_PIPE_PAGES, pipe->slot_count - count);
	return 0;
}

/* A ring of `count` slots, with the bytes there are. */
static int resize(struct pipe *pipe, unsigned int count, const struct credentials *credentials)
{
	struct pipe_slot *slots = kmalloc_array(count + 1, sizeof(slots[0]), 0);
	struct pipe_slot *old;
	unsigned int held;
	int error;

	if (!slots)
		return -ENOMEM;
	mutex_lock(&pipe->mutex);
	error = recharge(pipe, count, credentials);
	if (error) {
		mutex_unlock(&pipe->mutex);
		kfree(slots);
		return error;
	}
	held = pipe_held(pipe);
	for (unsigned int i = 0; i < pipe_used(pipe); i++)
		slots[i] = *pipe_slot_at(pipe, i);
	old = pipe->slots;
	pipe->slots = slots;
	pipe->slot_count = count;
	pipe_set_capacity(pipe, (int)(count - held));
	pipe->first = 0;
	mutex_unlock(&pipe->mutex);
	kfree(old);
	wait_queue_wake_all(&pipe->write_queue, POLL_OUT | POLL_WRITE_NORMAL);
	return (int)(count * PAGE_SIZE);
}

int pipe_set_size(struct file *file, size_t size, const struct credentials *credentials)
{
	struct pipe *pipe = pipe_of(file);

	if (!pipe)
		return -EBADF;
	if (size > (1u << 31) - PAGE_SIZE)
		return -EINVAL;
	size = max(size, (size_t)PAGE_SIZE);
	size = (size_t)1 << log2_ceil((uint32_t)size);
	if (size > MAX_SIZE && !credentials_capable(credentials, CAP_SYS_RESOURCE) &&
	    size / PAGE_SIZE > pipe->slot_count)
		return -EPERM;
	return resize(pipe, (unsigned int)(size / PAGE_SIZE), credentials);
}
