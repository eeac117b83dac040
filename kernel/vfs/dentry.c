/*
 * Dentries: the names of the tree, as far as somebody asked for them.
 *
 * A dentry stands for one name in one directory. Positive, it keeps its inode; negative, it
 * remembers that the name does not exist. A child keeps its parent, so the dentries of a file
 * system are a tree with the root at the top.
 *
 * States, and the function that moves it:
 *	(new) -> used		dentry_create		references 1, found by nobody
 *	used -> findable	dentry_insert		in the table (and still used)
 *	negative -> positive	dentry_instantiate	never back: a deleted one is unhashed
 *	findable -> unhashed	dentry_unhash		deleted, or outdated; never back
 *	used <-> unused		dentry_put, dentry_try_get	references 0, on the unused list
 *	unused -> dying		claim()			references negative: nobody gets it any more
 *	dying -> freed		kill(), then RCU
 * An unhashed dentry whose last reference goes dies at once; others wait on the unused list for the
 * shrinker.
 *
 * Using a cached dentry writes to nothing but its reference count: it stays on the unused list
 * while it is used, and the shrinker drops those that it finds in use from the list. Whoever puts
 * the last reference and finds it off the list puts it back. Both sides change first (count, flag)
 * and look second (flag, count), so one of them sees.
 *
 * A directory has one dentry. On a broken disk two names may lead to one directory; whoever locked
 * two by their places in the tree would then wait for himself, or two would for each other. So the
 * inode knows its dentry, and as long as that lives another name cannot be looked up.
 *
 * Invariants:
 *  1. A dentry on a chain of the table is not UNHASHED, and the other way round.
 *  2. references >= number of children + stored references.
 *  3. An unused dentry that is not UNHASHED is on the unused list, or about to be put there.
 *
 * Locks: LRU lock, then a dentry's lock (children), then a bucket's. Inodes are put without any.
 */
#include "vfs/dentry.h"

#include "core/assert.h"
#include "core/panic.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "mem/slab.h"
#include "sched/wait_queue.h"
#include "uapi/linux/errno.h"
#include "vfs/internal.h"
#include "vfs/notify.h"
#include "vm/writeback.h"

enum {
	DYING = -0x20000000,	/* references of a claimed dentry */
	PRUNE_BATCH = 16,
	SCAN_BATCH = 256,	/* looked at with the lock held */
};

struct external_name {
	struct rcu_head rcu;
	char text[];
};

static struct slab_cache *dentry_slab;
static struct spinlock lru_lock = SPINLOCK_INIT(LOCK_RANK_DENTRY_LRU, "unused dentries");
static struct list unused_dentries = LIST_INIT(unused_dentries); /* [lru_lock] oldest first */
static size_t unused_count;						/* [lru_lock] */
static struct wait_queue prune_queue;	/* an end of a file system waits for prunes that run */

int dentry_name_create(const char *name, size_t length, const char **out)
{
	struct external_name *external = kmalloc(sizeof(*external) + length + 1, 0);

	if (!external)
		return -ENOMEM;
	memcpy(external->text, name, length);
	external->text[length] = 0;
	*out = external->text;
	return 0;
}

static void free_name(struct rcu_head *head)
{
	kfree(container_of(head, struct external_name, rcu));
}

void dentry_name_destroy(const char *name)
{
	kfree(container_of((char *)(uintptr_t)name, struct external_name, text));
}

/* Readers may still compare with it. */
static void retire_name(const struct dentry *dentry, const char *name)
{
	if (name != dentry->inline_name)
		rcu_call(&container_of((char *)(uintptr_t)name, struct external_name, text)->rcu,
			 free_name);
}

struct dentry *dentry_create(struct super_block *super, struct dentry *parent, const char *name,
			     size_t length, struct inode *inode)
{
	struct dentry *dentry = slab_alloc_zeroed(dentry_slab, 0);
	const char *text;

	if (!dentry)
		return NULL;
	if (length < DENTRY_INLINE_NAME) {
		memcpy(dentry->inline_name, name, length);
		text = dentry->inline_name;
	} else if (dentry_name_create(name, length, &text) != 0) {
		slab_free(dentry_slab, dentry);
		return NULL;
	}
	refcount_set(&dentry->references, 1);
	dentry->flags = DENTRY_UNHASHED;
	dentry->name = text;
	dentry->length = (unsigned short)length;
	dentry->super = super;
	spin_init(&dentry->lock, LOCK_RANK_DENTRY, "dentry");
	list_init(&dentry->children);
	if (parent)
		dentry_get(parent);
	dentry->parent = parent ? parent : dentry;
	dentry->hash = dentry_hash_name(dentry->parent, name, length);
	if (inode)
		dentry_instantiate(dentry, inode);
	return dentry;
}

static void set_flag(struct dentry *dentry, enum dentry_flags flag)
{
	atomic_fetch_or_explicit(&dentry->flags, flag, memory_order_relaxed);
}

void dentry_instantiate(struct dentry *dentry, struct inode *inode)
{
	assert(!dentry_inode(dentry));
	inode_settle(inode);
	if (inode->ops && inode->ops->revalidate)
		set_flag(dentry, DENTRY_REVALIDATE);
	/* Release: pairs with dentry_inode(), whose callers read the fields without a lock. */
	atomic_store_explicit(&dentry->inode, inode, memory_order_release);
	/* A name that was found missing: the file system has just made what it leads to. */
	if (!(atomic_load_explicit(&dentry->flags, memory_order_relaxed) & DENTRY_UNHASHED))
		(void)!dentry_take_directory(dentry);
}

/*
 * One of the same name is the same place: who inserts it comes too late, or it is being inserted.
 * Of `other` nothing but its parent may be believed if that is not ours; if it is, the lock of our
 * directory, which our callers hold, keeps its name.
 */
static bool is_same_place(const struct dentry *other, const struct dentry *dentry)
{
	return dentry_is_named(other, dentry_parent(dentry), dentry->name, dentry->length,
			       dentry->hash);
}

bool dentry_take_directory(struct dentry *dentry)
{
	struct inode *inode = dentry_inode(dentry);
	const struct dentry *other;
	bool is_first;

	if (!inode || !inode_is(inode, MODE_DIRECTORY))
		return true;
	spin_lock(&inode->state_lock);
	other = inode->only_dentry;
	/* One that lives stays in memory as long as we hold the lock: see kill(). */
	is_first = !other || refcount_read(&other->references) < 0 ||
		   is_same_place(other, dentry);
	if (is_first)
		inode->only_dentry = dentry;
	spin_unlock(&inode->state_lock);
	return is_first;
}

static void release_directory(const struct dentry *dentry, struct inode *inode)
{
	spin_lock(&inode->state_lock);
	if (inode->only_dentry == dentry)
		inode->only_dentry = NULL;
	spin_unlock(&inode->state_lock);
}

/* From unused to dying: then it belongs to the caller alone. */
static bool claim(struct dentry *dentry)
{
	int unused = 0;

	return atomic_compare_exchange_strong_explicit(&dentry->references.count, &unused, DYING,
						       memory_order_acq_rel, memory_order_relaxed);
}

static void free_dentry(struct rcu_head *head)
{
	struct dentry *dentry = container_of(head, struct dentry, rcu);
	const char *name = atomic_load_explicit(&dentry->name, memory_order_relaxed);

	if (name != dentry->inline_name)
		dentry_name_destroy(name);
	slab_free(dentry_slab, dentry);
}

/* Returns the parent, whose reference is now the caller's, or NULL. May sleep. */
static struct dentry *kill(struct dentry *dentry)
{
	struct dentry *parent = dentry_parent(dentry);
	struct inode *inode = dentry_inode(dentry);

	assert(list_is_empty(&dentry->children));
	spin_lock(&lru_lock);
	if (list_node_is_linked(&dentry->unused_node)) {
		list_remove(&dentry->unused_node);
		unused_count--;
	}
	spin_unlock(&lru_lock);
	dentry_unhash(dentry);
	if (parent != dentry) {
		spin_lock(&parent->lock);
		if (list_node_is_linked(&dentry->sibling))
			list_remove(&dentry->sibling);
		spin_unlock(&parent->lock);
	}
	if (inode) {
		notify_dentry_dies(inode);
		if (inode_is(inode, MODE_DIRECTORY))
			release_directory(dentry, inode);
		inode_put(inode);
	}
	/* One without a directory was never in the table: no walk can stand on it. */
	if (dentry->flags & DENTRY_ANONYMOUS)
		free_dentry(&dentry->rcu);
	else
		rcu_call(&dentry->rcu, free_dentry);
	return parent != dentry ? parent : NULL;
}

/* Nobody uses it now: remember it for the shrinker, if it still lives. Under RCU. */
static void list_unused(struct dentry *dentry)
{
	spin_lock(&lru_lock);
	if (!list_node_is_linked(&dentry->unused_node) &&
	    atomic_load_explicit(&dentry->references.count, memory_order_relaxed) >= 0) {
		list_add_tail(&unused_dentries, &dentry->unused_node);
		unused_count++;
		set_flag(dentry, DENTRY_UNUSED_LISTED);
	}
	spin_unlock(&lru_lock);
}

/* Returns the parent whose reference is to be dropped next, or NULL. */
static struct dentry *put_one(struct dentry *dentry)
{
	unsigned int flags;
	bool dies;

	rcu_read_lock(); /* once the count is 0, another may free it */
	if (likely(!refcount_put(&dentry->references))) {
		rcu_read_unlock();
		return NULL;
	}
	flags = atomic_load_explicit(&dentry->flags, memory_order_acquire);
	dies = (flags & DENTRY_UNHASHED) && claim(dentry);
	if (!(flags & DENTRY_UNHASHED)) {
		if (!(flags & DENTRY_REFERENCED))
			set_flag(dentry, DENTRY_REFERENCED);
		if (unlikely(!(flags & DENTRY_UNUSED_LISTED)))
			list_unused(dentry);
	}
	rcu_read_unlock();
	return dies ? kill(dentry) : NULL;
}

/* A child's end may be its parent's. NULL is nothing. */
static void put_chain(struct dentry *dentry)
{
	while (dentry)
		dentry = put_one(dentry);
}

void dentry_put(struct dentry *dentry)
{
	int old = atomic_load_explicit(&dentry->references.count, memory_order_relaxed);

	while (old > 1) { /* not the last: nothing else to do, and nothing to look at afterwards */
		if (atomic_compare_exchange_weak_explicit(&dentry->references.count, &old, old - 1,
							  memory_order_release,
							  memory_order_relaxed))
			return;
	}
	put_chain(dentry);
}

void dentry_prune_children(struct dentry *dentry)
{
	struct dentry *claimed[PRUNE_BATCH];
	unsigned int count;

	do {
		struct dentry *child;

		count = 0;
		spin_lock(&dentry->lock);
		list_for_each_entry (child, &dentry->children, sibling) {
			if (count == PRUNE_BATCH)
				break;
			if (claim(child))
				claimed[count++] = child;
		}
		spin_unlock(&dentry->lock);
		for (unsigned int i = 0; i < count; i++)
			put_chain(kill(claimed[i]));
	} while (count == PRUNE_BATCH);
}

/* ---- the shrinker ---------------------------------------------------------------------------- */

/* It is in use: off the list, unless its last user left just now. LRU lock held. */
static void unlist_used(struct dentry *dentry)
{
	/* The flag first, then the count: put_one does it the other way round. */
	atomic_fetch_and(&dentry->flags, ~(unsigned int)DENTRY_UNUSED_LISTED);
	if (atomic_load(&dentry->references.count) == 0) {
		set_flag(dentry, DENTRY_UNUSED_LISTED);
		list_move_tail(&unused_dentries, &dentry->unused_node);
		return;
	}
	list_remove(&dentry->unused_node);
	unused_count--;
}

/* Was it used since the last time? From now on it was not. */
static bool take_second_chance(struct dentry *dentry)
{
	unsigned int flags = atomic_fetch_and_explicit(
		&dentry->flags, ~(unsigned int)DENTRY_REFERENCED, memory_order_relaxed);

	return flags & DENTRY_REFERENCED;
}

/* Does it stay, when those of `super` go, or (NULL) those not used lately? */
static bool is_passed_over(struct dentry *dentry, const struct super_block *super)
{
	if (super)
		return dentry->super != super;
	return refcount_read(&dentry->references) == 0 && take_second_chance(dentry);
}

/*
 * Claim up to PRUNE_BATCH unused dentries among the next of the `*scan` oldest, of `super` only
 * unless it is NULL (then recently used ones get a second chance). Returns how many; *scan counts
 * down, by SCAN_BATCH at most: as long as the lock is held.
 */
static unsigned int claim_batch(struct super_block *super, size_t *scan, struct dentry **claimed)
{
	unsigned int count = 0;

	spin_lock(&lru_lock);
	for (unsigned int i = 0; i < SCAN_BATCH && *scan > 0 && count < PRUNE_BATCH; i++) {
		struct dentry *dentry =
			list_first_entry(&unused_dentries, struct dentry, unused_node);

		if (!dentry)
			break;
		--*scan;
		if (is_passed_over(dentry, super)) {
			list_move_tail(&unused_dentries, &dentry->unused_node);
		} else if (claim(dentry)) {
			list_remove(&dentry->unused_node);
			unused_count--;
			atomic_fetch_add_explicit(&dentry->super->prunes_begun, 1,
						  memory_order_relaxed);
			claimed[count++] = dentry;
		} else {
			unlist_used(dentry);
		}
	}
	spin_unlock(&lru_lock);
	return count;
}

static size_t unused_total(void)
{
	size_t count;

	spin_lock(&lru_lock);
	count = unused_count;
	spin_unlock(&lru_lock);
	return count;
}

/* The end of what claim_batch began. The file system may be gone when this returns. */
static void prune(struct dentry *dentry)
{
	struct super_block *super = dentry->super;

	put_chain(kill(dentry));
	atomic_fetch_add_explicit(&super->prunes_ended, 1, memory_order_release);
	wait_queue_wake_all(&prune_queue, 0);
}

/* One pass over what is on the list now; parents that become unused come to its end. */
static size_t prune_pass(struct super_block *super, size_t wanted)
{
	struct dentry *claimed[PRUNE_BATCH];
	size_t scan = unused_total();
	size_t freed = 0;

	while (scan > 0 && freed < wanted) {
		unsigned int count = claim_batch(super, &scan, claimed);

		for (unsigned int i = 0; i < count; i++)
			prune(claimed[i]);
		freed += count;
		if (count == 0 && scan > 0 && unused_total() == 0)
			break;
	}
	return freed;
}

static unsigned int prunes_begun(struct super_block *super)
{
	return atomic_load_explicit(&super->prunes_begun, memory_order_acquire);
}

static unsigned int prunes_ended(struct super_block *super)
{
	return atomic_load_explicit(&super->prunes_ended, memory_order_acquire);
}

/*
 * The shrinker may have claimed some just now, and their parents are still in use until it is done
 * with them. So: until none is being pruned, and none was while the list was gone through.
 */
void dentry_prune_super(struct super_block *super)
{
	unsigned int before;

	do {
		before = prunes_ended(super);
		prune_pass(super, SIZE_MAX);
		wait_event(&prune_queue, prunes_ended(super) == prunes_begun(super));
	} while (prunes_ended(super) != before);
}

static size_t shrink(size_t wanted)
{
	size_t freed = prune_pass(NULL, wanted);

	/* The first pass may only have taken away second chances. */
	if (freed == 0 || wanted == SIZE_MAX) {
		size_t more;

		do {
			more = prune_pass(NULL, wanted);
			freed += more;
		} while (more > 0 && wanted == SIZE_MAX);
	}
	return freed;
}

static struct shrinker dentry_shrinker = { .name = "dentry", .shrink = shrink };

/* ---- rename ---------------------------------------------------------------------------------- */

static void move_sibling(struct dentry *dentry, struct dentry *from, struct dentry *to)
{
	if (from == to)
		return;
	spin_lock(&from->lock);
	if (list_node_is_linked(&dentry->sibling))
		list_remove(&dentry->sibling);
	spin_unlock(&from->lock);
	spin_lock(&to->lock);
	list_add_head(&to->children, &dentry->sibling);
	spin_unlock(&to->lock);
}

void dentry_move(struct dentry *dentry, struct dentry *parent, const char *name, size_t length)
{
	struct dentry *old_parent = dentry_parent(dentry);
	const char *old_name = dentry->name;

	dentry_get(parent);
	tree_write_begin();
	dentry_rehash(dentry, parent, name, length);
	move_sibling(dentry, old_parent, parent);
	tree_write_end();
	retire_name(dentry, old_name);
	dentry_put(old_parent);
}

void dentry_exchange(struct dentry *a, const char *name_a, struct dentry *b, const char *name_b)
{
	struct dentry *parent_a = dentry_parent(a), *parent_b = dentry_parent(b);
	const char *old_name_a = a->name, *old_name_b = b->name;
	size_t length_a = a->length, length_b = b->length;

	/* Each parent keeps one child of the two: the references change hands. */
	tree_write_begin();
	dentry_rehash(a, parent_b, name_a, length_b);
	dentry_rehash(b, parent_a, name_b, length_a);
	move_sibling(a, parent_a, parent_b);
	move_sibling(b, parent_b, parent_a);
	tree_write_end();
	retire_name(a, old_name_a);
	retire_name(b, old_name_b);
}

bool dentry_is_ancestor(const struct dentry *ancestor, const struct dentry *dentry)
{
	for (;;) {
		const struct dentry *parent = dentry_parent(dentry);

		if (dentry == ancestor)
			return true;
		if (parent == dentry)
			return false;
		dentry = parent;
	}
}

void dentry_init(void)
{
	dentry_slab = slab_cache_create("dentry", sizeof(struct dentry), CACHE_LINE_SIZE);
	wait_queue_init(&prune_queue);
	dentry_cache_init();
	reclaim_register_shrinker(&dentry_shrinker);
}
