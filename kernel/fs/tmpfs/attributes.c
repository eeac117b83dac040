/*
 * Extended attributes of tmpfs: a short list of names and values in kernel memory, the newest
 * first. Only trusted. and security. names are kept, which take privilege to set: memory that
 * anybody could fill would have to be counted against him.
 *
 * Locks: the inode's own protects the list.
 */
#include "fs/tmpfs/internal.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "uapi/linux/errno.h"
#include "vfs/extended_attribute.h"

#define TRUSTED "trusted."
#define SECURITY "security."

/* [i] lock of the inode  [I] immutable */
struct tmpfs_attribute {
	struct list_node node;		/* [i] in tmpfs_inode.attributes */
	size_t size;			/* [I] of the value, which stands behind the name */
	void *value;			/* [I] NULL if it is empty */
	char name[];			/* [I] all of it, terminated */
};

static bool starts_with(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Errors: -EOPNOTSUPP, -EINVAL. */
static int check_name(const char *name)
{
	if (starts_with(name, TRUSTED))
		return name[strlen(TRUSTED)] ? 0 : -EINVAL;
	if (starts_with(name, SECURITY))
		return name[strlen(SECURITY)] ? 0 : -EINVAL;
	return -EOPNOTSUPP;
}

static struct tmpfs_attribute *find(struct inode *inode, const char *name)
{
	struct tmpfs_attribute *attribute;

	list_for_each_entry(attribute, &tmpfs_inode(inode)->attributes, node) {
		if (strcmp(attribute->name, name) == 0)
			return attribute;
	}
	return NULL;
}

static void destroy(struct tmpfs_attribute *attribute)
{
	kfree(attribute->value);
	kfree(attribute);
}

/* NULL: no memory. */
static struct tmpfs_attribute *create(const char *name, const void *value, size_t size)
{
	size_t name_size = strlen(name) + 1;
	struct tmpfs_attribute *attribute = kzalloc(sizeof(*attribute) + name_size, 0);

	if (!attribute)
		return NULL;
	memcpy(attribute->name, name, name_size);
	attribute->size = size;
	if (size == 0)
		return attribute;
	attribute->value = kmalloc(size, 0);
	if (!attribute->value) {
		kfree(attribute);
		return NULL;
	}
	memcpy(attribute->value, value, size);
	return attribute;
}

ssize_t tmpfs_get_attribute(struct inode *inode, const char *name, void *buffer, size_t size)
{
	const struct tmpfs_attribute *attribute;
	int error = check_name(name);

	if (error)
		return error;
	attribute = find(inode, name);
	if (!attribute)
		return -ENODATA;
	if (size > 0 && attribute->size > size)
		return -ERANGE;
	if (size > 0 && attribute->size > 0)
		memcpy(buffer, attribute->value, attribute->size);
	return (ssize_t)attribute->size;
}

ssize_t tmpfs_list_attributes(struct inode *inode, char *buffer, size_t size, bool trusted)
{
	const struct tmpfs_attribute *attribute;
	size_t used = 0;

	list_for_each_entry(attribute, &tmpfs_inode(inode)->attributes, node) {
		size_t length = strlen(attribute->name) + 1;

		if (starts_with(attribute->name, TRUSTED) && !trusted)
			continue;
		if (size > 0 && length > size - used)
			return -ERANGE;
		if (size > 0)
			memcpy(buffer + used, attribute->name, length);
		used += length;
	}
	return (ssize_t)used;
}

/* One with another value keeps its place in the list. */
int tmpfs_set_attribute(struct inode *inode, const char *name, const void *value, size_t size,
			int flags)
{
	struct list *attributes = &tmpfs_inode(inode)->attributes;
	struct tmpfs_attribute *old, *new = NULL;
	int error = check_name(name);

	rwlock_assert_held_exclusive(&inode->lock);
	if (error)
		return error;
	old = find(inode, name);
	if (old && (flags & XATTR_CREATE))
		return -EEXIST;
	if (!old && (!value || (flags & XATTR_REPLACE)))
		return -ENODATA;
	if (value) {
		new = create(name, value, size);
		if (!new)
			return -ENOMEM;
	}
	if (new && old)
		list_insert_after(&old->node, &new->node);
	else if (new)
		list_add_head(attributes, &new->node);
	if (old) {
		list_remove(&old->node);
		destroy(old);
	}
	return 0;
}

void tmpfs_attributes_fini(struct inode *inode)
{
	struct list *attributes = &tmpfs_inode(inode)->attributes;

	while (!list_is_empty(attributes)) {
		struct list_node *node = list_first(attributes);

		list_remove(node);
		destroy(container_of(node, struct tmpfs_attribute, node));
	}
}
