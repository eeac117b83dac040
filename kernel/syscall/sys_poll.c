/*
 * poll and select, and their versions with masks. Requests are copied in, waited for, and copied
 * back.
 */
#include "arch/user_copy.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "proc/process.h"
#include "sched/clock.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/personality.h"
#include "vfs/fd_table.h"
#include "vfs/poll.h"

enum { REQUESTS_ON_STACK = 32, WORDS_ON_STACK = 8 };

_Static_assert(sizeof(struct poll_request) == 8, "struct pollfd");

static int poll_requests(user_addr list, unsigned int count, uint64_t deadline_ns)
{
	struct poll_request small[REQUESTS_ON_STACK];
	struct poll_request *requests = small;
	int result;

	if (count > syscall_fd_limit())
		return -EINVAL;
	if (count > REQUESTS_ON_STACK) {
		requests = kmalloc_array(count, sizeof(*requests), 0);
		if (!requests)
			return -ENOMEM;
	}
	result = copy_from_user(requests, list, count * sizeof(*requests));
	if (!result)
		result = poll_wait(user_thread_current()->fds, requests, count, deadline_ns);
	/* Only the answers go back, after a signal too; the program may be changing the rest. */
	if ((result >= 0 || result == -EINTR) && count > 0 &&
	    put_user_u16_fields(user_addr_add(list, offsetof(struct poll_request, result)),
				&requests->result, count, sizeof(*requests)))
		result = -EFAULT;
	if (requests != small)
		kfree(requests);
	return result;
}

static int continue_poll(struct restart_block *block)
{
	int result = poll_requests(user_addr_from(block->words[0]), (unsigned int)block->words[1],
				   block->deadline_ns);

	return result == -EINTR ? -ERESTART_RESTARTBLOCK : result;
}

int sys_poll(user_addr list, unsigned int count, int timeout_ms)
{
	struct restart_block *block = &user_thread_current()->restart;
	uint64_t deadline = timeout_ms < 0    ? UINT64_MAX
			    : timeout_ms == 0 ? 0
					      : abi_deadline_after((int64_t)timeout_ms * 1000000);

	block->function = continue_poll;
	block->deadline_ns = deadline;
	block->words[0] = user_addr_value(list);
	block->words[1] = count;
	return continue_poll(block);
}

int syscall_set_temporary_mask(user_addr mask, size_t size)
{
	uint64_t set;

	if (!mask)
		return 0;
	if (size != sizeof(set))
		return -EINVAL;
	if (get_user_u64(&set, mask))
		return -EFAULT;
	signal_suspend_mask(set);
	return 0;
}

/* The mask comes back at once unless a handler is to run first: then its frame takes it along. */
static int finish_masked(int result)
{
	if (result == -EINTR)
		return -ERESTARTNOHAND;
	signal_restore_mask();
	return result;
}

/*
 * What is left of a timeout, in the caller's form. Failure to write it changes nothing, as on
 * Linux.
 */
static void put_remaining(user_addr to, uint64_t deadline_ns, int (*put)(user_addr, int64_t))
{
	uint64_t now = clock_monotonic_ns();

	if (process_current()->personality & STICKY_TIMEOUTS)
		return;
	if (to && deadline_ns != UINT64_MAX)
		(void)!put(to, deadline_ns > now ? (int64_t)(deadline_ns - now) : 0);
}

/* NULL: for ever; 0 ns: at once. */
static int timeout_deadline(user_addr timeout, int (*get)(user_addr, int64_t *), uint64_t *out)
{
	int64_t ns;
	int error;

	*out = UINT64_MAX;
	if (!timeout)
		return 0;
	error = get(timeout, &ns);
	if (error)
		return error;
	if (ns < 0)
		return -EINVAL;
	*out = ns == 0 ? 0 : abi_deadline_after(ns);
	return 0;
}

static int masked_poll(user_addr list, unsigned int count, user_addr timeout, user_addr mask,
		       size_t mask_size, bool wide)
{
	uint64_t deadline;
	int result = timeout_deadline(timeout, wide ? abi_timespec64_get : abi_timespec32_get,
				      &deadline);

	if (!result)
		result = syscall_set_temporary_mask(mask, mask_size);
	if (result)
		return result;
	result = finish_masked(poll_requests(list, count, deadline));
	put_remaining(timeout, deadline, wide ? abi_timespec64_put : abi_timespec32_put);
	return result;
}

int sys_ppoll(user_addr list, unsigned int count, user_addr timeout, user_addr mask, size_t size)
{
	return masked_poll(list, count, timeout, mask, size, false);
}

int sys_ppoll_time64(user_addr list, unsigned int count, user_addr timeout, user_addr mask,
		     size_t size)
{
	return masked_poll(list, count, timeout, mask, size, true);
}

/* Three sets in one piece of memory: bits in, bits out. */
static int select_sets(int count, user_addr sets[3], uint64_t deadline_ns)
{
	unsigned long small[3 * WORDS_ON_STACK];
	unsigned long *bits = small;
	size_t words, size;
	int result = 0;

	if (count < 0)
		return -EINVAL;
	/* Bits beyond the table cannot be open. */
	count = (int)min_t(unsigned int, (unsigned int)count,
			   (unsigned int)fd_table_capacity(user_thread_current()->fds));
	words = DIV_ROUND_UP((size_t)count, 32);
	size = words * sizeof(*bits);
	if (words > WORDS_ON_STACK) {
		bits = kmalloc_array(words, 3 * sizeof(*bits), 0);
		if (!bits)
			return -ENOMEM;
	}
	for (unsigned int i = 0; i < 3 && !result; i++) {
		if (sets[i])
			result = copy_from_user(bits + i * words, sets[i], size);
	}
	if (!result)
		result = poll_select(user_thread_current()->fds, (unsigned int)count,
				     sets[0] ? bits : NULL, sets[1] ? bits + words : NULL,
				     sets[2] ? bits + 2 * words : NULL, deadline_ns);
	for (unsigned int i = 0; i < 3 && result >= 0; i++) {
		if (sets[i] && copy_to_user(sets[i], bits + i * words, size))
			result = -EFAULT;
	}
	if (bits != small)
		kfree(bits);
	return result;
}

int sys_select(int count, user_addr readable, user_addr writable, user_addr exceptional,
	       user_addr timeout)
{
	user_addr sets[3] = { readable, writable, exceptional };
	uint64_t deadline;
	int result = timeout_deadline(timeout, abi_timeval32_get, &deadline);

	if (result)
		return result;
	result = select_sets(count, sets, deadline);
	put_remaining(timeout, deadline, abi_timeval32_put);
	return result == -EINTR ? -ERESTARTNOHAND : result;
}

/* Number 82: the arguments lie in memory. */
int sys_old_select(user_addr block)
{
	uint32_t given[5];

	if (copy_from_user(given, block, sizeof(given)))
		return -EFAULT;
	return sys_select((int)given[0], user_addr_from(given[1]), user_addr_from(given[2]),
			  user_addr_from(given[3]), user_addr_from(given[4]));
}

static int masked_select(int count, user_addr sets[3], user_addr timeout, user_addr mask_block,
			 bool wide)
{
	uint32_t mask[2] = { 0, 0 }; /* address and size of the set */
	uint64_t deadline;
	int result = 0;

	if (mask_block && copy_from_user(mask, mask_block, sizeof(mask)))
		return -EFAULT;
	result = timeout_deadline(timeout, wide ? abi_timespec64_get : abi_timespec32_get,
				  &deadline);
	if (!result)
		result = syscall_set_temporary_mask(user_addr_from(mask[0]), mask[1]);
	if (result)
		return result;
	result = finish_masked(select_sets(count, sets, deadline));
	put_remaining(timeout, deadline, wide ? abi_timespec64_put : abi_timespec32_put);
	return result;
}

int sys_pselect6(int count, user_addr readable, user_addr writable, user_addr exceptional,
		 user_addr timeout, user_addr mask)
{
	user_addr sets[3] = { readable, writable, exceptional };

	return masked_select(count, sets, timeout, mask, false);
}

int sys_pselect6_time64(int count, user_addr readable, user_addr writable, user_addr exceptional,
			user_addr timeout, user_addr mask)
{
	user_addr sets[3] = { readable, writable, exceptional };

	return masked_select(count, sets, timeout, mask, true);
}
