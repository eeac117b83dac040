/*
 * Futexes: waiting on a word of user memory. Keyed by frame owner (page cache and index, or address
 * space and address for private ones), so that they work across processes.
 */
#pragma once
#include <stdint.h>
#include "core/compiler.h"
#include "core/types.h"

struct address_space;

/*
 * Errors as futex(2). `deadline_ns` monotonic, UINT64_MAX for ever. Result of wake: the number
 * woken; a count below 1 wakes one. Who has real-time priority is woken first, the highest of them,
 * then who came first. Result of requeue: how many were woken and moved.
 */
must_check int futex_wait(struct address_space *space, user_addr word, uint32_t expected,
			  uint32_t bitset, bool shared, uint64_t deadline_ns);
must_check int futex_wake(struct address_space *space, user_addr word, uint32_t count,
			  uint32_t bitset, bool shared);
must_check int futex_requeue(struct address_space *space, user_addr word, user_addr target,
			     uint32_t wake_count, uint32_t requeue_count, bool compare,
			     uint32_t expected, bool shared);
must_check int futex_wake_op(struct address_space *space, user_addr word, user_addr word2,
			     uint32_t wake_count, uint32_t wake_count2, uint32_t operation,
			     bool shared);

/*
 * Wait until one of `count` words is woken: its place in the list. Errors: as futex_wait; -EAGAIN:
 * one has another value; -ENOMEM.
 */
struct futex_wish { user_addr word; uint32_t expected; bool shared; };
must_check int futex_wait_any(struct address_space *space, const struct futex_wish *wishes,
			      unsigned int count, uint64_t deadline_ns);

/* ---- locks with priority inheritance: futex_pi.c, futex_requeue_pi.c ---- */

struct thread;

/*
 * FUTEX_LOCK_PI, or with `try_only` TRYLOCK_PI, for the current thread, which the word calls `id`.
 * Errors as futex(2): -EAGAIN (try_only), -EDEADLK, -EFAULT, -EINTR, -EINVAL, -ENOMEM, -ESRCH,
 * -ETIMEDOUT.
 */
must_check int futex_pi_lock(struct address_space *space, user_addr word, bool shared, uint32_t id,
			     bool try_only, uint64_t deadline_ns);
/* Errors: -EPERM, and -EAGAIN, -EFAULT, -EINVAL; -EINTR: dying. */
must_check int futex_pi_unlock(struct address_space *space, user_addr word, bool shared,
			       uint32_t id);
/*
 * Sleep on `word` until moved to the lock `target` and its owner. Errors as futex_wait; -EAGAIN
 * also for a signal that came after the move.
 */
must_check int futex_wait_requeue_pi(struct address_space *space, user_addr word, uint32_t expected,
				     bool shared, user_addr target, uint32_t id,
				     uint64_t deadline_ns);
/* The number moved. Errors: -EAGAIN, -EDEADLK, -EFAULT, -EINTR, -EINVAL, -ENOMEM, -ESRCH. */
must_check int futex_cmp_requeue_pi(struct address_space *space, user_addr word, user_addr target,
				    uint32_t wake_count, uint32_t requeue_count, uint32_t expected,
				    bool shared);
/*
 * At the end of a thread (`for_good`) and before exec, after its robust list: what it owns goes to
 * those who wait for it. No locks held.
 */
void futex_pi_release(struct thread *thread, bool for_good);
/* The thread's own priority was changed. No spinlocks later than LOCK_RANK_FUTEX_PI held. */
void futex_pi_priority_changed(struct thread *thread);
/* At boot: how a thread is found by the number in a word: referenced, or NULL. */
void futex_pi_set_finder(struct thread *(*find)(uint32_t id));
