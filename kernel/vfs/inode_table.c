/*
 * The table of a file system's inodes by number, and the ones in it that nobody uses now.
 *
 * Two lookups of one number get the same inode: the first puts it in as NEW and reads it, others
 * wait. An inode that is FREEING stays in the table until it is deleted; a lookup waits for its end
 * and looks again. Such waits are rare, so one queue for all of them does.
 *
 * The bucket array doubles as it fills, and shrinks when unused inodes are dropped; both are only
 * optimisations, and are left out when memory is short.
 */
#include "core/assert.h"
#include "lib/hash.h"
#include "lib/min_max.h"
#include "mem/kmalloc.h"
#include "uapi/linux/errno.h"
#include "vfs/internal.h"
#include "vm/writeback.h"

enum { FIRST_BUCKETS = 32, MOST_BUCKETS = 65536 };

static struct wait_queue state_queue;

static size_t bucket_index(uint64_t number, size_t bucket_count)
{
	return hash_u64(number) & (bucket_count - 1);
}

/*
 * Table lock held. A live one is preferred: a freed number may be in use again before its old inode
 * is gone.
 */
static struct inode *find(struct super_block *super, uint64_t number)
{
	struct inode *inode, *dying = NULL;

	if (!super->inode_buckets)
		return NULL;
	list_for_each_entry(inode,
			    &super->inode_buckets[bucket_index(number, super->inode_bucket_count)],
			    table_node) {
		if (inode->number != number)
			continue;
		if (!(inode->state & INODE_FREEING))
			return inode;
		dying = inode;
	}
	return dying;
}

static void insert(struct super_block *super, struct inode *inode)
{
	list_add_head(&super->inode_buckets[bucket_index(inode->number, super->inode_bucket_count)],
		      &inode->table_node);
	super->inode_count++;
}

/* How many buckets so many inodes want. */
static size_t wanted_buckets(size_t inode_count)
{
	size_t count = FIRST_BUCKETS;

	while (count < MOST_BUCKETS && count <= inode_count / 2)
		count *= 2;
	return count;
}

/* Replace `from` buckets by `count`, unless another was faster. False: no memory. */
static bool rehash(struct super_block *super, size_t from, size_t count)
{
	struct list *buckets = kmalloc_array(count, sizeof(buckets[0]), 0);
	struct list *old = buckets;
	struct inode *inode;

	if (!buckets)
		return false;
	for (size_t i = 0; i < count; i++)
		list_init(&buckets[i]);
	spin_lock(&super->table_lock);
	if (super->inode_bucket_count == from) {
		old = super->inode_buckets;
		for (size_t i = 0; i < from; i++) {
			while ((inode = list_pop_head_entry(&old[i], struct inode, table_node)))
				list_add_head(&buckets[bucket_index(inode->number, count)],
					      &inode->table_node);
		}
		super->inode_buckets = buckets;
		super->inode_bucket_count = count;
	}
	spin_unlock(&super->table_lock);
	kfree(old);
	return true;
}

/*
 * Room for one more: the first buckets, or twice as many if they are full. Errors: -ENOMEM without
 * any.
 */
static int make_room(struct super_block *super)
{
	size_t count, wanted;

	spin_lock(&super->table_lock);
	count = super->inode_bucket_count;
	wanted = wanted_buckets(super->inode_count);
	spin_unlock(&super->table_lock);
	if (count < wanted && !rehash(super, count, wanted) && count == 0)
		return -ENOMEM;
	return 0;
}

/* Fewer buckets, if that is enough for those who are left. */
static void give_room_back(struct super_block *super)
{
	size_t count, wanted;

	spin_lock(&super->table_lock);
	count = super->inode_bucket_count;
	wanted = wanted_buckets(super->inode_count);
	spin_unlock(&super->table_lock);
	if (count > wanted)
		(void)rehash(super, count, wanted);
}

int inode_publish(struct inode *inode)
{
	struct super_block *super = inode->super;
	const struct inode *other;
	int error = make_room(super);

	if (error)
		return error;
	inode_settle(inode);
	spin_lock(&super->table_lock);
	other = find(super, inode->number);
	if (other && !(other->state & INODE_FREEING))
		error = -EEXIST;
	else
		insert(super, inode);
	spin_unlock(&super->table_lock);
	return error;
}

void inode_table_remove(struct inode *inode)
{
	struct super_block *super = inode->super;
	bool was_listed;

	spin_lock(&super->table_lock);
	was_listed = list_node_is_linked(&inode->table_node);
	if (was_listed) {
		list_remove(&inode->table_node);
		super->inode_count--;
	}
	spin_unlock(&super->table_lock);
	if (was_listed)
		wait_queue_wake_all(&state_queue, 0);
}

/*
 * A reference to what the table has, alive or NEW; NULL: nothing; *dying: something that must go
 * first.
 */
static struct inode *get_from_table(struct super_block *super, uint64_t number, bool *dying)
{
	struct inode *inode;

	spin_lock(&super->table_lock);
	inode = find(super, number);
	*dying = inode && (inode->state & INODE_FREEING);
	if (*dying) {
		inode = NULL;
	} else if (inode && refcount_read(&inode->references) == 0) {
		list_remove(&inode->lru_node);
		super->unused_count--;
		refcount_set(&inode->references, 1);
	} else if (inode) {
		inode_get(inode);
	}
	spin_unlock(&super->table_lock);
	return inode;
}

static bool is_dying(struct super_block *super, uint64_t number)
{
	struct inode *inode;
	bool dying;

	spin_lock(&super->table_lock);
	inode = find(super, number);
	dying = inode && (inode->state & INODE_FREEING);
	spin_unlock(&super->table_lock);
	return dying;
}

bool inode_table_has_nameless(struct super_block *super)
{
	struct inode *inode = NULL;

	spin_lock(&super->table_lock);
	for (size_t i = 0; i < super->inode_bucket_count && !inode; i++) {
		list_for_each_entry(inode, &super->inode_buckets[i], table_node) {
			if (atomic_load_explicit(&inode->link_count, memory_order_relaxed) == 0)
				break;
		}
	}
	spin_unlock(&super->table_lock);
	return inode;
}

/* The caller holds the only reference that counts: read it, then let the others have it, or not. */
static int read_new(struct inode *inode)
{
	struct super_block *super = inode->super;
	int error = super->ops->inode_read(inode);

	if (error)
		inode->link_count = 1; /* nothing is to be deleted */
	else
		inode_settle(inode);
	spin_lock(&super->table_lock);
	if (error) {
		list_remove(&inode->table_node);
		super->inode_count--;
		atomic_fetch_or_explicit(&inode->state, INODE_FREEING, memory_order_relaxed);
	}
	/* Release: who sees it not NEW sees all that was read. */
	atomic_fetch_and_explicit(&inode->state, ~(unsigned int)INODE_NEW, memory_order_release);
	spin_unlock(&super->table_lock);
	wait_queue_wake_all(&state_queue, 0);
	if (error)
		inode_put(inode);
	return error;
}

/* Enter a fresh NEW inode, unless the number is there meanwhile. */
static bool insert_new(struct super_block *super, struct inode *inode)
{
	bool is_free;

	spin_lock(&super->table_lock);
	is_free = !find(super, inode->number);
	if (is_free)
		insert(super, inode);
	spin_unlock(&super->table_lock);
	return is_free;
}

int inode_get_by_number(struct super_block *super, uint64_t number, struct inode **out)
{
	for (;;) {
		bool dying;
		struct inode *inode = get_from_table(super, number, &dying);
		int error;

		if (dying) {
			wait_event(&state_queue, !is_dying(super, number));
			continue;
		}
		if (inode) {
			if (unlikely(inode->state & INODE_NEW))
				wait_event(&state_queue, !(inode->state & INODE_NEW));
			if (unlikely(inode->state & INODE_FREEING)) {
				inode_put(inode); /* its reader failed; try for ourselves */
				continue;
			}
			*out = inode;
			return 0;
		}
		error = make_room(super);
		if (error)
			return error;
		inode = inode_create(super);
		if (!inode)
			return -ENOMEM;
		inode->number = number;
		inode->state = INODE_NEW;
		if (!insert_new(super, inode)) {
			inode_put(inode);
			continue;
		}
		error = read_new(inode);
		if (!error)
			*out = inode;
		return error;
	}
}

/*
 * Take one unused clean inode for eviction, or NULL. Dirty ones wait for writeback, at the young
 * end.
 */
static struct inode *take_unused(struct super_block *super, size_t *scan)
{
	struct inode *inode = NULL;

	spin_lock(&super->table_lock);
	while (*scan > 0 && !inode) {
		inode = list_first_entry(&super->unused_inodes, struct inode, lru_node);
		if (!inode)
			break;
		(*scan)--;
		if (atomic_load_explicit(&inode->dirty, memory_order_relaxed)) {
			list_move_tail(&super->unused_inodes, &inode->lru_node);
			inode = NULL;
			continue;
		}
		list_remove(&inode->lru_node);
		super->unused_count--;
		atomic_fetch_or_explicit(&inode->state, INODE_FREEING, memory_order_relaxed);
	}
	spin_unlock(&super->table_lock);
	return inode;
}

/*
 * It became dirty just before nobody could get it any more: back to the others, and to writeback.
 */
static void give_back(struct super_block *super, struct inode *inode)
{
	spin_lock(&super->table_lock);
	atomic_fetch_and_explicit(&inode->state, ~(unsigned int)INODE_FREEING,
				  memory_order_relaxed);
	list_add_tail(&super->unused_inodes, &inode->lru_node);
	super->unused_count++;
	spin_unlock(&super->table_lock);
	inode_mark_dirty(inode, INODE_DIRTY_ATTRIBUTES | INODE_DIRTY_PAGES);
	wait_queue_wake_all(&state_queue, 0);
}

/* No I/O is started here: reclaim calls it from anywhere. */
static size_t drop_unused(struct super_block *super, size_t wanted)
{
	size_t scan = super->unused_count; /* a hint */
	size_t freed = 0;
	struct inode *inode;

	while (freed < wanted && (inode = take_unused(super, &scan))) {
		if (inode_unlist_dirty(inode)) {
			give_back(super, inode);
			continue;
		}
		inode_evict(inode);
		freed++;
	}
	return freed;
}

void inode_drop_unused(struct super_block *super)
{
	(void)drop_unused(super, SIZE_MAX);
}

void inode_table_fini(struct super_block *super)
{
	assert(super->inode_count == 0);
	kfree(super->inode_buckets);
}

struct shrink_request { size_t wanted, freed; };

static void shrink_super(struct super_block *super, void *argument)
{
	struct shrink_request *request = argument;

	if (request->freed < request->wanted)
		request->freed += drop_unused(super, request->wanted - request->freed);
	give_room_back(super);
}

static size_t shrink(size_t wanted)
{
	struct shrink_request request = { .wanted = wanted };

	super_block_for_each(shrink_super, &request);
	return request.freed;
}

static struct shrinker inode_shrinker = { .name = "inode", .shrink = shrink };

void inode_init(void)
{
	wait_queue_init(&state_queue);
	reclaim_register_shrinker(&inode_shrinker);
}
