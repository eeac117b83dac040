/*
 * Futexes that are locks with priority inheritance (FUTEX_LOCK_PI and its kin).
 *
 * The word says who has the lock: the number of the owner's thread, with FUTEX_WAITERS if unlocking
 * needs the kernel and FUTEX_OWNER_DIED if the last owner ended without unlocking. A free lock is
 * taken by the program alone. Only when somebody has to wait there is a state here, from the first
 * waiter to the last.
 *
 * A lock is handed over, never thrown into the crowd: who unlocks writes the first waiter's number
 * into the word and makes him the owner, both with the bucket locked; so a waiter that wakes has
 * nothing left to try. First is who has the highest real-time priority, then who came first.
 *
 * Lending. A waiter's priority counts for the owner (schedule_set_boost); if the owner waits for
 * another lock itself, it moves up in that one's queue, and what it lends there grows too. Only
 * real-time priorities are lent. Waiters and owners form a forest: each thread waits for at most
 * one lock, each lock has one owner, and who would close a ring gets -EDEADLK instead.
 *
 * An owner that ends cannot write the word, which may lie elsewhere in its memory or nowhere: it
 * makes the first waiter the owner (owner_died), and that one writes the word (futex_pi_claim).
 * From then on nobody waits for it any more (thread.pi_closed); whoever finds its number in a word
 * looks whether a robust list has changed the word, and gets -ESRCH if not.
 *
 * Invariants.
 *  1. A state is in its bucket while somebody waits for it or has yet to claim it, or while the
 *     bucket is locked; then it is in its owner's list too.
 *  2. No chain from a thread through its lock's owner comes back to it.
 *  3. thread.boosted_priority is the highest priority among the waiters for what it owns.
 *
 * Locks. The bucket's lock protects whether there is a state, its owner and the word; it comes
 * first. One lock, graph_lock, protects the forest, since a chain crosses buckets and processes. It
 * is taken only where somebody has to wait for a PI lock, or stops to, and held for the length of
 * one chain. No references are kept: an owner gives up all its states before it ends, and waiters
 * are in here themselves.
 *
 * Not done. A lock for each state, as one would need to walk chains step by step, letting go and
 * looking again: programs with so many contended PI locks that graph_lock shows are not known.
 */
#include "arch/user_copy.h"
#include "core/assert.h"
#include "core/lock_check.h"
#include "mem/kmalloc.h"
#include "sched/schedule.h"
#include "uapi/linux/errno.h"
#include "vm/futex.h"
#include "vm/futex_internal.h"

/* Longer chains are taken for rings. */
enum { CHAIN_LIMIT = 1024 };

/* [b] its bucket's lock  [p] graph_lock */
struct futex_pi_state {
	struct list_node node;	     /* [b] */
	struct futex_key key;	     /* [I] */
	struct thread *owner;	     /* [b+p] */
	uint32_t owner_id;	     /* [b] its number in the word */
	struct list_node owner_node; /* [p] in owner->pi_owned */
	struct list waiters;	     /* [p] of futex_pi_waiter.node, the first one first */
	bool owner_died;	     /* [b] the word does not name the owner yet: it will */
};

static struct spinlock graph_lock = SPINLOCK_INIT(LOCK_RANK_FUTEX_PI, "PI futexes");
static struct thread *(*find_thread)(uint32_t id); /* constant after boot */

void futex_pi_set_finder(struct thread *(*find)(uint32_t id))
{
	find_thread = find;
}

/* ---- the forest: graph_lock held ---- */

static struct futex_pi_waiter *first_waiter(const struct futex_pi_state *state)
{
	return list_is_empty(&state->waiters)
		       ? NULL
		       : container_of(state->waiters.head.next, struct futex_pi_waiter, node);
}

static void set_owner(struct futex_pi_state *state, struct thread *owner, uint32_t id)
{
	state->owner = owner;
	state->owner_id = id;
	list_add_tail(&owner->pi_owned, &state->owner_node);
	/* Before we look whether it is closed; it closes before it looks here (sequential). */
	atomic_fetch_add(&owner->pi_owned_count, 1);
}

static void clear_owner(struct futex_pi_state *state)
{
	list_remove(&state->owner_node);
	atomic_fetch_sub(&state->owner->pi_owned_count, 1);
	state->owner = NULL;
}

/*
 * Behind all of its own priority: mostly at the end, where the search begins. `earlier`: one that
 * came just before, or NULL; if that is no lower, the place is not far behind it.
 */
static void insert(struct futex_pi_state *state, struct futex_pi_waiter *waiter,
		   struct futex_pi_waiter *earlier)
{
	struct futex_pi_waiter *other;

	waiter->priority = schedule_priority(waiter->thread);
	if (earlier && earlier->priority >= waiter->priority) {
		while ((other = list_next_entry(&state->waiters, earlier, node)) &&
		       other->priority >= waiter->priority)
			earlier = other;
		list_insert_after(&earlier->node, &waiter->node);
		return;
	}
	list_for_each_entry_reverse(other, &state->waiters, node) {
		if (other->priority >= waiter->priority) {
			list_insert_after(&other->node, &waiter->node);
			return;
		}
	}
	list_add_head(&state->waiters, &waiter->node);
}

static void reposition(struct futex_pi_waiter *waiter)
{
	list_remove(&waiter->node);
	insert(waiter->state, waiter, NULL);
}

static int lent_priority(struct thread *owner)
{
	struct futex_pi_state *state;
	int best = 0;

	list_for_each_entry(state, &owner->pi_owned, owner_node) {
		const struct futex_pi_waiter *first = first_waiter(state);

		if (first && first->priority > best)
			best = first->priority;
	}
	return best;
}

/* What is lent to `thread` has changed: along the chain, as far as it makes a difference. */
static void propagate(struct thread *thread)
{
	for (;;) {
		int lent = lent_priority(thread);
		struct futex_pi_waiter *waiter = thread->pi_waiting;

		/* Nobody else changes it, so it can be read without its run queue's lock. */
		if (lent == thread->boosted_priority)
			return;
		schedule_set_boost(thread, lent);
		if (!waiter)
			return;
		reposition(waiter);
		thread = waiter->state->owner;
	}
}

/* Does a chain from `state` lead to `thread`? */
static bool would_close_ring(const struct futex_pi_state *state, const struct thread *thread)
{
	for (unsigned int depth = 0; depth < CHAIN_LIMIT; depth++) {
		const struct thread *owner = state->owner;

		if (owner == thread)
			return true;
		if (!owner->pi_waiting)
			return false;
		state = owner->pi_waiting->state;
	}
	return true;
}

static void unlink_waiter(struct futex_pi_waiter *waiter)
{
	list_remove(&waiter->node);
	waiter->state = NULL;
	waiter->thread->pi_waiting = NULL;
}

void futex_pi_priority_changed(struct thread *thread)
{
	spin_lock(&graph_lock);
	if (thread->pi_waiting) {
		reposition(thread->pi_waiting);
		propagate(thread->pi_waiting->state->owner);
	}
	spin_unlock(&graph_lock);
}

/* ---- states: the bucket locked ---- */

struct futex_pi_state *futex_pi_find(const struct futex_bucket *bucket,
				     const struct futex_key *key)
{
	struct futex_pi_state *state;

	list_for_each_entry(state, &bucket->pi_states, node) {
		if (futex_is_same(&state->key, key))
			return state;
	}
	return NULL;
}

/*
 * Who comes and goes needs the bucket, so this one stays a waiter; but a chain from another bucket
 * may move it in the queue at any time, and for that moment it is not even in there.
 */
static struct futex_pi_waiter *find_first_waiter(const struct futex_pi_state *state)
{
	struct futex_pi_waiter *first;

	spin_lock(&graph_lock);
	first = first_waiter(state);
	spin_unlock(&graph_lock);
	return first;
}

static bool is_unused(const struct futex_pi_state *state)
{
	return !state->owner_died && !find_first_waiter(state);
}

void futex_pi_drop_unused(struct futex_pi_state *state)
{
	if (!is_unused(state))
		return;
	spin_lock(&graph_lock);
	clear_owner(state);
	spin_unlock(&graph_lock);
	list_remove(&state->node);
	kfree(state);
}

int futex_pi_join(struct futex_pi_state *state, struct futex_pi_waiter *waiter,
		  struct futex_pi_waiter *earlier)
{
	int error = -EDEADLK;

	spin_lock(&graph_lock);
	if (!would_close_ring(state, waiter->thread)) {
		waiter->state = state;
		waiter->thread->pi_waiting = waiter;
		insert(state, waiter, earlier);
		propagate(state->owner);
		error = 0;
	}
	spin_unlock(&graph_lock);
	return error;
}

void futex_pi_leave(struct futex_pi_waiter *waiter)
{
	struct futex_pi_state *state = waiter->state;

	spin_lock(&graph_lock);
	unlink_waiter(waiter);
	propagate(state->owner);
	spin_unlock(&graph_lock);
	futex_pi_drop_unused(state);
}

/*
 * `next`, the first waiter when it was asked for, becomes the owner and wakes. `died`: the word has
 * yet to be told. NULL: there are no waiters, and the state goes.
 */
static void hand_over(struct futex_pi_state *state, struct futex_pi_waiter *next, bool died)
{
	struct thread *old = state->owner;

	state->owner_died = next && died;
	if (next) {
		spin_lock(&graph_lock);
		clear_owner(state);
		unlink_waiter(next);
		set_owner(state, next->thread, next->id);
		propagate(old);
		propagate(next->thread);
		spin_unlock(&graph_lock);
		atomic_store(&next->is_owner, true);
		(void)thread_wake(next->thread);
	}
	futex_pi_drop_unused(state);
}

/* ---- taking ---- */

int futex_pi_attempt_create(struct futex_pi_attempt *attempt, user_addr word,
			    const struct futex_key *key)
{
	*attempt = (struct futex_pi_attempt){ .word = word, .key = *key };
	attempt->spare = kzalloc(sizeof(*attempt->spare), 0);
	if (!attempt->spare)
		return -ENOMEM;
	attempt->spare->key = *key;
	list_init(&attempt->spare->waiters);
	return 0;
}

void futex_pi_attempt_begin(struct futex_pi_attempt *attempt)
{
	uint32_t value;

	attempt->owner = NULL;
	attempt->owner_id = 0;
	if (get_user_u32(&value, attempt->word))
		return;	/* the look with the bucket locked says so too */
	attempt->owner_id = value & FUTEX_OWNER_MASK;
	if (attempt->owner_id)
		attempt->owner = find_thread(attempt->owner_id);
}

int futex_pi_attempt_end(struct futex_pi_attempt *attempt, int result)
{
	if (attempt->owner)
		thread_put(attempt->owner);
	if (result == FUTEX_PI_FAULT && user_prefault(attempt->word, sizeof(uint32_t), true))
		return -EFAULT;
	if (result != FUTEX_PI_FAULT && result != FUTEX_PI_AGAIN)
		return result;
	return thread_is_interrupted(thread_current()) ? -EINTR : FUTEX_PI_AGAIN;
}

void futex_pi_attempt_destroy(struct futex_pi_attempt *attempt)
{
	kfree(attempt->spare);
}

/* 0, FUTEX_PI_FAULT, FUTEX_PI_AGAIN. */
static int change_word(user_addr word, uint32_t old, uint32_t new)
{
	uint32_t seen;

	if (user_word_compare_exchange(word, old, new, &seen))
		return FUTEX_PI_FAULT;
	return seen == old ? 0 : FUTEX_PI_AGAIN;
}

static int read_word(user_addr word, uint32_t *value)
{
	return copy_from_user_nofault(value, word, sizeof(*value)) ? FUTEX_PI_FAULT : 0;
}

static struct futex_pi_state *use_spare(struct futex_pi_attempt *attempt,
					struct futex_bucket *bucket)
{
	struct futex_pi_state *state = attempt->spare;

	attempt->spare = NULL;
	list_add_tail(&bucket->pi_states, &state->node);
	return state;
}

/* The word, which has `value`, names an owner that nobody waits for yet. */
static int attach(struct futex_pi_attempt *attempt, struct futex_bucket *bucket, uint32_t value,
		  struct futex_pi_state **out)
{
	uint32_t id = value & FUTEX_OWNER_MASK;
	bool is_closed;
	int result;

	if (id != attempt->owner_id)
		return FUTEX_PI_AGAIN;
	if (!(value & FUTEX_WAITERS)) {
		result = change_word(attempt->word, value, value | FUTEX_WAITERS);
		if (result)
			return result;
	}
	if (!attempt->owner)
		return -ESRCH;
	spin_lock(&graph_lock);
	set_owner(attempt->spare, attempt->owner, id);
	is_closed = atomic_load(&attempt->owner->pi_closed);
	if (is_closed)
		clear_owner(attempt->spare);
	spin_unlock(&graph_lock);
	if (!is_closed) {
		*out = use_spare(attempt, bucket);
		return 0;
	}
	/* Its robust list was gone through before it was closed: is the word changed by that? */
	result = read_word(attempt->word, &value);
	if (result)
		return result;
	return (value & FUTEX_OWNER_MASK) == id ? -ESRCH : FUTEX_PI_AGAIN;
}

int futex_pi_take_or_find(struct futex_pi_attempt *attempt, struct futex_bucket *bucket,
			  const struct futex_pi_waiter *waiter, uint32_t flags,
			  struct futex_pi_state **out)
{
	struct futex_pi_state *state;
	uint32_t value, id;
	int result = read_word(attempt->word, &value);

	if (result)
		return result;
	id = value & FUTEX_OWNER_MASK;
	if (id == waiter->id)
		return -EDEADLK;
	state = futex_pi_find(bucket, &attempt->key);
	if (state) {
		/* The word names the owner, or is about to; else the program has written to it. */
		if (!state->owner_died && id != state->owner_id &&
		    !(id == 0 && (value & FUTEX_OWNER_DIED)))
			return -EINVAL;
		*out = state;
		return 0;
	}
	if (futex_first_waiter(bucket, &attempt->key))
		return -EINVAL;
	if (id)
		return attach(attempt, bucket, value, out);
	result = change_word(attempt->word, value,
			     (value & FUTEX_OWNER_DIED) | waiter->id | flags);
	return result ? result : FUTEX_PI_TAKEN;
}

struct futex_pi_state *futex_pi_create_for(struct futex_pi_attempt *attempt,
					   struct futex_bucket *bucket,
					   const struct futex_pi_waiter *owner)
{
	struct futex_pi_state *state = use_spare(attempt, bucket);

	spin_lock(&graph_lock);
	set_owner(state, owner->thread, owner->id);
	spin_unlock(&graph_lock);
	return state;
}

/* ---- waiting ---- */

/* 0: the word names us. Bucket locked. */
static int claim(struct futex_pi_state *state, user_addr word, const struct futex_pi_waiter *waiter)
{
	uint32_t value;
	int result = read_word(word, &value);

	if (!result)
		result = change_word(word, value, waiter->id | FUTEX_WAITERS | FUTEX_OWNER_DIED);
	if (!result) {
		state->owner_died = false;
		futex_pi_drop_unused(state);
	}
	return result;
}

int futex_pi_claim(struct futex_bucket *bucket, const struct futex_key *key, user_addr word,
		   const struct futex_pi_waiter *waiter)
{
	bool can_write = true;

	for (;;) {
		struct futex_pi_state *state;
		int result = 0;

		spin_lock(&bucket->lock);
		state = futex_pi_find(bucket, key);
		if (state && state->owner == waiter->thread && state->owner_died) {
			if (can_write)
				result = claim(state, word, waiter);
			else
				hand_over(state, find_first_waiter(state), true);
		}
		spin_unlock(&bucket->lock);
		if (!can_write)
			return -EFAULT;
		if (!result)
			return 0;
		if (result == FUTEX_PI_FAULT)
			can_write = !user_prefault(word, sizeof(uint32_t), true);
	}
}

static int wait(struct futex_bucket *bucket, const struct futex_key *key, user_addr word,
		struct futex_pi_waiter *waiter, uint64_t deadline_ns)
{
	bool in_time = futex_pi_sleep(waiter, deadline_ns);
	bool is_owner;

	spin_lock(&bucket->lock);
	is_owner = atomic_load(&waiter->is_owner);
	if (!is_owner)
		futex_pi_leave(waiter);
	spin_unlock(&bucket->lock);
	if (is_owner)
		return futex_pi_claim(bucket, key, word, waiter);
	return in_time ? -EINTR : -ETIMEDOUT;
}

bool futex_pi_sleep(struct futex_pi_waiter *waiter, uint64_t deadline_ns)
{
	bool in_time = true;

	for (;;) {
		thread_prepare_sleep(THREAD_SLEEPING_INTERRUPTIBLE);
		if (atomic_load(&waiter->is_owner) || !in_time ||
		    thread_is_interrupted(waiter->thread)) {
			thread_cancel_sleep();
			return in_time;
		}
		in_time = thread_sleep_until(deadline_ns);
	}
}

/* FUTEX_PI_TAKEN; 0: we wait for it; or an error. */
static int take_or_join(struct futex_pi_attempt *attempt, struct futex_bucket *bucket,
			struct futex_pi_waiter *waiter, bool try_only)
{
	struct futex_pi_state *state;
	int result;

	do {
		futex_pi_attempt_begin(attempt);
		spin_lock(&bucket->lock);
		result = futex_pi_take_or_find(attempt, bucket, waiter, 0, &state);
		if (!result) {
			result = try_only ? -EAGAIN : futex_pi_join(state, waiter, NULL);
			futex_pi_drop_unused(state);
		}
		spin_unlock(&bucket->lock);
		result = futex_pi_attempt_end(attempt, result);
	} while (result == FUTEX_PI_AGAIN);
	return result;
}

int futex_pi_lock(struct address_space *space, user_addr word, bool shared, uint32_t id,
		  bool try_only, uint64_t deadline_ns)
{
	struct futex_pi_waiter waiter = { .thread = thread_current(), .id = id };
	struct futex_pi_attempt attempt;
	struct futex_bucket *bucket;
	struct futex_ref ref;
	int result;

	assert_may_sleep();
	result = futex_get_ref(space, word, shared, &ref);
	if (result)
		return result;
	bucket = futex_bucket_of(&ref.key);
	result = futex_pi_attempt_create(&attempt, word, &ref.key);
	if (result)
		goto put_ref;
	result = take_or_join(&attempt, bucket, &waiter, try_only);
	futex_pi_attempt_destroy(&attempt);
	if (result == FUTEX_PI_TAKEN)
		result = 0;
	else if (!result)
		result = wait(bucket, &ref.key, word, &waiter, deadline_ns);
put_ref:
	futex_put_ref(&ref);
	return result;
}

/* ---- giving up ---- */

/* The word had `value`, which names us. Bucket locked. */
static int unlock(struct futex_bucket *bucket, const struct futex_key *key, user_addr word,
		  uint32_t value)
{
	struct futex_pi_state *state = futex_pi_find(bucket, key);
	struct futex_pi_waiter *next;
	uint32_t now;
	int result;

	if (!state) {
		if (futex_first_waiter(bucket, key))
			return -EINVAL;
		result = change_word(word, value, 0);
		return result == FUTEX_PI_AGAIN ? -EAGAIN : result;
	}
	if (state->owner != thread_current())
		return -EINVAL;
	next = find_first_waiter(state);
	assert(next);
	result = change_word(word, value, FUTEX_WAITERS | next->id);
	if (!result) {
		hand_over(state, next, false);
	} else if (result == FUTEX_PI_AGAIN && !read_word(word, &now) &&
		   (now & FUTEX_OWNER_MASK) != value) {
		/* More than a waiter's flag has been written to it. */
		return -EINVAL;
	}
	return result;
}

int futex_pi_unlock(struct address_space *space, user_addr word, bool shared, uint32_t id)
{
	struct futex_bucket *bucket;
	struct futex_ref ref;
	uint32_t value;
	int result;

	do {
		if (get_user_u32(&value, word))
			return -EFAULT;
		if ((value & FUTEX_OWNER_MASK) != id)
			return -EPERM;
		result = futex_get_ref(space, word, shared, &ref);
		if (result)
			return result;
		bucket = futex_bucket_of(&ref.key);
		spin_lock(&bucket->lock);
		result = unlock(bucket, &ref.key, word, value);
		spin_unlock(&bucket->lock);
		futex_put_ref(&ref);
		if (result == FUTEX_PI_FAULT && user_prefault(word, sizeof(value), true))
			return -EFAULT;
	} while (result > 0 && !thread_is_killed(thread_current()));
	return result > 0 ? -EINTR : result;
}

/* A last waiter may have left meanwhile; only we hand our locks over. Bucket locked. */
static bool is_owned(struct thread *thread, const struct futex_pi_state *state,
		     const struct futex_bucket *bucket)
{
	bool found;

	spin_lock(&graph_lock);
	found = thread->pi_owned.head.next == &state->owner_node &&
		futex_bucket_of(&state->key) == bucket;
	spin_unlock(&graph_lock);
	return found;
}

void futex_pi_release(struct thread *thread, bool for_good)
{
	/* Then whoever finds us in a word does not wait; see set_owner for the other side. */
	if (for_good)
		atomic_store(&thread->pi_closed, true);
	while (atomic_load(&thread->pi_owned_count)) {
		struct futex_pi_state *state = NULL;
		struct futex_bucket *bucket;

		spin_lock(&graph_lock);
		if (!list_is_empty(&thread->pi_owned)) {
			state = container_of(thread->pi_owned.head.next, struct futex_pi_state,
					     owner_node);
			bucket = futex_bucket_of(&state->key);
		}
		spin_unlock(&graph_lock);
		if (!state)
			continue;
		spin_lock(&bucket->lock);
		if (is_owned(thread, state, bucket))
			hand_over(state, find_first_waiter(state), true);
		spin_unlock(&bucket->lock);
	}
}
