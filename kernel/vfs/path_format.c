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

struct builder {
	char *start;	/* what is built so far: [start, end) */
	char *buffer;	/* the lowest that `start` may go */
};

static bool prepend(struct builder *builder, const char *text, size_t length)
{
	if ((size_t)(builder->start - builder->buffer) < length)
		return false;
	builder->start -= length;
	memcpy(builder->start, text, length);
	return true;
}

/*
 * One "/name". The length of a name that is just changing may be wrong: strnlen keeps us inside it.
 */
static bool prepend_name(struct builder *builder, const struct dentry *dentry)
{
	const char *name = atomic_load_explicit(&dentry->name, memory_order_acquire);
	size_t length = strnlen(name, dentry->length);

	return prepend(builder, name, length) && prepend(builder, "/", 1);
}

/* Under RCU or the tree's lock. 0 or -ERANGE. */
static int build(const struct path *path, const struct path *root, struct builder *builder)
{
	const struct mount *mount = path->mount;
	const struct dentry *dentry = path->dentry;
	char *end = builder->start;
	bool reached;

	while (!(reached = mount == root->mount && dentry == root->dentry)) {
		if (dentry == mount->root) {
			const struct mount *parent =
				atomic_load_explicit(&mount->parent, memory_order_acquire);

			if (parent == mount)
				break;
			dentry = atomic_load_explicit(&mount->mount_point, memory_order_acquire);
			mount = parent;
			continue;
		}
		if (dentry_parent(dentry) == dentry)
			break;
		if (!prepend_name(builder, dentry))
			return -ERANGE;
		dentry = dentry_parent(dentry);
	}
	if (builder->start == end && !prepend(builder, "/", 1))
		return -ERANGE;
	if (!reached && !prepend(builder, "(unreachable)", 13))
		return -ERANGE;
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

ssize_t path_format(const struct path *path, const struct path *root, char *buffer, size_t size,
		    char **out)
{
	struct builder builder = { .buffer = buffer };
	char *end;
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

		builder.start = end;
		if (attempt == ATTEMPTS) {
			spin_lock(&tree_lock);
			error = build(path, root, &builder);
			spin_unlock(&tree_lock);
			break;
		}
		rcu_read_lock();
		sequence = tree_read_begin();
		error = build(path, root, &builder);
		is_valid = !tree_read_retry(sequence);
		rcu_read_unlock();
		if (is_valid)
			break;
	}
	if (error)
		return error;
	*out = builder.start;
	return (ssize_t)(buffer + size - builder.start);
}
