/*
 * What each user has.
 *
 * One record a real user id that is in use, found through a tree; it goes with its last
 * reference. The counts are atomic, so charging takes no lock once the record is at hand.
 */
#include "vfs/user_count.h"
#include "core/assert.h"
#include "core/refcount.h"
#include "core/spinlock.h"
#include "lib/rbtree.h"
#include "mem/slab.h"
#include "sched/run_queue.h"

/* [u] user_count_lock  [a] atomic  [I] immutable */
struct user_count {
	struct rbtree_node node;    /* [u] */
	user_id uid;		    /* [I] */
	struct refcount references; /* [a] 0 only under the lock */
	atomic_uint used[USER_RESOURCE_COUNT]; /* [a] */
	struct cpu_share shares[CPU_MAX];      /* the scheduler's */
};

static struct spinlock user_count_lock = SPINLOCK_INIT(LOCK_RANK_USER_COUNT, "user counts");
static struct rbtree users; /* [user_count_lock] by uid */
static struct slab_cache *cache;

void user_count_init(void)
{
	cache = slab_cache_create("user_count", sizeof(struct user_count), 0);
}

/* Locks: user_count_lock. NULL: none, and `fresh`, if there is one, is put in its place. */
static struct user_count *find_or_add(user_id uid, struct user_count *fresh)
{
	struct rbtree_node **link = &users.node, *parent = NULL;

	while (*link) {
		struct user_count *user = container_of(*link, struct user_count, node);

		if (user->uid == uid)
			return user;
		parent = *link;
		link = uid < user->uid ? &parent->left : &parent->right;
	}
	if (fresh) {
		rbtree_link(&fresh->node, parent, link);
		rbtree_insert_fixup(&users, &fresh->node);
	}
	return NULL;
}

struct user_count *user_count_get(user_id uid)
{
	struct user_count *fresh = NULL;
	struct user_count *user;

	for (;;) {
		irq_flags flags = spin_lock_irq(&user_count_lock);

		user = find_or_add(uid, fresh);
		if (user) {
			refcount_get(&user->references);
		} else if (fresh) {
			user = fresh;
			fresh = NULL;
		}
		spin_unlock_irq(&user_count_lock, flags);
		if (user)
			break;
		fresh = slab_alloc_zeroed(cache, 0);
		if (!fresh)
			return NULL;
		fresh->uid = uid;
		refcount_set(&fresh->references, 1);
	}
	slab_free(cache, fresh);
	return user;
}

struct cpu_share *user_count_shares(struct user_count *user)
{
	return user->shares;
}

void user_count_hold(struct user_count *user)
{
	refcount_get(&user->references);
}

void user_count_put(struct user_count *user)
{
	irq_flags flags;
	bool last;

	/* Each signal sent and each process ended comes here: no lock that all users share. */
	if (!user || likely(refcount_put_unless_last(&user->references)))
		return;
	flags = spin_lock_irq(&user_count_lock);
	last = refcount_put(&user->references);
	if (last)
		rbtree_remove(&users, &user->node);
	spin_unlock_irq(&user_count_lock, flags);
	if (last)
		slab_free(cache, user);
}

bool user_count_charge(struct user_count *user, enum user_resource resource, uint64_t limit)
{
	return user_count_try_charge_many(user, resource, 1, limit);
}

bool user_count_try_charge_many(struct user_count *user, enum user_resource resource,
				unsigned int count, uint64_t limit)
{
	atomic_uint *used = &user->used[resource];
	unsigned int old = atomic_load_explicit(used, memory_order_relaxed);

	/* Relaxed: the count guards no other data. */
	do {
		uint64_t sum = (uint64_t)old + count;

		if (sum > limit || sum > UINT32_MAX)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(used, &old, old + count,
							memory_order_relaxed,
							memory_order_relaxed));
	return true;
}

void user_count_uncharge(struct user_count *user, enum user_resource resource)
{
	user_count_uncharge_many(user, resource, 1);
}

unsigned int user_count_used(const struct user_count *user, enum user_resource resource)
{
	return atomic_load_explicit(&user->used[resource], memory_order_relaxed);
}

unsigned int user_count_used_by(user_id uid, enum user_resource resource)
{
	irq_flags flags = spin_lock_irq(&user_count_lock);
	struct user_count *user = find_or_add(uid, NULL);
	unsigned int used = user ? user_count_used(user, resource) : 0;

	spin_unlock_irq(&user_count_lock, flags);
	return used;
}

void user_count_charge_many(struct user_count *user, enum user_resource resource,
			    unsigned int count)
{
	atomic_fetch_add_explicit(&user->used[resource], count, memory_order_relaxed);
}

void user_count_uncharge_many(struct user_count *user, enum user_resource resource,
			      unsigned int count)
{
	unsigned int old =
		atomic_fetch_sub_explicit(&user->used[resource], count, memory_order_relaxed);

	assert(old >= count);
	(void)old;
}
