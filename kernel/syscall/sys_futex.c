/*
 * futex(2): its operations taken apart.
 */
#include "arch/user_copy.h"
#include "mem/kmalloc.h"
#include "proc/process.h"
#include "sched/clock.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/time.h"
#include "vm/futex.h"

enum {
	FUTEX_WAIT,
	FUTEX_WAKE,
	FUTEX_FD,
	FUTEX_REQUEUE,
	FUTEX_CMP_REQUEUE,
	FUTEX_WAKE_OP,
	FUTEX_LOCK_PI,
	FUTEX_UNLOCK_PI,
	FUTEX_TRYLOCK_PI,
	FUTEX_WAIT_BITSET,
	FUTEX_WAKE_BITSET,
	FUTEX_PRIVATE_FLAG = 128,
	FUTEX_CLOCK_REALTIME = 256,
};
#define FUTEX_ANY UINT32_MAX

static int continue_wait(struct restart_block *block)
{
	int error =
		futex_wait(process_current()->space, user_addr_from(block->words[0]),
			   block->words[1], block->words[2], block->words[3], block->deadline_ns);

	return error == -EINTR ? -ERESTART_RESTARTBLOCK : error;
}

static int wait(user_addr word, uint32_t expected, uint32_t bitset, bool shared, uint64_t deadline)
{
	struct restart_block *block = &user_thread_current()->restart;
	int error;

	if (!bitset)
		return -EINVAL;
	if (deadline == UINT64_MAX) {
		error = futex_wait(process_current()->space, word, expected, bitset, shared,
				   deadline);
		return error == -EINTR ? -ERESTARTSYS : error;
	}
	block->function = continue_wait;
	block->deadline_ns = deadline;
	block->words[0] = user_addr_value(word);
	block->words[1] = expected;
	block->words[2] = bitset;
	block->words[3] = shared;
	return continue_wait(block);
}

/* Plain waits take a span, bitset ones a point in time. */
static int wait_deadline(user_addr timeout, int command, bool realtime, bool wide, uint64_t *out)
{
	int64_t ns;
	int error;

	*out = UINT64_MAX;
	if (!timeout)
		return 0;
	error = abi_timeout_get(timeout, wide, &ns);
	if (error)
		return error;
	if (command == FUTEX_WAIT)
		*out = abi_deadline_after(ns);
	else
		*out = realtime ? clock_realtime_to_monotonic(ns) : (uint64_t)ns;
	return 0;
}

static int futex(user_addr word, int operation, uint32_t value, user_addr timeout, user_addr word2,
		 uint32_t value3, bool wide)
{
	struct address_space *space = process_current()->space;
	int command = operation & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
	bool shared = !(operation & FUTEX_PRIVATE_FLAG);
	bool realtime = operation & FUTEX_CLOCK_REALTIME;
	uint32_t value2 = user_addr_value(timeout);
	uint64_t deadline;
	int error;

	if (realtime && command != FUTEX_WAIT && command != FUTEX_WAIT_BITSET)
		return -ENOSYS;
	switch (command) {
	case FUTEX_WAIT:
		value3 = FUTEX_ANY;
		/* fall through */
	case FUTEX_WAIT_BITSET:
		error = wait_deadline(timeout, command, realtime, wide, &deadline);
		return error ? error : wait(word, value, value3, shared, deadline);
	case FUTEX_WAKE:
		return futex_wake(space, word, value, FUTEX_ANY, shared);
	case FUTEX_WAKE_BITSET:
		return value3 ? futex_wake(space, word, value, value3, shared) : -EINVAL;
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
		if ((int32_t)value < 0 || (int32_t)value2 < 0)
			return -EINVAL;
		return futex_requeue(space, word, word2, value, value2,
				     command == FUTEX_CMP_REQUEUE, value3, shared);
	case FUTEX_WAKE_OP:
		return futex_wake_op(space, word, word2, value, value2, value3, shared);
	default:
		return -ENOSYS;
	}
}

int sys_futex(user_addr word, int operation, uint32_t value, user_addr timeout, user_addr word2,
	      uint32_t value3)
{
	return futex(word, operation, value, timeout, word2, value3, false);
}

int sys_futex_time64(user_addr word, int operation, uint32_t value, user_addr timeout,
		     user_addr word2, uint32_t value3)
{
	return futex(word, operation, value, timeout, word2, value3, true);
}

/* ---- futex_waitv ----------------------------------------------------------------------------- */

struct linux_futex_waitv {
	uint64_t expected;
	uint64_t word;
	uint32_t flags;
	uint32_t reserved;
};
_Static_assert(sizeof(struct linux_futex_waitv) == 24, "struct futex_waitv is 24 bytes");

enum { FUTEX_WAITV_MAX = 128, FUTEX_32 = 2 };

/* Errors: -EFAULT, -EINVAL. */
static int wishes_get(user_addr from, unsigned int count, struct futex_wish *out)
{
	for (unsigned int i = 0; i < count; i++) {
		struct linux_futex_waitv given;

		if (copy_from_user(&given, user_addr_add(from, i * sizeof(given)), sizeof(given)))
			return -EFAULT;
		if ((given.flags & ~(uint32_t)(FUTEX_32 | FUTEX_PRIVATE_FLAG)) || given.reserved ||
		    !(given.flags & FUTEX_32))
			return -EINVAL;
		out[i] = (struct futex_wish){
			.word = user_addr_from((uintptr_t)given.word),
			.expected = (uint32_t)given.expected,
			.shared = !(given.flags & FUTEX_PRIVATE_FLAG),
		};
	}
	return 0;
}

/* A point in time on one of two clocks. Errors: -EFAULT, -EINVAL. */
static int waitv_deadline(user_addr timeout, int clock, uint64_t *out)
{
	int64_t ns;
	int error;

	*out = UINT64_MAX;
	if (!timeout)
		return 0;
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return -EINVAL;
	error = abi_timespec64_get(timeout, &ns);
	if (error)
		return error;
	if (ns < 0)
		return -EINVAL;
	*out = clock == CLOCK_REALTIME ? clock_realtime_to_monotonic(ns) : (uint64_t)ns;
	return 0;
}

int sys_futex_waitv(user_addr list, unsigned int count, unsigned int flags, user_addr timeout,
		    int clock)
{
	struct futex_wish *wishes;
	uint64_t deadline;
	int result;

	if (flags || count == 0 || count > FUTEX_WAITV_MAX || !list)
		return -EINVAL;
	result = waitv_deadline(timeout, clock, &deadline);
	if (result)
		return result;
	wishes = kmalloc_array(count, sizeof(*wishes), 0);
	if (!wishes)
		return -ENOMEM;
	result = wishes_get(list, count, wishes);
	if (!result)
		result = futex_wait_any(process_current()->space, wishes, count, deadline);
	kfree(wishes);
	return result == -EINTR ? -ERESTARTSYS : result;
}
