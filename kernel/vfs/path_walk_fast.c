/*
 * The walk over cached dentries: no lock, and nothing written to shared memory but the reference to
 * the end.
 *
 * (Where only the status is asked, not even that is written: 115 of stat's instructions.)
 * It runs under RCU from one reading of the tree's sequence to the next. Everything it meets stays
 * in memory as long; whether names and parents were true is decided by the sequence at the end, for
 * errors too. Whatever cannot be done this way ends it with -EAGAIN, and the careful walk of
 * path_walk.c begins anew: a name that is not cached, a link whose text is not in memory, a rename
 * meanwhile.
 *
 * Permissions are looked at as they are at the moment of passing, as in any walk.
 */
#include "lib/string.h"
#include "uapi/linux/errno.h"
#include "vfs/internal.h"
#include "vfs/path_walk_fast.h"
#include "vfs/sticky.h"

enum { FAST_LINKS_MAX = 8 };	/* nested ones; more take the careful walk */

struct fast_walk {
	const struct walk_context *context;
	struct mount *mount;
	struct dentry *dentry;
	const char *rest;
	const char *name;
	size_t length;
	uint32_t hash;
	enum last_part type;
	bool trailing_slash;
	unsigned int sequence;
	unsigned int link_count;
	unsigned int depth;
	const char *saved[FAST_LINKS_MAX];
};

static inline enum last_part part_type(const char *name, size_t length)
{
	if (likely(name[0] != '.') || length > 2)
		return LAST_NAME;
	if (length == 1)
		return LAST_DOT;
	return name[1] == '.' ? LAST_DOT_DOT : LAST_NAME;
}

static void cross_mounts(struct fast_walk *walk)
{
	while (atomic_load_explicit(&walk->dentry->flags, memory_order_relaxed) &
	       DENTRY_MOUNT_POINT) {
		struct mount *mount = mount_find_child(walk->mount, walk->dentry);

		if (!mount)
			return;
		walk->mount = mount;
		walk->dentry = mount->root;
	}
}

/* As mount_step_up(). */
static void step_up(struct fast_walk *walk)
{
	const struct path *root = &walk->context->root;
	struct mount *mount = walk->mount;
	struct dentry *dentry = walk->dentry;

	while (mount != root->mount || dentry != root->dentry) {
		struct mount *parent;

		if (dentry != mount->root) {
			walk->mount = mount;
			walk->dentry = dentry_parent(dentry);
			break;
		}
		parent = atomic_load_explicit(&mount->parent, memory_order_acquire);
		if (parent == mount)
			break;
		dentry = atomic_load_explicit(&mount->mount_point, memory_order_acquire);
		mount = parent;
	}
	cross_mounts(walk);
}

/* Go where link `inode` leads: its text is walked next, then what is left. */
static int enter_link(struct fast_walk *walk, const struct inode *inode)
{
	if (!inode->link_target || !inode->link_target[0])
		return -EAGAIN;
	if (++walk->link_count > WALK_LINKS_MAX)
		return -ELOOP;
	if (*walk->rest) {
		if (walk->depth == FAST_LINKS_MAX)
			return -EAGAIN;
		walk->saved[walk->depth++] = walk->rest;
	}
	walk->rest = inode->link_target;
	if (walk->rest[0] == '/') {
		walk->mount = walk->context->root.mount;
		walk->dentry = walk->context->root.dentry;
	}
	return 0;
}

/* What the cache says about a name: -EAGAIN if nothing, -ENOENT if there is no such file. */
static inline int check_child(const struct dentry *child, struct inode **out)
{
	struct inode *inode;

	if (unlikely(!child))
		return -EAGAIN;
	inode = dentry_inode(child);
	if (unlikely(!inode))
		return -ENOENT;
	if (unlikely(atomic_load_explicit(&child->flags, memory_order_relaxed) &
		     DENTRY_REVALIDATE) && !inode->ops->revalidate(inode))
		return -EAGAIN;
	*out = inode;
	return 0;
}

static inline void go_to(struct fast_walk *walk, struct dentry *child)
{
	walk->dentry = child;
	if (unlikely(atomic_load_explicit(&child->flags, memory_order_relaxed) &
		     DENTRY_MOUNT_POINT))
		cross_mounts(walk);
}

/* The part that was just read is the last one, or one of the dots. */
static void note_part(struct fast_walk *walk, const char *name, size_t length, uint32_t hash)
{
	walk->name = name;
	walk->length = length;
	walk->hash = hash;
	walk->type = part_type(name, length);
}

/* Over all parts but the last, which is left in walk->name and so on. */
static int walk_on(struct fast_walk *walk)
{
	const char *p = walk->rest;

	for (;;) {
		const struct inode *inode = dentry_inode(walk->dentry);
		struct inode *child_inode;
		struct dentry *child;
		const char *name;
		size_t length;
		uint32_t hash;
		int error;

		while (*p == '/')
			p++;
		if (unlikely(!*p)) {
			if (walk->depth == 0) {
				walk->type = LAST_ROOT;
				return 0;
			}
			p = walk->saved[--walk->depth];
			continue;
		}
		if (unlikely(!inode || !inode_is(inode, MODE_DIRECTORY)))
			return -ENOTDIR;
		error = permission_check_search(inode, walk->context->credentials);
		if (unlikely(error))
			return error;

		name = p;
		hash = dentry_hash_begin(walk->dentry);
		do {
			hash = dentry_hash_step(hash, *p++);
		} while (*p && *p != '/');
		length = (size_t)(p - name);
		if (unlikely(length > NAME_MAX_LENGTH))
			return -ENAMETOOLONG;
		while (*p == '/')
			p++;
		if (unlikely(!*p && walk->depth == 0)) {
			note_part(walk, name, length, hash);
			walk->trailing_slash |= p[-1] == '/';
			walk->rest = p;
			return 0;
		}
		if (unlikely(name[0] == '.')) {
			note_part(walk, name, length, hash);
			if (walk->type == LAST_DOT_DOT)
				step_up(walk);
			if (walk->type != LAST_NAME)
				continue;
		}
		child = dentry_find_rcu(walk->dentry, name, length, hash);
		error = check_child(child, &child_inode);
		if (unlikely(error))
			return error;
		if (unlikely(inode_is(child_inode, MODE_LINK))) {
			walk->rest = p;
			error = enter_link(walk, child_inode);
			if (error)
				return error;
			p = walk->rest;
			continue;
		}
		go_to(walk, child);
	}
}

/* All the way; the end is walk->mount and walk->dentry. */
static inline int walk_to_end(struct fast_walk *walk, uint32_t flags)
{
	struct dentry *child;
	struct inode *inode;
	int error;

	for (;;) {
		error = walk_on(walk);
		if (error)
			return error;
		if (unlikely(walk->type != LAST_NAME)) {
			if (walk->type == LAST_DOT_DOT)
				step_up(walk);
			inode = dentry_inode(walk->dentry);
			break;
		}
		child = dentry_find_rcu(walk->dentry, walk->name, walk->length, walk->hash);
		error = check_child(child, &inode);
		if (error)
			return error;
		if (unlikely(inode_is(inode, MODE_LINK)) &&
		    ((flags & WALK_FOLLOW) || walk->trailing_slash)) {
			error = sticky_check_follow(dentry_inode(walk->dentry), inode,
						    walk->context->credentials);
			if (error)
				return error;
			error = enter_link(walk, inode);
			if (error)
				return error;
			continue;
		}
		go_to(walk, child);
		inode = dentry_inode(walk->dentry);
		break;
	}
	if ((walk->trailing_slash || (flags & WALK_DIRECTORY)) &&
	    !(inode && inode_is(inode, MODE_DIRECTORY)))
		return -ENOTDIR;
	return 0;
}

static always_inline void begin(struct fast_walk *walk, const struct walk_context *context,
				const char *name)
{
	const struct path *start = name[0] == '/' ? &context->root : &context->start;

	walk->context = context;
	walk->mount = start->mount;
	walk->dentry = start->dentry;
	walk->rest = name;
	walk->name = name;
	walk->length = 0;
	walk->trailing_slash = false;
	walk->link_count = 0;
	walk->depth = 0;
	rcu_read_lock();
	walk->sequence = tree_read_begin();
}

/* Give up; `error` stands only if the tree kept still. */
static int end_with_error(struct fast_walk *walk, int error)
{
	if (tree_read_retry(walk->sequence))
		error = -EAGAIN;
	rcu_read_unlock();
	return error;
}

/*
 * Take references where the walk stands, and only then look whether it was all true: an umount
 * looks at the references after it has changed the sequence.
 */
static int end_with_references(struct fast_walk *walk, struct path *out)
{
	bool has_dentry = dentry_try_get(walk->dentry);
	bool has_mount = has_dentry && refcount_try_get(&walk->mount->references);
	bool is_valid = has_mount && !tree_read_retry(walk->sequence);

	rcu_read_unlock();
	if (likely(is_valid)) {
		out->mount = walk->mount;
		out->dentry = walk->dentry;
		return 0;
	}
	if (has_mount)
		mount_put(walk->mount);
	if (has_dentry)
		dentry_put(walk->dentry);
	return -EAGAIN;
}

/*
 * What the file where the walk stands is, without a reference to it: if its dentry lives afterwards
 * it lived meanwhile, and kept its inode. -EAGAIN also where only a reference will do: the inode
 * must be refreshed, or the shrinker would not learn that the dentry was used.
 */
static int end_with_status(struct fast_walk *walk, struct file_status *out)
{
	const struct dentry *dentry = walk->dentry;
	struct inode *inode = dentry_inode(dentry);
	bool is_valid = false;

	if (likely(inode && inode_is_fresh(inode))) {
		int references;

		inode_read_status(inode, out);
		out->mount_id = walk->mount->id;
		/* Acquire: what was read above was read before. */
		atomic_thread_fence(memory_order_acquire);
		references = refcount_read(&dentry->references);
		is_valid = references > 0 ||
			   (references == 0 &&
			    (atomic_load_explicit(&dentry->flags, memory_order_relaxed) &
			     DENTRY_REFERENCED));
		is_valid = is_valid && !tree_read_retry(walk->sequence);
	}
	rcu_read_unlock();
	return is_valid ? 0 : -EAGAIN;
}

int path_status_fast(const struct walk_context *context, const char *name, uint32_t flags,
		     struct file_status *out)
{
	struct fast_walk walk;
	int error;

	begin(&walk, context, name);
	error = walk_to_end(&walk, flags);
	if (error)
		return end_with_error(&walk, error);
	return end_with_status(&walk, out);
}

int path_walk_fast(const struct walk_context *context, const char *name, uint32_t flags,
		   struct path *out)
{
	struct fast_walk walk;
	int error;

	begin(&walk, context, name);
	error = walk_to_end(&walk, flags);
	if (error)
		return end_with_error(&walk, error);
	return end_with_references(&walk, out);
}

int path_walk_fast_parent(const struct walk_context *context, const char *name,
			  struct walk_parent *out)
{
	struct fast_walk walk;
	int error;

	begin(&walk, context, name);
	error = walk_on(&walk);
	if (error)
		return end_with_error(&walk, error);
	error = end_with_references(&walk, &out->directory);
	if (error)
		return error;
	out->name = walk.name;
	out->length = walk.length;
	out->type = walk.type;
	out->trailing_slash = walk.trailing_slash;
	return 0;
}
