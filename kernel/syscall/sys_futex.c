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
#include "uapi/linux/futex.h"
#include "uapi/linux/time.h"
#include "vm/futex.h"

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

/* The call's arguments, made plain. */
struct operation {
	int command; /* without its flags */
	bool shared;
	user_addr word, word2;
	uint32_t value, value2, value3;
	uint64_t deadline;
};

/* Plain waits take a span, the others a point in time. Errors: -EFAULT, -EINVAL. */
static int get_deadline(user_addr timeout, int command, bool realtime, bool wide, uint64_t *out)
{
	int64_t ns;
	int error;

	*out = UINT64_MAX;
	if (!timeout ||
	    (command != FUTEX_WAIT && command != FUTEX_WAIT_BITSET && command != FUTEX_LOCK_PI &&
	     command != FUTEX_LOCK_PI2 && command != FUTEX_WAIT_REQUEUE_PI))
		return 0;
	error = abi_timeout_get(timeout, wide, &ns);
	if (error)
		return error;
	if (command == FUTEX_WAIT)
		*out = abi_deadline_after(ns);
	else
		*out = realtime || command == FUTEX_LOCK_PI ? clock_realtime_to_monotonic(ns)
							     : (uint64_t)ns;
	return 0;
}

/* Locks with priority inheritance. -EINTR: the call begins anew after the handler. */
static int lock_operation(const struct operation *op)
{
	struct address_space *space = process_current()->space;
	uint32_t id = (uint32_t)user_thread_current()->id;

	switch (op->command) {
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
		return futex_pi_lock(space, op->word, op->shared, id, false, op->deadline);
	case FUTEX_TRYLOCK_PI:
		return futex_pi_lock(space, op->word, op->shared, id, true, UINT64_MAX);
	case FUTEX_UNLOCK_PI:
		return futex_pi_unlock(space, op->word, op->shared, id);
	case FUTEX_WAIT_REQUEUE_PI:
		return futex_wait_requeue_pi(space, op->word, op->value, op->shared, op->word2, id,
					     op->deadline);
	case FUTEX_CMP_REQUEUE_PI:
		if ((int32_t)op->value < 0 || (int32_t)op->value2 < 0)
			return -EINVAL;
		return futex_cmp_requeue_pi(space, op->word, op->word2, op->value, op->value2,
					    op->value3, op->shared);
	default:
		return -ENOSYS;
	}
}

static int do_operation(const struct operation *op)
{
	struct address_space *space = process_current()->space;
	bool shared = op->shared;
	int result;

	switch (op->command) {
	case FUTEX_WAIT:
		return wait(op->word, op->value, FUTEX_ANY, shared, op->deadline);
	case FUTEX_WAIT_BITSET:
		return wait(op->word, op->value, op->value3, shared, op->deadline);
	case FUTEX_WAKE:
		return futex_wake(space, op->word, op->value, FUTEX_ANY, shared);
	case FUTEX_WAKE_BITSET:
		return op->value3 ? futex_wake(space, op->word, op->value, op->value3, shared)
				  : -EINVAL;
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
		if ((int32_t)op->value < 0 || (int32_t)op->value2 < 0)
			return -EINVAL;
		return futex_requeue(space, op->word, op->word2, op->value, op->value2,
				     op->command == FUTEX_CMP_REQUEUE, op->value3, shared);
	case FUTEX_WAKE_OP:
		return futex_wake_op(space, op->word, op->word2, op->value, op->value2, op->value3,
				     shared);
	default:
		result = lock_operation(op);
		return result == -EINTR ? -ERESTARTNOINTR : result;
	}
}

static int futex(user_addr word, int operation, uint32_t value, user_addr timeout, user_addr word2,
		 uint32_t value3, bool wide)
{
	struct operation op = {
		.command = operation & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME),
		.shared = !(operation & FUTEX_PRIVATE_FLAG),
		.word = word,
		.word2 = word2,
		.value = value,
		.value2 = user_addr_value(timeout),
		.value3 = value3,
	};
	bool realtime = operation & FUTEX_CLOCK_REALTIME;
	int error = get_deadline(timeout, op.command, realtime, wide, &op.deadline);

	if (error)
		return error;
	if (realtime && op.command != FUTEX_WAIT_BITSET &&
	    op.command != FUTEX_WAIT_REQUEUE_PI && op.command != FUTEX_LOCK_PI2)
		return -ENOSYS;
	return do_operation(&op);
}

/* What locks are made of goes first: taking the operation apart would cost as much again. */
int sys_futex(user_addr word, int operation, uint32_t value, user_addr timeout, user_addr word2,
	      uint32_t value3)
{
	if (operation == (FUTEX_WAKE | FUTEX_PRIVATE_FLAG))
		return futex_wake(process_current()->space, word, value, FUTEX_ANY, false);
	if (operation == (FUTEX_WAIT | FUTEX_PRIVATE_FLAG) && !timeout)
		return wait(word, value, FUTEX_ANY, false, UINT64_MAX);
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
