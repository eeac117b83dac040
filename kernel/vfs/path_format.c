/*
 * From a place to its name. The name is built from its end, part by part up to the root, without
 * references or locks: if the tree changed meanwhile, it is built again. After a few vain attempts
 * the tree is locked: somebody renames without end.
 */
#include "lib/string.h"
#include "uapi/linux/errno.h"
#include "vfs/internal.h"
#include "vfs/path_walk.h"

enum { ATTEMPTS = 3 };

/*
 * Put "/name" before `at`, not below `lowest`; NULL: no room. Most names have a few bytes, so they
 * are moved here one by one: calls to measure and copy them cost as much again as the rest.
 */
static inline char *prepend_name(char *at, const char *lowest, const char *name, size_t length)
{
	if ((size_t)(at - lowest) <= length)
		return NULL;
	while (length > 0)
		*--at = name[--length];
	*--at = '/';
	return at;
}

/*
 * Build the name before *start, not below `lowest`. A name and its length belong together if the
 * tree has not changed since `sequence`; else the copy might leave the name's memory. 0, -ERANGE,
 * or -EAGAIN if the tree has changed. `marks`: see path_format_marked. Under RCU, or with the tree
 * locked.
 */
static int build(const struct path *path, const struct path *root, unsigned int sequence,
		 bool marks, char **start, const char *lowest)
{
	const struct mount *mount = path->mount;
	const struct dentry *dentry = path->dentry;
	char *at = *start;

	while (mount != root->mount || dentry != root->dentry) {
		const struct dentry *above;
		const char *name;
		size_t length;

		if (dentry == mount->root) {
			const struct mount *parent =
				atomic_load_explicit(&mount->parent, memory_order_acquire);

			if (parent == mount)
				break;
			dentry = atomic_load_explicit(&mount->mount_point, memory_order_acquire);
			mount = parent;
			continue;
		}
		above = dentry_parent(dentry);
		if (above == dentry)
			break;
		name = atomic_load_explicit(&dentry->name, memory_order_acquire);
		length = atomic_load_explicit(&dentry->length, memory_order_acquire);
		if (unlikely(tree_read_retry(sequence)))
			return -EAGAIN;
		at = prepend_name(at, lowest, name, length);
		if (!at)
			return -ERANGE;
		dentry = above;
	}
	if (at == *start)
		at = prepend_name(at, lowest, NULL, 0);
	if (at && marks && (mount != root->mount || dentry != root->dentry)) {
		static const char unreachable[] = "(unreachable)";

		if ((size_t)(at - lowest) < sizeof(unreachable) - 1)
			return -ERANGE;
		at -= sizeof(unreachable) - 1;
		memcpy(at, unreachable, sizeof(unreachable) - 1);
	}
	if (!at)
		return -ERANGE;
	*start = at;
	return 0;
}

static ssize_t format_anonymous(const struct path *path, char *buffer, size_t size, char **out)
{
	size_t length = anonymous_format(path->dentry, buffer, size);

	if (length >= size)
		return -ERANGE;
	*out = buffer;
	return (ssize_t)length + 1;
}

static ssize_t format(const struct path *path, const struct path *root, bool marks, char *buffer,
		      size_t size, char **out)
{
	char *start, *end;
	int error;

	if (path->dentry->flags & DENTRY_ANONYMOUS)
		return format_anonymous(path, buffer, size, out);
	if (size < 2)
		return -ERANGE;
	end = buffer + size - 1;
	*end = 0;
	if ((path->dentry->flags & DENTRY_UNHASHED) &&
	    dentry_parent(path->dentry) != path->dentry) {
		if (size < sizeof(" (deleted)") + 1)
			return -ERANGE;
		end -= sizeof(" (deleted)") - 1;
		memcpy(end, " (deleted)", sizeof(" (deleted)") - 1);
	}
	for (unsigned int attempt = 0;; attempt++) {
		unsigned int sequence;
		bool is_valid;

		start = end;
		if (unlikely(attempt == ATTEMPTS)) {
			spin_lock(&tree_lock);
			error = build(path, root, tree_read_begin(), marks, &start, buffer);
			spin_unlock(&tree_lock);
			break;
		}
		rcu_read_lock();
		sequence = tree_read_begin();
		error = build(path, root, sequence, marks, &start, buffer);
		is_valid = !tree_read_retry(sequence);
		rcu_read_unlock();
		if (likely(is_valid))
			break;
	}
	if (error)
		return error;
	*out = start;
	return (ssize_t)(buffer + size - start);
}

ssize_t path_format(const struct path *path, const struct path *root, char *buffer, size_t size,
		    char **out)
{
	return format(path, root, false, buffer, size, out);
}

ssize_t path_format_marked(const struct path *path, const struct path *root, char *buffer,
			   size_t size, char **out)
{
	return format(path, root, true, buffer, size, out);
}
