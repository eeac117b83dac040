/*
 * The table of dentries by parent and name.
 *
 * Readers walk a bucket's chain under RCU and take no lock. They may miss an entry that is being
 * moved by a rename, because its link may lead them into another chain; they never meet freed
 * memory. So a hit is believed if the tree's sequence did not change, and a miss is never believed:
 * dentry_get_cached looks again under the bucket's lock, where nothing moves.
 *
 * The table is sized once, by the memory of the machine. Buckets share locks: writers are rare, and
 * a lock a bucket would double the table.
 */
#include "vfs/internal.h"

#include "arch/cpu.h"
#include "core/assert.h"
#include "core/panic.h"
#include "lib/hash.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmalloc.h"

enum { BUCKET_LOCKS = 64 };

struct spinlock tree_lock = SPINLOCK_INIT(LOCK_RANK_MOUNT_HASH, "tree");
struct seqcount tree_sequence;
uint32_t dentry_hash_seed;

struct dentry *_Atomic *dentry_buckets;
unsigned int dentry_bucket_shift;
static struct spinlock bucket_locks[BUCKET_LOCKS];

void tree_write_begin(void)
{
	spin_lock(&tree_lock);
	seq_write_begin(&tree_sequence);
}

void tree_write_end(void)
{
	seq_write_end(&tree_sequence);
	spin_unlock(&tree_lock);
}

struct dentry *dentry_get_parent(const struct dentry *dentry)
{
	struct dentry *parent;

	spin_lock(&tree_lock);
	parent = dentry_parent(dentry);
	dentry_get(parent);
	spin_unlock(&tree_lock);
	return parent;
}

/* One bucket for 32 KiB of memory, at least a page of them. */
void dentry_cache_init(void)
{
	struct frame_counts counts;
	size_t count;

	page_frame_count(&counts);
	count = (size_t)1 << log2_floor(max((uint32_t)counts.total / 8, 1024u));
	count = min(count, (size_t)128 * 1024);
	dentry_buckets = kzalloc(count * sizeof(dentry_buckets[0]), 0);
	if (!dentry_buckets)
		panic("no memory for the dentry table");
	dentry_bucket_shift = 32 - log2_floor((uint32_t)count);
	if (!cpu_random_u32(&dentry_hash_seed))
		dentry_hash_seed = hash_u64(cpu_cycles());
	for (unsigned int i = 0; i < BUCKET_LOCKS; i++)
		spin_init(&bucket_locks[i], LOCK_RANK_DENTRY_HASH, "dentry bucket");
}

uint32_t dentry_hash_name(const struct dentry *parent, const char *name, size_t length)
{
	uint32_t hash = dentry_hash_begin(parent);

	for (size_t i = 0; i < length; i++)
		hash = dentry_hash_step(hash, name[i]);
	return hash;
}

static inline struct dentry *_Atomic *bucket_of(uint32_t hash)
{
	return &dentry_buckets[hash >> dentry_bucket_shift];
}

static struct spinlock *bucket_lock(uint32_t hash)
{
	return &bucket_locks[(hash >> dentry_bucket_shift) % BUCKET_LOCKS];
}

/* The live entry of that name; a dying one may still stand in its place. Bucket lock held. */
static struct dentry *find_locked(const struct dentry *parent, const char *name, size_t length,
				  uint32_t hash)
{
	struct dentry *dentry = rcu_read(*bucket_of(hash));

	for (; dentry; dentry = rcu_read(dentry->hash_next)) {
		if (dentry_is_named(dentry, parent, name, length, hash) && dentry_try_get(dentry))
			return dentry;
	}
	return NULL;
}

struct dentry *dentry_get_cached(const struct dentry *parent, const char *name, size_t length,
				 uint32_t hash)
{
	struct spinlock *lock = bucket_lock(hash);
	struct dentry *dentry;

	spin_lock(lock);
	dentry = find_locked(parent, name, length, hash);
	spin_unlock(lock);
	return dentry;
}

static void chain_add(struct dentry *dentry)
{
	struct dentry *_Atomic *bucket = bucket_of(dentry->hash);

	atomic_store_explicit(&dentry->hash_next, rcu_read(*bucket), memory_order_relaxed);
	rcu_assign(*bucket, dentry);
}

/* A reader that stands on it goes on from it as before: its own link is left alone. */
static void chain_remove(struct dentry *dentry)
{
	struct dentry *_Atomic *link = bucket_of(dentry->hash);

	while (rcu_read(*link) != dentry) {
		assert(rcu_read(*link));
		link = &rcu_read(*link)->hash_next;
	}
	rcu_assign(*link, rcu_read(dentry->hash_next));
}

/*
 * Entries named like `dentry`, all of them dying: a walk that looks at no reference would believe
 * them when the new one is gone again. Bucket lock held.
 */
static void remove_dying(const struct dentry *dentry)
{
	struct dentry *other = rcu_read(*bucket_of(dentry->hash));

	for (; other; other = rcu_read(other->hash_next)) {
		if (!dentry_is_named(other, dentry_parent(dentry), dentry->name, dentry->length,
				     dentry->hash))
			continue;
		atomic_fetch_or_explicit(&other->flags, DENTRY_UNHASHED, memory_order_acq_rel);
		chain_remove(other);
	}
}

struct dentry *dentry_insert(struct dentry *dentry)
{
	struct dentry *parent = dentry_parent(dentry);
	struct spinlock *lock = bucket_lock(dentry->hash);
	struct dentry *other;

	spin_lock(&parent->lock);
	spin_lock(lock);
	other = find_locked(parent, dentry->name, dentry->length, dentry->hash);
	if (!other) {
		remove_dying(dentry);
		atomic_fetch_and_explicit(&dentry->flags, ~(unsigned int)DENTRY_UNHASHED,
					  memory_order_relaxed);
		chain_add(dentry);
		list_add_head(&parent->children, &dentry->sibling);
	}
	spin_unlock(lock);
	spin_unlock(&parent->lock);
	return other;
}

void dentry_unhash(struct dentry *dentry)
{
	struct spinlock *lock = bucket_lock(dentry->hash);

	spin_lock(lock);
	if (!(atomic_fetch_or_explicit(&dentry->flags, DENTRY_UNHASHED, memory_order_acq_rel) &
	      DENTRY_UNHASHED))
		chain_remove(dentry);
	spin_unlock(lock);
}

void dentry_rehash(struct dentry *dentry, struct dentry *parent, const char *name, size_t length)
{
	struct spinlock *lock = bucket_lock(dentry->hash);
	bool is_hashed;

	spin_assert_held(&tree_lock);
	spin_lock(lock);
	is_hashed = !(dentry->flags & DENTRY_UNHASHED);
	if (is_hashed)
		chain_remove(dentry);
	spin_unlock(lock);

	atomic_store_explicit(&dentry->name, name, memory_order_release);
	atomic_store_explicit(&dentry->length, (unsigned short)length, memory_order_relaxed);
	atomic_store_explicit(&dentry->hash, dentry_hash_name(parent, name, length),
			      memory_order_relaxed);
	atomic_store_explicit(&dentry->parent, parent, memory_order_release);

	if (!is_hashed)
		return;
	lock = bucket_lock(dentry->hash);
	spin_lock(lock);
	chain_add(dentry);
	spin_unlock(lock);
}
