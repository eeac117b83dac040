/*
 * The lock checker: debug builds' proof that locks are taken in one order.
 *
 * Idea. If every thread takes locks only in the order of their ranks, no set of threads can wait
 * for one another in a circle. So each thread keeps a list of what it holds, and every acquisition
 * is compared with it: a mistake is reported the first time that the code runs, not the first time
 * that two CPUs meet in it. An interrupt handler works on the interrupted thread's list, because
 * what that thread holds stays held until the handler has returned. Which locks those are is
 * chance; so a handler may only take locks that come after all that are held with interrupts on.
 *
 * A list is touched by its own thread only, and by handlers that interrupt it, which leave it as
 * they found it. To find it whole they need no interrupts turned off, which would cost more than
 * all the rest: an entry counts before it says anything, and says nothing any more before it stops
 * counting. What does not count says nothing. A rank of 0 with no lock stands in nobody's way.
 * Very early, before a CPU runs on a stack with a list, nothing is checked.
 */
#include "core/lock_check.h"
#include <stdatomic.h>
#include "arch/irq_flags.h"
#include "core/config.h"
#include "core/panic.h"
#include "core/printk.h"
#include "core/stack_header.h"
#include "core/symbols.h"

/* The caller's list, or NULL if there is nothing to check. */
static inline struct lock_check_state *own_state(void)
{
	return CONFIG_LOCK_CHECK ? stack_header()->locks : NULL;
}

static struct held_lock *find(struct lock_check_state *state, const void *lock)
{
	for (unsigned int i = state->count; i-- > 0;) {
		if (state->held[i].lock == lock)
			return &state->held[i];
	}
	return NULL;
}

static void push(struct lock_check_state *state, const void *lock, const char *name,
		 enum lock_rank rank, bool shared, const void *taken_at)
{
	struct held_lock *entry = &state->held[state->count];

	if (state->count == LOCK_CHECK_DEPTH)
		panic("lock %s: more than %d locks held at once", name, LOCK_CHECK_DEPTH);
	state->count++;
	/* A handler that comes before this may use the entry, and clears it again. */
	atomic_signal_fence(memory_order_seq_cst);
	*entry = (struct held_lock){ lock, name, rank, shared, taken_at };
}

static void clear(struct held_lock *entry)
{
	entry->lock = NULL;
	entry->rank = 0;
}

static void pop(struct lock_check_state *state, struct held_lock *entry)
{
	struct held_lock *last = &state->held[state->count - 1];

	if (entry != last) {
		irq_flags flags = irq_disable_save();

		for (; entry < last; entry++)
			*entry = entry[1];
		irq_restore(flags);
	}
	clear(last);
	atomic_signal_fence(memory_order_seq_cst);
	state->count--;
}

/* Locks are almost always dropped last in, first out, but nothing depends on it. */
static void check_order(const struct lock_check_state *state, const void *lock, const char *name,
			enum lock_rank rank, bool pair)
{
	for (unsigned int i = 0; i < state->count; i++) {
		const struct held_lock *held = &state->held[i];

		if (likely(held->rank < rank && held->lock != lock))
			continue;
		if (panic_in_progress())
			return;
		if (held->lock == lock)
			panic("lock %s is taken again by its holder", name);
		if (held->rank > rank || !pair)
			panic("lock %s (rank %d) is taken while %s (rank %d) is held", name, rank,
			      held->name, held->rank);
	}
}

void lock_check_acquire(const void *lock, const char *name, enum lock_rank rank, bool shared,
			bool pair, const void *taken_at)
{
	struct lock_check_state *state = own_state();

	if (!state)
		return;
	if (unlikely(rank < LOCK_RANK_FIRST_IN_INTERRUPT && in_interrupt()) && !panic_in_progress())
		panic("lock %s (rank %d) is taken by an interrupt handler, "
		      "whoever it interrupted may hold a later one",
		      name, rank);
	check_order(state, lock, name, rank, pair);
	push(state, lock, name, rank, shared, taken_at);
}

void lock_check_acquire_try(const void *lock, const char *name, enum lock_rank rank, bool shared,
			    const void *taken_at)
{
	struct lock_check_state *state = own_state();

	if (state)
		push(state, lock, name, rank, shared, taken_at);
}

void lock_check_release(const void *lock)
{
	struct lock_check_state *state = own_state();
	struct held_lock *held;

	if (!state)
		return;
	held = find(state, lock);
	if (likely(held))
		pop(state, held);
	else if (!panic_in_progress())
		panic("lock %p is dropped by a thread that does not hold it", lock);
}

bool lock_check_is_held(const void *lock)
{
	struct lock_check_state *state = own_state();

	return !state || panic_in_progress() || find(state, lock);
}

void lock_check_may_sleep(void)
{
	const struct stack_header *header = stack_header();

	if (panic_in_progress())
		return;
	if (header->interrupt_depth != 0)
		panic("may sleep, but runs in an interrupt handler");
	if (header->preempt_count != 0)
		panic("may sleep, but preemption is off (%u times)", header->preempt_count);
}

void lock_check_nothing_held(void)
{
	const struct lock_check_state *state = own_state();

	if (state && state->count > 0 && !panic_in_progress())
		panic("back to user mode with lock %s held", state->held[0].name);
}

void lock_check_print(const struct lock_check_state *state)
{
	char place[64];

	if (!state)
		return;
	if (state->count == 0)
		printk(LOG_EMERGENCY, "  no locks held");
	for (unsigned int i = 0; i < state->count && i < LOCK_CHECK_DEPTH; i++) {
		const struct held_lock *held = &state->held[i];

		if (!held->lock)
			continue;
		symbol_format(place, sizeof(place), (uintptr_t)held->taken_at);
		printk(LOG_EMERGENCY, "  holds or awaits %s (rank %d%s) %p, taken at %s",
		       held->name, held->rank, held->shared ? ", shared" : "", held->lock, place);
	}
}
