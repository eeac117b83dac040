/*
 * What each user has: threads (against LIMIT_PROCESSES), queued signals (LIMIT_PENDING_SIGNALS),
 * and files on their way through sockets (LIMIT_OPEN_FILES).
 *
 * One record a real user id that is in use, found through a small hash; it goes with its last
 * reference. The counts are atomic, so charging takes no lock once the record is at hand.
 */
#include "core/assert.h"
#include "lib/list.h"
#include "mem/slab.h"
#include "proc/internal.h"
#include "uapi/linux/capability.h"
#include "vfs/credentials.h"

/* [u] user_count_lock  [a] atomic  [I] immutable */
struct user_count {
	struct list_node node;	    /* [u] */
	user_id uid;		    /* [I] */
	struct refcount references; /* [a] 0 only under the lock */
	atomic_uint threads;	    /* [a] */
	atomic_uint signals;	    /* [a] */
	atomic_uint in_flight;	    /* [a] */
};

enum { USER_BUCKETS = 64 };

static struct spinlock user_count_lock = SPINLOCK_INIT(LOCK_RANK_USER_COUNT, "user counts");
static struct list buckets[USER_BUCKETS]; /* [user_count_lock] */
static struct slab_cache *cache;

void user_count_init(void)
{
	for (unsigned int i = 0; i < USER_BUCKETS; i++)
		list_init(&buckets[i]);
	cache = slab_cache_create("user_count", sizeof(struct user_count), 0);
}

static struct user_count *find(user_id uid)
{
	struct list *bucket = &buckets[uid % USER_BUCKETS];

	for (struct list_node *node = bucket->head.next; node != &bucket->head; node = node->next) {
		struct user_count *user = container_of(node, struct user_count, node);

		if (user->uid == uid)
			return user;
	}
	return NULL;
}

struct user_count *user_count_get(user_id uid)
{
	struct user_count *fresh = NULL;
	struct user_count *user;

	for (;;) {
		irq_flags flags = spin_lock_irq(&user_count_lock);

		user = find(uid);
		if (user) {
			refcount_get(&user->references);
		} else if (fresh) {
			list_add_head(&buckets[uid % USER_BUCKETS], &fresh->node);
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

void user_count_hold(struct user_count *user)
{
	refcount_get(&user->references);
}

void user_count_put(struct user_count *user)
{
	irq_flags flags;
	bool last;

	if (!user)
		return;
	flags = spin_lock_irq(&user_count_lock);
	last = refcount_put(&user->references);
	if (last)
		list_remove(&user->node);
	spin_unlock_irq(&user_count_lock, flags);
	if (last)
		slab_free(cache, user);
}

/* Add one unless that passes `limit`. Relaxed: the count guards no other data. */
static bool charge(atomic_uint *count, uint64_t limit)
{
	unsigned int old = atomic_load_explicit(count, memory_order_relaxed);

	do {
		if (old >= limit)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(count, &old, old + 1, memory_order_relaxed,
							memory_order_relaxed));
	return true;
}

bool user_count_charge(struct user_count *user, uint64_t limit)
{
	return charge(&user->threads, limit);
}

void user_count_uncharge(struct user_count *user)
{
	unsigned int old = atomic_fetch_sub_explicit(&user->threads, 1, memory_order_relaxed);

	assert(old > 0);
	(void)old;
}

bool user_count_charge_signal(struct user_count *user, uint64_t limit)
{
	return charge(&user->signals, limit);
}

void user_count_uncharge_signal(struct user_count *user)
{
	unsigned int old = atomic_fetch_sub_explicit(&user->signals, 1, memory_order_relaxed);

	assert(old > 0);
	(void)old;
}

/* As on Linux: whoever is not over the limit may pass it by one call. */
struct user_count *process_charge_in_flight(unsigned int count)
{
	struct user_count *user = user_thread_current()->charged;
	uint64_t limit = process_current()->limits.of[LIMIT_OPEN_FILES].current;
	const struct credentials *credentials = credentials_current();

	if (atomic_load_explicit(&user->in_flight, memory_order_relaxed) > limit &&
	    !credentials_capable(credentials, CAP_SYS_RESOURCE) &&
	    !credentials_capable(credentials, CAP_SYS_ADMIN))
		return NULL;
	atomic_fetch_add_explicit(&user->in_flight, count, memory_order_relaxed);
	user_count_hold(user);
	return user;
}

void process_uncharge_in_flight(struct user_count *user, unsigned int count)
{
	unsigned int old = atomic_fetch_sub_explicit(&user->in_flight, count,
						     memory_order_relaxed);

	assert(old >= count);
	(void)old;
	user_count_put(user);
}
