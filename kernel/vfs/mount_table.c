/*
 * The table of mounts by (parent, mount point), in which walks find what stands on a dentry.
 *
 * Walks read it under RCU; a mount enters and leaves under the tree's lock and sequence. The table
 * doubles when it is full and halves when it is mostly empty (mount_table_fit), and is left as it
 * is when there is no memory, since only speed depends on it. The chains are laid anew within one
 * write of the tree: a walk that meanwhile follows a mount from an old chain into a new one may
 * miss what it looks for, but not the sequence, and walks again.
 *
 * Each dentry counts the mounts on it, of all parents, in its flags: so a walk sees without the
 * table that there is none, and who takes one away need not look for others.
 */
#include "core/assert.h"
#include "lib/hash.h"
#include "mem/kmalloc.h"
#include "uapi/linux/errno.h"
#include "vfs/internal.h"
#include "vfs/mount.h"

enum { FIRST_SHIFT = 5, LAST_SHIFT = 16 };	/* log2 of the number of buckets */

struct mount_table {
	struct rcu_head rcu;
	unsigned int shift;			/* [I] */
	struct mount *_Atomic buckets[];	/* [tree_lock to change; RCU to read] */
};

/* [mount mutex + tree_lock to change; RCU to read] NULL until a first mount is to enter */
static struct mount_table *_Atomic table;
static size_t mount_count;			/* [mount mutex] that are in the table */

static struct mount *_Atomic *bucket_of(struct mount_table *in, const struct mount *parent,
					const struct dentry *dentry)
{
	uint32_t hash = hash_combine(hash_pointer(parent), (uint32_t)(uintptr_t)dentry);

	return &in->buckets[hash & ((1u << in->shift) - 1)];
}

struct mount *mount_find_child(const struct mount *parent, const struct dentry *dentry)
{
	struct mount *mount = rcu_read(*bucket_of(rcu_read(table), parent, dentry));

	for (; mount; mount = rcu_read(mount->hash_next)) {
		if (atomic_load_explicit(&mount->parent, memory_order_relaxed) == parent &&
		    atomic_load_explicit(&mount->mount_point, memory_order_relaxed) == dentry)
			return mount;
	}
	return NULL;
}

static void link_into(struct mount_table *in, struct mount *mount)
{
	struct mount *_Atomic *bucket = bucket_of(in, mount->parent, mount->mount_point);

	atomic_store_explicit(&mount->hash_next, rcu_read(*bucket), memory_order_relaxed);
	rcu_assign(*bucket, mount);
}

/* The order in a chain says nothing: no two mounts have the same place. */
static void move_chain(struct mount_table *to, struct mount *_Atomic *chain)
{
	struct mount *mount = rcu_read(*chain);

	while (mount) {
		struct mount *next = rcu_read(mount->hash_next);

		link_into(to, mount);
		mount = next;
	}
}

static void free_table(struct rcu_head *head)
{
	kfree(container_of(head, struct mount_table, rcu));
}

static struct mount_table *alloc_table(unsigned int shift)
{
	struct mount_table *new;

	new = kzalloc(sizeof(*new) + (sizeof(new->buckets[0]) << shift), 0);
	if (new)
		new->shift = shift;
	return new;
}

size_t mount_table_count(void)
{
	mutex_assert_held(&mount_mutex);
	return mount_count;
}

/* What suits one mount more than there are; not at once smaller again when it has just grown. */
static unsigned int wanted_shift(const struct mount_table *old)
{
	size_t wanted = mount_count + 1;

	if (!old)
		return FIRST_SHIFT;
	if (wanted >> old->shift != 0 && old->shift < LAST_SHIFT)
		return old->shift + 1;
	if (wanted >> (old->shift - 2) == 0 && old->shift > FIRST_SHIFT)
		return old->shift - 1;
	return old->shift;
}

void mount_table_fit(void)
{
	struct mount_table *old, *new;
	unsigned int shift;

	mutex_assert_held(&mount_mutex);
	old = rcu_read(table);
	shift = wanted_shift(old);
	if (old && shift == old->shift)
		return;
	new = alloc_table(shift);
	if (!new)
		return;
	tree_write_begin();
	for (size_t i = 0; old && i < (size_t)1 << old->shift; i++)
		move_chain(new, &old->buckets[i]);
	rcu_assign(table, new);
	tree_write_end();
	if (old)
		rcu_call(&old->rcu, free_table);
}

int mount_table_reserve(void)
{
	mount_table_fit();
	return rcu_read(table) ? 0 : -ENOMEM;
}

void mount_table_add(struct mount *mount, struct mount *parent, struct dentry *mount_point)
{
	spin_assert_held(&tree_lock);
	mount->parent = parent;
	mount->mount_point = mount_point;
	link_into(rcu_read(table), mount);
	mount_count++;
	atomic_fetch_add_explicit(&mount_point->flags, DENTRY_ONE_MOUNT, memory_order_relaxed);
}

void mount_table_remove(struct mount *mount)
{
	struct dentry *mount_point = mount->mount_point;
	struct mount *_Atomic *link;

	spin_assert_held(&tree_lock);
	link = bucket_of(rcu_read(table), mount->parent, mount_point);
	while (rcu_read(*link) != mount)
		link = &rcu_read(*link)->hash_next;
	rcu_assign(*link, rcu_read(mount->hash_next));
	mount->parent = mount;
	mount->mount_point = mount->root;
	mount_count--;
	atomic_fetch_sub_explicit(&mount_point->flags, DENTRY_ONE_MOUNT, memory_order_relaxed);
}
