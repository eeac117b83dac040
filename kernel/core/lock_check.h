/*
 * Lock checking in debug builds: every lock, spinning or sleeping, reports here when it is taken
 * and dropped. Checked: the rank order, no sleep and no user fault under a spinlock, no lock that
 * interrupt handlers take is taken with interrupts on, nothing is held on return to user mode.
 */
#pragma once
#include <stdbool.h>
#include "core/config.h"
#include "core/lock_rank.h"

/*
 * The locks that one thread (or one CPU's idle loop) holds; allocated with the thread. All zeros at
 * first, and what is not of the first `count` stays so in `lock` and `rank`.
 */
#define LOCK_CHECK_DEPTH 24
struct lock_check_state {
	unsigned int count;
	struct held_lock {
		const void *lock;
		const char *name;
		enum lock_rank rank;
		bool shared;		/* taken for reading */
		const void *taken_at;	/* return address */
	} held[LOCK_CHECK_DEPTH];
};

/* `pair`: a second lock of the same rank is allowed, its order already proven by the caller. */
void lock_check_acquire(const void *lock, const char *name, enum lock_rank rank, bool shared,
			bool pair, const void *taken_at);
/*
 * For a lock got without waiting: recorded, but no order is asked for, since nobody can deadlock.
 */
void lock_check_acquire_try(const void *lock, const char *name, enum lock_rank rank, bool shared,
			    const void *taken_at);
void lock_check_release(const void *lock);

bool lock_check_is_held(const void *lock);

/* Panic if the caller may not sleep here: a spinlock held, preemption off, or in an interrupt. */
void lock_check_may_sleep(void);
static inline void assert_may_sleep(void)
{
	if (CONFIG_LOCK_CHECK)
		lock_check_may_sleep();
}

/* Panic if the current thread still holds a lock; called on the way back to user mode. */
void lock_check_nothing_held(void);

/* Print the locks that a thread holds, for panics and q-locks. */
void lock_check_print(const struct lock_check_state *state);
