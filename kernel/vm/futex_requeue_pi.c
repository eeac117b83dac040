/*
 * From a plain futex to a lock with priority inheritance: condition variables whose mutex is one
 * (FUTEX_WAIT_REQUEUE_PI, FUTEX_CMP_REQUEUE_PI).
 *
 * The sleeper says to which lock it may be moved. Whoever signals moves sleepers straight into that
 * lock's queue, where they lend their priority; the first gets the lock itself if it is free. A
 * sleeper wakes with the lock, or because it gives up.
 *
 * Its futex_waiter is in the plain futex's bucket until it is moved, then its futex_pi_waiter in
 * the lock's state; `bucket` says which of the two buckets protects it now. The sleeper holds both
 * keys' backings.
 */
#include "arch/user_copy.h"
#include "core/lock_check.h"
#include "sched/schedule.h"
#include "uapi/linux/errno.h"
#include "vm/futex.h"
#include "vm/futex_internal.h"

/* A reference to the lock's word, which can be written. Errors: -EINVAL, -EFAULT. */
static int get_lock(struct address_space *space, user_addr word, bool shared, struct futex_ref *out)
{
	int error = futex_get_ref(space, word, shared, out);

	if (!error && user_prefault(word, sizeof(uint32_t), true)) {
		futex_put_ref(out);
		error = -EFAULT;
	}
	return error;
}

/* Asleep until it has the lock, or does not want it any more. */
static int wait(struct futex_waiter *waiter, user_addr target, uint64_t deadline_ns)
{
	struct futex_pi_waiter *pi = waiter->pi;
	bool in_time = futex_pi_sleep(pi, deadline_ns);
	struct futex_bucket *bucket = futex_lock_bucket_of(waiter);
	bool is_owner = atomic_load(&pi->is_owner);
	bool was_moved = pi->state != NULL;

	if (was_moved)
		futex_pi_leave(pi);
	else if (!is_owner)
		list_remove(&waiter->node);
	spin_unlock(&bucket->lock);
	if (is_owner)
		return futex_pi_claim(bucket, pi->wanted, target, pi);
	if (!in_time)
		return -ETIMEDOUT;
	/* Once it was moved, the call cannot begin anew: the word has changed. */
	return was_moved ? -EAGAIN : -EINTR;
}

static int refuse(struct futex_waiter *waiter)
{
	struct futex_bucket *bucket = futex_lock_bucket_of(waiter);

	list_remove(&waiter->node);
	spin_unlock(&bucket->lock);
	return -EINVAL;
}

int futex_wait_requeue_pi(struct address_space *space, user_addr word, uint32_t expected,
			  bool shared, user_addr target, uint32_t id, uint64_t deadline_ns)
{
	struct futex_pi_waiter pi = { .thread = thread_current(), .id = id };
	struct futex_waiter waiter = { .bitset = UINT32_MAX, .thread = thread_current(),
				       .pi = &pi };
	struct futex_ref from, to;
	int error;

	assert_may_sleep();
	if (user_addr_value(word) == user_addr_value(target))
		return -EINVAL;
	error = get_lock(space, target, shared, &to);
	if (error)
		return error;
	error = futex_get_ref(space, word, shared, &from);
	if (error)
		goto put_to;
	pi.wanted = &to.key;
	waiter.key = from.key;
	atomic_init(&waiter.bucket, futex_bucket_of(&from.key));
	error = futex_enqueue(&waiter, word, expected);
	if (error)
		goto put_from;
	/* Two names of one word: nobody can move us, since that is refused there too. */
	error = futex_is_same(&from.key, &to.key) ? refuse(&waiter)
						  : wait(&waiter, target, deadline_ns);
put_from:
	futex_put_ref(&from);
put_to:
	futex_put_ref(&to);
	return error;
}

/* ---- moving ---- */

/* [b] both buckets locked while it is worked on */
struct move {
	struct futex_bucket *source, *target;
	struct futex_ref from, to;
	uint32_t limit;		/* sleepers to move in all, the one that may wake included */
	uint32_t moved;
};

static bool may_move(const struct futex_waiter *waiter, const struct move *move)
{
	return waiter->pi && futex_is_same(waiter->pi->wanted, &move->to.key);
}

/* Who is to be the owner if the lock is free: the highest, of those the one that came first. */
static struct futex_waiter *choose(const struct move *move)
{
	struct futex_waiter *waiter, *best = NULL;

	list_for_each_entry(waiter, &move->source->waiters, node) {
		if (!futex_is_same(&waiter->key, &move->from.key))
			continue;
		if (!best || schedule_priority(waiter->thread) > schedule_priority(best->thread))
			best = waiter;
	}
	return best;
}

static void leave_source(struct futex_waiter *waiter, struct move *move)
{
	list_remove(&waiter->node);
	atomic_store(&waiter->bucket, move->target);
	move->moved++;
}

/* Errors: -EINVAL, -EDEADLK. */
static int join_all(struct move *move, struct futex_pi_state *state)
{
	struct futex_waiter *waiter, *following;
	struct futex_pi_waiter *earlier = NULL;
	int error;

	list_for_each_entry_safe(waiter, following, &move->source->waiters, node) {
		if (move->moved == move->limit)
			break;
		if (!futex_is_same(&waiter->key, &move->from.key))
			continue;
		if (!may_move(waiter, move))
			return -EINVAL;
		error = futex_pi_join(state, waiter->pi, earlier);
		if (error)
			return error;
		earlier = waiter->pi;
		leave_source(waiter, move);
	}
	return 0;
}

/* As futex_pi_take_or_find, but 0 when all is done. */
static int move_locked(struct move *move, struct futex_pi_attempt *attempt)
{
	struct futex_waiter *first = choose(move);
	uint32_t flags = move->limit > 1 ? FUTEX_WAITERS : 0;
	struct futex_pi_state *state;
	uint32_t value;
	int result;

	if (!first)
		return copy_from_user_nofault(&value, attempt->word, sizeof(value))
			       ? FUTEX_PI_FAULT
			       : 0;
	if (!may_move(first, move))
		return -EINVAL;
	result = futex_pi_take_or_find(attempt, move->target, first->pi, flags, &state);
	if (result == FUTEX_PI_TAKEN) {
		leave_source(first, move);
		state = futex_pi_create_for(attempt, move->target, first->pi);
		atomic_store(&first->pi->is_owner, true);
		(void)thread_wake(first->thread);
	} else if (result) {
		return result;
	}
	result = join_all(move, state);
	futex_pi_drop_unused(state);
	return result;
}

static int move_sleepers(struct move *move, user_addr word, uint32_t expected, user_addr target)
{
	struct futex_pi_attempt attempt;
	int result = futex_pi_attempt_create(&attempt, target, &move->to.key);

	if (result)
		return result;
	do {
		futex_pi_attempt_begin(&attempt);
		result = futex_lock_pair(move->source, move->target, true, word, expected);
		if (!result) {
			result = move_locked(move, &attempt);
			spin_unlock_pair(&move->source->lock, &move->target->lock);
		}
		result = futex_pi_attempt_end(&attempt, result);
	} while (result == FUTEX_PI_AGAIN);
	futex_pi_attempt_destroy(&attempt);
	return result ? result : (int)move->moved;
}

int futex_cmp_requeue_pi(struct address_space *space, user_addr word, user_addr target,
			 uint32_t wake_count, uint32_t requeue_count, uint32_t expected,
			 bool shared)
{
	struct move move = { .limit = 1 + requeue_count };
	int result;

	if (user_addr_value(word) == user_addr_value(target) || wake_count != 1)
		return -EINVAL;
	result = futex_get_ref(space, word, shared, &move.from);
	if (result)
		return result;
	result = get_lock(space, target, shared, &move.to);
	if (result)
		goto put_from;
	move.source = futex_bucket_of(&move.from.key);
	move.target = futex_bucket_of(&move.to.key);
	result = futex_is_same(&move.from.key, &move.to.key)
			 ? -EINVAL
			 : move_sleepers(&move, word, expected, target);
	futex_put_ref(&move.to);
put_from:
	futex_put_ref(&move.from);
	return result;
}
