/*
 * Futexes: sleeping until somebody says that a word of user memory has changed.
 *
 * Keys. The word itself is only ever read by user code and, once, by us. Sleepers are filed under
 * what the word is: for a mapping that shows a file's own pages the page cache and the offset in
 * it, so that processes meet wherever they have mapped it; otherwise the address space and the
 * address. The backing of a mapping is held while somebody sleeps on it, so a cache's address names
 * one cache.
 *
 * No wake-up is lost. A sleeper enters its bucket and then looks at the word, all while it holds
 * the bucket's lock; a waker has changed the word before it looks into the bucket. Both have a
 * fence in between, so one of them sees the other, and a waker that finds an empty bucket needs no
 * lock: most wake nobody. The look at the word must not fault under a spinlock: it is tried with
 * faults off, and where that fails the page is faulted in and everything starts over.
 *
 * A sleeper's node is on its own stack. It is taken off under the bucket's lock, by the waker or by
 * the sleeper. A waker says "woken" first, then wakes, and lets go of the node last, by clearing
 * waiter->bucket: a sleeper that finds it cleared may return at once, and otherwise takes the lock,
 * and so waits for the waker. Requeueing moves a node to another bucket, so the sleeper looks which
 * bucket it is in again after locking it.
 */
#include "vm/futex.h"
#include "arch/user_copy.h"
#include "core/lock_check.h"
#include "mem/kmalloc.h"
#include "sched/schedule.h"
#include "sched/thread.h"
#include "uapi/linux/errno.h"
#include "vm/futex_internal.h"
#include "vm/internal.h"

struct futex_bucket futex_buckets[FUTEX_BUCKETS];

void futex_setup(void)
{
	for (unsigned int i = 0; i < FUTEX_BUCKETS; i++) {
		spin_init(&futex_buckets[i].lock, LOCK_RANK_FUTEX, "futex bucket");
		list_init(&futex_buckets[i].waiters);
		list_init(&futex_buckets[i].pi_states);
	}
}

/*
 * Is the region such that a word in it can be somebody's to wait for? As on Linux not if it cannot
 * be reached, nor if nobody can ever change it.
 */
static bool has_words(const struct region *region)
{
	return region->flags & REGION_WRITE || (region->flags & REGION_READ && region->cache);
}

/* Are its pages those of the file, rather than copies? */
static bool shows_file(const struct region *region)
{
	return region->cache && (region->flags & REGION_SHARED || !(region->flags & REGION_WRITE));
}

/* What a word is that processes may share: what is mapped there says it. Errors: -EFAULT. */
static noinline int get_shared_ref(struct address_space *space, uintptr_t address,
				   struct futex_ref *out)
{
	struct region *region;
	int error = 0;

	rwlock_read_lock(&space->lock);
	region = region_find(space, address);
	if (!region || !has_words(region)) {
		error = -EFAULT;
	} else if (shows_file(region)) {
		out->key.object = region->cache;
		out->key.offset = ((uint64_t)region_page_index(region, address) << PAGE_SHIFT) +
				  address % PAGE_SIZE;
		out->backing = region->backing;
		out->backing_ops = region->backing_ops;
		out->backing_ops->get(out->backing);
	}
	rwlock_read_unlock(&space->lock);
	return error;
}

static inline int get_ref(struct address_space *space, user_addr word, bool shared,
			  struct futex_ref *out)
{
	uintptr_t address = user_addr_value(word);

	if (unlikely(address % sizeof(uint32_t) != 0))
		return -EINVAL;
	if (unlikely(!user_range_ok(word, sizeof(uint32_t))))
		return -EFAULT;
	out->key = (struct futex_key){ .object = space, .offset = address };
	out->backing = NULL;
	return unlikely(shared) ? get_shared_ref(space, address, out) : 0;
}

int futex_get_ref(struct address_space *space, user_addr word, bool shared, struct futex_ref *out)
{
	return get_ref(space, word, shared, out);
}

static inline void put_ref(const struct futex_ref *ref)
{
	if (unlikely(ref->backing))
		ref->backing_ops->put(ref->backing);
}

void futex_put_ref(const struct futex_ref *ref)
{
	put_ref(ref);
}

/* ---- waiting ---- */

struct futex_bucket *futex_lock_bucket_of(struct futex_waiter *waiter)
{
	for (;;) {
		/* Acquire: pairs with the release in wake_waiter. */
		struct futex_bucket *bucket =
			atomic_load_explicit(&waiter->bucket, memory_order_acquire);

		if (!bucket)
			return NULL;
		spin_lock(&bucket->lock);
		if (bucket == atomic_load(&waiter->bucket))
			return bucket;
		spin_unlock(&bucket->lock);
	}
}

/* Off the list, if still on it: true. Afterwards no waker knows of us. */
static bool withdraw(struct futex_waiter *waiter)
{
	struct futex_bucket *bucket = futex_lock_bucket_of(waiter);
	bool was_waiting;

	if (!bucket)
		return false;
	was_waiting = list_node_is_linked(&waiter->node);
	if (was_waiting)
		list_remove(&waiter->node);
	spin_unlock(&bucket->lock);
	return was_waiting;
}

/* Behind all of its own priority: one walk of the bucket at most, as a wake-up is. */
static noinline void enter_by_priority(struct futex_bucket *bucket, struct futex_waiter *waiter,
				       struct futex_waiter *behind)
{
	struct futex_waiter *other = behind ? list_next_entry(&bucket->waiters, behind, node) :
					      list_first_entry(&bucket->waiters,
							       struct futex_waiter, node);

	while (other && other->priority >= waiter->priority)
		other = list_next_entry(&bucket->waiters, other, node);
	if (other)
		list_insert_before(&other->node, &waiter->node);
	else
		list_add_tail(&bucket->waiters, &waiter->node);
}

/* `behind`: one in the bucket of no lower priority, so that none before it need be looked at. */
static inline void enter(struct futex_bucket *bucket, struct futex_waiter *waiter,
			 struct futex_waiter *behind)
{
	if (unlikely(waiter->priority > 0))
		enter_by_priority(bucket, waiter, behind);
	else
		list_add_tail(&bucket->waiters, &waiter->node);
}

int futex_enqueue(struct futex_waiter *waiter, user_addr word, uint32_t expected)
{
	struct futex_bucket *bucket = atomic_load_explicit(&waiter->bucket, memory_order_relaxed);
	uint32_t value;

	waiter->priority = waiter->thread->realtime_priority;	/* ours: a hint is enough */
	for (;;) {
		int error;

		spin_lock(&bucket->lock);
		enter(bucket, waiter, NULL);
		atomic_thread_fence(memory_order_seq_cst); /* pairs with seems_unused */
		error = get_user_u32_nofault(&value, word);
		if (error || value != expected)
			list_remove(&waiter->node);
		spin_unlock(&bucket->lock);
		if (!error)
			return value == expected ? 0 : -EAGAIN;
		if (user_prefault(word, sizeof(value), false))
			return -EFAULT;
	}
}

static int sleep_until_woken(struct futex_waiter *waiter, uint64_t deadline_ns)
{
	bool in_time = true;

	for (;;) {
		thread_prepare_sleep(THREAD_SLEEPING_INTERRUPTIBLE);
		if (atomic_load(&waiter->is_woken) || !in_time ||
		    thread_is_interrupted(waiter->thread)) {
			thread_cancel_sleep();
			break;
		}
		/* Mostly for ever, and what would end the sleep at once has just been looked at. */
		if (likely(deadline_ns == UINT64_MAX))
			schedule();
		else
			in_time = thread_sleep_until(deadline_ns);
	}
	if (!withdraw(waiter))
		return 0;	/* woken, even if something else happened as well */
	return in_time ? -EINTR : -ETIMEDOUT;
}

int futex_wait(struct address_space *space, user_addr word, uint32_t expected, uint32_t bitset,
	       bool shared, uint64_t deadline_ns)
{
	struct futex_waiter waiter = { .bitset = bitset, .thread = thread_current() };
	struct futex_ref ref;
	int error;

	assert_may_sleep();
	if (bitset == 0)
		return -EINVAL;
	error = get_ref(space, word, shared, &ref);
	if (error)
		return error;
	waiter.key = ref.key;
	atomic_init(&waiter.bucket, futex_bucket_of(&ref.key));
	error = futex_enqueue(&waiter, word, expected);
	if (!error)
		error = sleep_until_woken(&waiter, deadline_ns);
	put_ref(&ref);
	return error;
}

/* ---- waiting for one of many ---- */

struct many {
	struct futex_waiter waiter;
	struct futex_ref ref;
};

/* Off all the first `count` lists: the last that was woken, or -1. */
static int withdraw_all(struct many *list, unsigned int count)
{
	int woken = -1;

	for (unsigned int i = 0; i < count; i++) {
		if (!withdraw(&list[i].waiter))
			woken = (int)i;
	}
	return woken;
}

static bool is_any_woken(struct many *list, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (atomic_load(&list[i].waiter.is_woken))
			return true;
	}
	return false;
}

static int sleep_until_any(struct many *list, unsigned int count, uint64_t deadline_ns)
{
	bool in_time = true;
	int woken;

	for (;;) {
		thread_prepare_sleep(THREAD_SLEEPING_INTERRUPTIBLE);
		if (is_any_woken(list, count) || !in_time ||
		    thread_is_interrupted(thread_current())) {
			thread_cancel_sleep();
			break;
		}
		in_time = thread_sleep_until(deadline_ns);
	}
	woken = withdraw_all(list, count);
	if (woken >= 0)
		return woken;
	return in_time ? -EINTR : -ETIMEDOUT;
}

/* Into all buckets, one after another; who was woken meanwhile need not enter the rest. */
static int enqueue_all(struct many *list, const struct futex_wish *wishes, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		int error = futex_enqueue(&list[i].waiter, wishes[i].word, wishes[i].expected);
		int woken;

		if (!error)
			continue;
		woken = withdraw_all(list, i);
		return woken >= 0 ? woken : error;
	}
	return -EINPROGRESS;
}

int futex_wait_any(struct address_space *space, const struct futex_wish *wishes,
		   unsigned int count, uint64_t deadline_ns)
{
	struct many *list = kmalloc_array(count, sizeof(*list), 0);
	unsigned int ready;
	int result = 0;

	assert_may_sleep();
	if (!list)
		return -ENOMEM;
	for (ready = 0; ready < count; ready++) {
		struct many *one = &list[ready];

		*one = (struct many){ .waiter = { .bitset = UINT32_MAX,
						  .thread = thread_current() } };
		result = futex_get_ref(space, wishes[ready].word, wishes[ready].shared, &one->ref);
		if (result)
			break;
		one->waiter.key = one->ref.key;
		atomic_init(&one->waiter.bucket, futex_bucket_of(&one->ref.key));
	}
	if (!result)
		result = enqueue_all(list, wishes, count);
	if (result == -EINPROGRESS)
		result = sleep_until_any(list, count, deadline_ns);
	while (ready > 0)
		futex_put_ref(&list[--ready].ref);
	kfree(list);
	return result;
}

/* ---- waking ---- */

struct futex_waiter *futex_first_waiter(const struct futex_bucket *bucket,
					const struct futex_key *key)
{
	struct futex_waiter *waiter;

	list_for_each_entry(waiter, &bucket->waiters, node) {
		if (futex_is_same(&waiter->key, key))
			return waiter;
	}
	return NULL;
}

static void wake_waiter(struct futex_waiter *waiter)
{
	list_remove(&waiter->node);
	/* Relaxed: thread_wake begins with a full barrier. */
	atomic_store_explicit(&waiter->is_woken, true, memory_order_relaxed);
	(void)thread_wake(waiter->thread);
	/* Release: the node is its owner's again. */
	atomic_store_explicit(&waiter->bucket, NULL, memory_order_release);
}

static inline bool is_pi_lock(const struct futex_bucket *bucket, const struct futex_key *key)
{
	return unlikely(!list_is_empty(&bucket->pi_states)) && futex_pi_find(bucket, key);
}

/*
 * Up to `count` sleepers of the key; like Linux, which counts after it has woken one, at least one.
 * Bucket locked. Errors: -EINVAL: one of them waits for a lock with priority inheritance, or to be
 * moved to one.
 */
static int wake_locked(struct futex_bucket *bucket, const struct futex_key *key, uint32_t count,
		       uint32_t bitset)
{
	struct futex_waiter *waiter, *following;
	int woken = 0;

	if (is_pi_lock(bucket, key))
		return -EINVAL;
	list_for_each_entry_safe(waiter, following, &bucket->waiters, node) {
		if (!futex_is_same(&waiter->key, key) || !(waiter->bitset & bitset))
			continue;
		if (waiter->pi)
			return -EINVAL;
		wake_waiter(waiter);
		if (++woken >= (int)count)
			break;
	}
	return woken;
}

/*
 * Without the lock: nobody sleeps here who came before the caller's last change of a word. (A
 * waiter for a lock with priority inheritance came by way of the word too.)
 */
static inline bool seems_unused(const struct futex_bucket *bucket)
{
	atomic_thread_fence(memory_order_seq_cst); /* pairs with futex_enqueue */
	return list_seems_empty(&bucket->waiters) && list_seems_empty(&bucket->pi_states);
}

static always_inline int wake_ref(const struct futex_ref *ref, uint32_t count, uint32_t bitset)
{
	struct futex_bucket *bucket = futex_bucket_of(&ref->key);
	int woken = 0;

	if (!seems_unused(bucket)) {
		spin_lock(&bucket->lock);
		woken = wake_locked(bucket, &ref->key, count, bitset);
		spin_unlock(&bucket->lock);
	}
	return woken;
}

int futex_wake(struct address_space *space, user_addr word, uint32_t count, uint32_t bitset,
	       bool shared)
{
	struct futex_ref ref;
	int woken, error;

	if (unlikely(bitset == 0))
		return -EINVAL;
	error = get_ref(space, word, shared, &ref);
	if (unlikely(error))
		return error;
	woken = wake_ref(&ref, count, bitset);
	put_ref(&ref);
	return woken;
}

/*
 * Up to `count` sleepers of `from` become those of `to`. They are met by falling priority and each
 * goes behind the one before, so that all together walk the target once. Both buckets locked.
 * Errors: -EINVAL.
 */
static int requeue_locked(struct futex_bucket *source, const struct futex_key *from,
			  struct futex_bucket *target, const struct futex_key *to, uint32_t count)
{
	struct futex_waiter *waiter, *following, *before = NULL;
	uint32_t moved = 0;

	list_for_each_entry_safe(waiter, following, &source->waiters, node) {
		if (moved == count)
			break;
		if (!futex_is_same(&waiter->key, from))
			continue;
		if (waiter->pi)
			return -EINVAL;
		moved++;
		/*
		 * A sleeper holds what its old key is about, and no more. Where the new one is
		 * about something else it is woken instead: its own look at the word decides.
		 */
		if (from->object != to->object) {
			wake_waiter(waiter);
			continue;
		}
		if (futex_is_same(from, to))
			continue;
		/* In the same bucket it is met again, with another key. */
		waiter->key = *to;
		list_remove(&waiter->node);
		enter(target, waiter, before);
		before = waiter;
		atomic_store(&waiter->bucket, target);
	}
	return (int)moved;
}

int futex_lock_pair(struct futex_bucket *a, struct futex_bucket *b, bool compare, user_addr word,
		     uint32_t expected)
{
	for (;;) {
		uint32_t value = expected;
		int error = 0;

		spin_lock_pair(&a->lock, &b->lock);
		if (compare)
			error = get_user_u32_nofault(&value, word);
		if (!error && value == expected)
			return 0;
		spin_unlock_pair(&a->lock, &b->lock);
		if (!error)
			return -EAGAIN;
		if (user_prefault(word, sizeof(value), false))
			return -EFAULT;
	}
}

int futex_requeue(struct address_space *space, user_addr word, user_addr target,
		  uint32_t wake_count, uint32_t requeue_count, bool compare, uint32_t expected,
		  bool shared)
{
	struct futex_bucket *source_bucket, *target_bucket;
	struct futex_ref from, to;
	int woken, moved = 0, error;

	error = futex_get_ref(space, word, shared, &from);
	if (error)
		return error;
	error = futex_get_ref(space, target, shared, &to);
	if (error)
		goto put_from;
	source_bucket = futex_bucket_of(&from.key);
	target_bucket = futex_bucket_of(&to.key);
	error = futex_lock_pair(source_bucket, target_bucket, compare, word, expected);
	if (error)
		goto put_to;
	if (wake_count > 0)
		woken = wake_locked(source_bucket, &from.key, wake_count, UINT32_MAX);
	else
		woken = is_pi_lock(source_bucket, &from.key) ? -EINVAL : 0;
	if (woken >= 0)
		moved = requeue_locked(source_bucket, &from.key, target_bucket, &to.key,
				       requeue_count);
	spin_unlock_pair(&source_bucket->lock, &target_bucket->lock);
	error = woken < 0 ? woken : moved < 0 ? moved : woken + moved;
put_to:
	futex_put_ref(&to);
put_from:
	futex_put_ref(&from);
	return error;
}

/* ---- FUTEX_WAKE_OP ---- */

/* futex(2): operation << 28 | comparison << 24 | operand << 12 | comparison's operand. */
static int compute(uint32_t operation, uint32_t old, uint32_t *value)
{
	uint32_t operand = (uint32_t)((int32_t)(operation << 8) >> 20);

	if (operation & 0x80000000u)	/* FUTEX_OP_OPARG_SHIFT */
		operand = 1u << (operand & 31);
	switch (operation >> 28 & 7) {
	case 0:
		*value = operand;
		return 0;
	case 1:
		*value = old + operand;
		return 0;
	case 2:
		*value = old | operand;
		return 0;
	case 3:
		*value = old & ~operand;
		return 0;
	case 4:
		*value = old ^ operand;
		return 0;
	default:
		return -ENOSYS;
	}
}

/* Does the old value satisfy the comparison? Negative: no such comparison. */
static int compare_old(uint32_t operation, uint32_t old)
{
	int32_t operand = (int32_t)(operation << 20) >> 20;
	int32_t value = (int32_t)old;

	switch (operation >> 24 & 15) {
	case 0:
		return value == operand;
	case 1:
		return value != operand;
	case 2:
		return value < operand;
	case 3:
		return value <= operand;
	case 4:
		return value > operand;
	case 5:
		return value >= operand;
	default:
		return -ENOSYS;
	}
}

/* Change the word as told, atomically. Errors: -EFAULT, -ENOSYS. No locks: faults are handled. */
static int change_word(user_addr word, uint32_t operation, uint32_t *old)
{
	uint32_t seen, value;
	int error = get_user_u32(&seen, word);

	while (!error) {
		*old = seen;
		error = compute(operation, *old, &value);
		if (error)
			return error;
		error = user_word_compare_exchange(word, *old, value, &seen);
		if (!error && seen == *old)
			return 0;
		if (error == -EFAULT) {
			error = user_prefault(word, sizeof(*old), true);
			if (!error)
				error = get_user_u32(&seen, word);
		}
	}
	return error;
}

/* The word is changed before any sleeper is looked at: none can go to sleep unseen. */
static int wake_op(const struct futex_ref *ref, const struct futex_ref *ref2, user_addr word2,
		   uint32_t wake_count, uint32_t wake_count2, uint32_t operation)
{
	uint32_t old = 0;
	int holds, woken, woken2;
	int error = change_word(word2, operation, &old);

	if (error)
		return error;
	holds = compare_old(operation, old);
	if (holds < 0)
		return holds;
	woken = wake_ref(ref, wake_count, UINT32_MAX);
	if (woken < 0 || !holds)
		return woken;
	woken2 = wake_ref(ref2, wake_count2, UINT32_MAX);
	return woken2 < 0 ? woken2 : woken + woken2;
}

int futex_wake_op(struct address_space *space, user_addr word, user_addr word2, uint32_t wake_count,
		  uint32_t wake_count2, uint32_t operation, bool shared)
{
	struct futex_ref ref, ref2;
	int result;

	result = futex_get_ref(space, word, shared, &ref);
	if (result)
		return result;
	result = futex_get_ref(space, word2, shared, &ref2);
	if (!result) {
		result = wake_op(&ref, &ref2, word2, wake_count, wake_count2, operation);
		futex_put_ref(&ref2);
	}
	futex_put_ref(&ref);
	return result;
}
