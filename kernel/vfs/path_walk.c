/*
 * Path walk: from a string to a place in the tree.
 *
 * Two walks. The fast one (path_walk_fast.c) reads cached dentries without locks and gives up at
 * anything unusual. This one holds references, asks file systems, sleeps, follows every kind of
 * link, and keeps to openat2's limits.
 *
 * Links are not followed by recursion: the text of a link is walked, what was left is put aside, at
 * most WALK_LINKS_MAX of them. A link at the very end of the text puts nothing aside, so a chain of
 * links needs no depth.
 *
 * Before each part the directory that it is looked up in is checked, in this order: it is a
 * directory (-ENOTDIR), may be searched (-EACCES), the part is short enough (-ENAMETOOLONG). A
 * slash at the end asks for a directory and makes a link there be followed.
 *
 * A name is looked up under its directory's lock, shared: so nobody creates, deletes or renames it
 * meanwhile, and two that look at once agree on one dentry in dentry_insert.
 */
#include "vfs/path_walk.h"

#include "core/assert.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/internal.h"
#include "vfs/path_walk_fast.h"
#include "vfs/sticky.h"

/* What only this walk can do. */
#define CAREFUL_FLAGS (WALK_NO_LINKS | WALK_BENEATH | WALK_IN_ROOT | WALK_NO_CROSS | \
		       WALK_NO_MAGIC_LINKS | WALK_CREATE)

static struct dentry *drop_outdated(struct dentry *dentry)
{
	dentry_unhash(dentry);
	dentry_prune_children(dentry);
	dentry_put(dentry);
	return NULL;
}

/* The cached dentry of that name if there is one and it is right; referenced. */
static struct dentry *find_cached(struct dentry *parent, const char *name, size_t length)
{
	struct dentry *dentry =
		dentry_get_cached(parent, name, length, dentry_hash_name(parent, name, length));

	if (dentry && (dentry->flags & DENTRY_REVALIDATE)) {
		struct inode *inode = dentry_inode(dentry);

		if (!inode->ops->revalidate(inode))
			return drop_outdated(dentry);
	}
	return dentry;
}

/* Only a broken disk has a directory below itself: its lock would be taken twice. */
static bool is_above(const struct inode *inode, const struct dentry *dentry)
{
	const struct dentry *child;
	bool found;

	rcu_read_lock();
	do {
		found = dentry_inode(dentry) == inode;
		child = dentry;
		dentry = dentry_parent(child);
	} while (!found && dentry != child);
	rcu_read_unlock();
	return found;
}

int path_lookup_child(const struct path *directory, const char *name, size_t length,
		      struct dentry **out)
{
	struct dentry *parent = directory->dentry;
	struct inode *dir = dentry_inode(parent);
	struct inode *inode = NULL;
	struct dentry *dentry, *other;
	int error;

	rwlock_assert_held(&dir->lock);
	if (dir->state & INODE_DEAD_DIRECTORY)
		return -ENOENT;
	if (length > NAME_MAX_LENGTH)
		return -ENAMETOOLONG;
	dentry = find_cached(parent, name, length);
	if (dentry) {
		*out = dentry;
		return 0;
	}
	if (!dir->ops->lookup)
		return -ENOTDIR;
	error = dir->ops->lookup(dir, name, length, &inode);
	if (error && (error != -ENOENT || dir->ops->has_fixed_names))
		return error;
	if (error)
		inode = NULL;
	if (inode && inode_is(inode, MODE_DIRECTORY) && is_above(inode, parent)) {
		inode_put(inode);
		return -ELOOP;
	}
	dentry = dentry_create(parent->super, parent, name, length, inode);
	if (!dentry) {
		if (inode)
			inode_put(inode);
		return -ENOMEM;
	}
	/* Nor is one found by two names: both would have a place in the order of locks. */
	if (!dentry_take_directory(dentry)) {
		dentry_put(dentry);
		return -ELOOP;
	}
	/* Where names come by themselves, that there is none now says nothing about later. */
	if (inode || !dir->ops->revalidate) {
		other = dentry_insert(dentry);
		if (other) {
			(void)!dentry_take_directory(other);
			dentry_put(dentry);
			dentry = other;
		}
	}
	*out = dentry;
	return 0;
}

/* `name` in the directory where the walk stands; referenced, mounts crossed. */
static int lookup(struct walk *walk, const char *name, size_t length, struct path *out)
{
	struct dentry *dentry = find_cached(walk->path.dentry, name, length);

	if (!dentry) {
		struct inode *dir = dentry_inode(walk->path.dentry);
		int error;

		rwlock_read_lock(&dir->lock);
		error = path_lookup_child(&walk->path, name, length, &dentry);
		rwlock_read_unlock(&dir->lock);
		if (error)
			return error;
	}
	mount_get(walk->path.mount);
	out->mount = walk->path.mount;
	out->dentry = dentry;
	mount_cross(out);
	if ((walk->flags & WALK_NO_CROSS) && out->mount != walk->path.mount) {
		path_put(out);
		return -EXDEV;
	}
	return 0;
}

static void set_place(struct walk *walk, const struct path *place)
{
	path_put(&walk->path);
	walk->path = *place;
}

static int go_up(struct walk *walk)
{
	struct mount *mount = walk->path.mount;

	/* The walk's own reference keeps `mount` alive no longer, but it is only compared. */
	if (!mount_step_up(&walk->path, &walk->root) && (walk->flags & WALK_BENEATH))
		return -EXDEV;
	if ((walk->flags & WALK_NO_CROSS) && walk->path.mount != mount)
		return -EXDEV;
	/* What was renamed out of the root while we were in it leads past it. */
	if ((walk->flags & (WALK_BENEATH | WALK_IN_ROOT)) && tree_read_retry(walk->sequence))
		return -EAGAIN;
	return 0;
}

static int go_to_root(struct walk *walk)
{
	struct path root = walk->root;

	if (walk->flags & WALK_BENEATH)
		return -EXDEV;
	if ((walk->flags & WALK_NO_CROSS) && root.mount != walk->path.mount)
		return -EXDEV;
	path_get(&root);
	set_place(walk, &root);
	return 0;
}

/* ---- links ----------------------------------------------------------------------------------- */

/* The text of a link, NUL-terminated, for kfree. */
static int read_text(struct inode *inode, char **out)
{
	char *text;
	ssize_t length;

	if (inode->link_target) {
		text = kstrdup(inode->link_target, 0);
		if (!text)
			return -ENOMEM;
		*out = text;
		return 0;
	}
	if (!inode->ops->read_link)
		return -EINVAL;
	text = kmalloc(PATH_MAX, 0);
	if (!text)
		return -ENOMEM;
	length = inode->ops->read_link(inode, text, PATH_MAX - 1);
	if (length < 0) {
		kfree(text);
		return (int)length;
	}
	text[length] = 0;
	*out = text;
	return 0;
}

/* A link of /proc that is a place and not a text. */
static int jump(struct walk *walk, struct inode *inode)
{
	struct path place;
	int error;

	if (walk->flags & WALK_NO_MAGIC_LINKS)
		return -ELOOP;
	if (walk->flags & (WALK_BENEATH | WALK_IN_ROOT))
		return -EXDEV;
	error = inode->ops->follow_link(inode, &place);
	if (error)
		return error;
	if ((walk->flags & WALK_NO_CROSS) && place.mount != walk->path.mount) {
		path_put(&place);
		return -EXDEV;
	}
	set_place(walk, &place);
	walk->jumped = true;
	return 0;
}

int walk_into_link(struct walk *walk, struct inode *inode)
{
	char *text;
	int error;

	if (++walk->link_count > WALK_LINKS_MAX)
		return -ELOOP;
	if (!*walk->rest && !walk->depth) {
		error = sticky_check_follow(dentry_inode(walk->path.dentry), inode,
					    walk->context->credentials);
		if (error)
			return error;
	}
	if (walk->flags & WALK_NO_LINKS)
		return -ELOOP;
	if (inode->ops->follow_link)
		return jump(walk, inode);
	error = read_text(inode, &text);
	if (error)
		return error;
	if (!text[0]) {
		kfree(text);
		return -ENOENT;
	}
	if (mount_is_writable(walk->path.mount) &&
	    !(walk->path.mount->flags & MOUNT_NO_ACCESS_TIME))
		inode_touch(inode, true, false, false);
	if (*walk->rest) {
		walk->saved[walk->depth].text = walk->text;
		walk->saved[walk->depth].rest = walk->rest;
		walk->depth++;
	} else {
		kfree(walk->text);
	}
	walk->text = text;
	walk->rest = text;
	return text[0] == '/' ? go_to_root(walk) : 0;
}

/* ---- the walk -------------------------------------------------------------------------------- */

int walk_begin(struct walk *walk, const struct walk_context *context, const char *name,
	       uint32_t flags)
{
	walk->context = context;
	walk->flags = flags;
	walk->root = flags & (WALK_BENEATH | WALK_IN_ROOT) ? context->start : context->root;
	walk->path = name[0] == '/' ? walk->root : context->start;
	walk->rest = name;
	walk->name = name;
	walk->length = 0;
	walk->type = LAST_ROOT;
	walk->trailing_slash = false;
	walk->jumped = false;
	walk->link_count = 0;
	walk->depth = 0;
	walk->text = NULL;
	walk->sequence = tree_read_begin();
	if (name[0] == '/' && (flags & WALK_BENEATH))
		return -EXDEV;
	path_get(&walk->path);
	return 0;
}

void walk_end(struct walk *walk)
{
	path_put(&walk->path);
	kfree(walk->text);
	while (walk->depth > 0)
		kfree(walk->saved[--walk->depth].text);
}

/* The text is used up: back to what was put aside. */
static void pop_text(struct walk *walk)
{
	walk->depth--;
	kfree(walk->text);
	walk->text = walk->saved[walk->depth].text;
	walk->rest = walk->saved[walk->depth].rest;
}

static enum last_part part_type(const char *name, size_t length)
{
	if (name[0] == '.' && length == 1)
		return LAST_DOT;
	if (name[0] == '.' && length == 2 && name[1] == '.')
		return LAST_DOT_DOT;
	return LAST_NAME;
}

/* Into the part that walk->name names, which is not the last. */
static int step(struct walk *walk)
{
	struct path place;
	struct inode *inode;
	int error;

	if (walk->type == LAST_DOT)
		return 0;
	if (walk->type == LAST_DOT_DOT)
		return go_up(walk);
	error = lookup(walk, walk->name, walk->length, &place);
	if (error)
		return error;
	inode = dentry_inode(place.dentry);
	if (!inode) {
		path_put(&place);
		return -ENOENT;
	}
	if (inode_is(inode, MODE_LINK)) {
		error = walk_into_link(walk, inode);
		path_put(&place);
		return error;
	}
	set_place(walk, &place);
	return 0;
}

int walk_to_last(struct walk *walk)
{
	for (;;) {
		struct inode *inode = dentry_inode(walk->path.dentry);
		const char *p = walk->rest;
		int error;

		while (*p == '/')
			p++;
		if (!*p && walk->depth) {
			pop_text(walk);
			continue;
		}
		if (!*p) {
			walk->type = walk->jumped ? LAST_DOT : LAST_ROOT;
			return 0;
		}
		walk->jumped = false;
		if (!inode || !inode_is(inode, MODE_DIRECTORY))
			return -ENOTDIR;
		error = permission_check_search(inode, walk->context->credentials);
		if (error)
			return error;

		walk->name = p;
		while (*p && *p != '/')
			p++;
		walk->length = (size_t)(p - walk->name);
		if (walk->length > NAME_MAX_LENGTH)
			return -ENAMETOOLONG;
		walk->type = part_type(walk->name, walk->length);
		if (*p == '/') {
			while (*p == '/')
				p++;
			walk->trailing_slash |= !*p && !walk->depth;
		}
		walk->rest = p;
		if (!*p && !walk->depth)
			return 0;
		error = step(walk);
		if (error)
			return error;
	}
}

int walk_lookup_last(struct walk *walk, struct path *out)
{
	assert(walk->type == LAST_NAME);
	return lookup(walk, walk->name, walk->length, out);
}

int walk_finish_dots(struct walk *walk, struct path *out)
{
	if (walk->type == LAST_DOT_DOT) {
		int error = go_up(walk);

		if (error)
			return error;
	}
	*out = walk->path;
	path_get(out);
	return 0;
}

/* ---- whole walks ----------------------------------------------------------------------------- */

/* The last part is at `place`: is it what the caller wants there? */
static int check_end(const struct walk *walk, const struct path *place)
{
	const struct inode *inode = dentry_inode(place->dentry);

	if (!inode)
		return (walk->flags & WALK_CREATE) && !walk->trailing_slash ? 0 : -ENOENT;
	if ((walk->flags & WALK_CREATE) && (walk->flags & WALK_EXCLUSIVE))
		return -EEXIST;
	if ((walk->trailing_slash || (walk->flags & WALK_DIRECTORY)) &&
	    !inode_is(inode, MODE_DIRECTORY))
		return -ENOTDIR;
	return 0;
}

static int walk_to_end(struct walk *walk, struct path *out)
{
	struct path place;
	int error;

	for (;;) {
		const struct inode *inode;

		error = walk_to_last(walk);
		if (error)
			return error;
		if (walk->type != LAST_NAME) {
			error = walk_finish_dots(walk, &place);
			break;
		}
		error = walk_lookup_last(walk, &place);
		if (error)
			return error;
		inode = dentry_inode(place.dentry);
		if (!inode || !inode_is(inode, MODE_LINK) ||
		    !((walk->flags & WALK_FOLLOW) || walk->trailing_slash))
			break;
		error = walk_into_link(walk, dentry_inode(place.dentry));
		path_put(&place);
		if (error)
			return error;
	}
	if (error)
		return error;
	error = check_end(walk, &place);
	if (error)
		path_put(&place);
	else
		*out = place;
	return error;
}

/* Apart, so that the frame of a walk with its links lies on the stack only when it is needed. */
static noinline int walk_carefully(const struct walk_context *context, const char *name,
				   uint32_t flags, struct path *out)
{
	struct walk walk;
	int error = walk_begin(&walk, context, name, flags);

	if (error)
		return error;
	error = walk_to_end(&walk, out);
	walk_end(&walk);
	return error;
}

static int walk_nowhere(const struct walk_context *context, uint32_t flags, struct path *out)
{
	if (!(flags & WALK_EMPTY_OK))
		return -ENOENT;
	if ((flags & WALK_DIRECTORY) &&
	    !inode_is(dentry_inode(context->start.dentry), MODE_DIRECTORY))
		return -ENOTDIR;
	*out = context->start;
	path_get(out);
	return 0;
}

int path_walk(const struct walk_context *context, const char *name, uint32_t flags,
	      struct path *out)
{
	int error;

	if (unlikely(!name[0]))
		return walk_nowhere(context, flags, out);
	if (likely(!(flags & CAREFUL_FLAGS))) {
		error = path_walk_fast(context, name, flags, out);
		if (likely(error != -EAGAIN))
			return error;
	}
	if (unlikely(flags & WALK_CACHED))
		return -EAGAIN;
	return walk_carefully(context, name, flags, out);
}

int path_status(const struct walk_context *context, const char *name, uint32_t flags,
		struct file_status *out)
{
	struct path at;
	int error;

	if (likely(name[0] && !(flags & CAREFUL_FLAGS))) {
		error = path_status_fast(context, name, flags, out);
		if (likely(error != -EAGAIN))
			return error;
	}
	error = path_walk(context, name, flags, &at);
	if (error)
		return error;
	error = inode_status(dentry_inode(at.dentry), out);
	out->mount_id = at.mount->id;
	path_put(&at);
	return error;
}

static noinline int walk_parent_carefully(const struct walk_context *context, const char *name,
					  uint32_t flags, struct walk_parent *out)
{
	struct walk walk;
	int error = walk_begin(&walk, context, name, flags);

	if (error)
		return error;
	error = walk_to_last(&walk);
	if (!error) {
		/*
		 * At depth 0 and with no link followed at the end, the last part lies in the
		 * caller's own string.
		 */
		out->directory = walk.path;
		path_get(&out->directory);
		out->name = walk.name;
		out->length = walk.length;
		out->type = walk.type;
		out->trailing_slash = walk.trailing_slash;
	}
	walk_end(&walk);
	return error;
}

int path_walk_parent(const struct walk_context *context, const char *name, uint32_t flags,
		     struct walk_parent *out)
{
	int error;

	if (!name[0])
		return -ENOENT;
	if (likely(!(flags & CAREFUL_FLAGS))) {
		error = path_walk_fast_parent(context, name, out);
		if (likely(error != -EAGAIN))
			return error;
	}
	return walk_parent_carefully(context, name, flags, out);
}
