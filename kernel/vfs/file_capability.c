/*
 * Capabilities of files: the extended attribute security.capability, which is Linux's struct
 * vfs_cap_data on the disk.
 *
 *	revision 1	32 bits of each set; is read, but cannot be set any more
 *	revision 2	64 bits of each
 *	revision 3	the same, and whose they are: the user who is root of a name space. There
 *			is one name space here; those of any other root are kept, and give nothing
 *
 * The attribute belongs to the file's contents and owner. Whoever changes one of them, even root,
 * takes it away, and what is not well formed prevents execution: a program that was to run with
 * fewer rights than its user expects must not run with others.
 *
 * Most files have none, and every write has to know: inode->no_privileges remembers what was found.
 */
#include "vfs/file_capability.h"

#include "lib/min_max.h"
#include "lib/string.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/extended_attribute.h"
#include "vfs/inode.h"

enum {
	REVISION_MASK = 0xff000000,
	REVISION_1 = 0x01000000, SIZE_1 = 12,
	REVISION_2 = 0x02000000, SIZE_2 = 20,
	REVISION_3 = 0x03000000, SIZE_3 = 24,
	FLAG_EFFECTIVE = 1,
};

/* struct vfs_ns_cap_data; the other revisions are its beginning. */
struct value {
	uint32_t magic;		/* revision and flags */
	struct {
		uint32_t permitted, inheritable;
	} words[2];		/* low, high */
	uint32_t root;
};
_Static_assert(sizeof(struct value) == SIZE_3, "ABI");

static bool has_form(const struct value *value, ssize_t size, uint32_t revision, ssize_t wanted)
{
	return size == wanted && (value->magic & ~(uint32_t)FLAG_EFFECTIVE) == revision;
}

/* What is kept: its size, or an error. Inode lock held. */
static ssize_t load(struct inode *inode, struct value *out)
{
	memset(out, 0, sizeof(*out));
	if (!inode->ops->get_attribute)
		return -ENODATA;
	return inode->ops->get_attribute(inode, FILE_CAPABILITY_NAME, out, sizeof(*out));
}

static int parse(const struct value *value, ssize_t size, struct file_capability *out)
{
	const uint64_t all = ((uint64_t)1 << CAP_COUNT) - 1;
	uint32_t revision = value->magic & (uint32_t)REVISION_MASK;
	uint64_t permitted = value->words[0].permitted, inheritable = value->words[0].inheritable;

	if (!(size == SIZE_1 && revision == REVISION_1) &&
	    !(size == SIZE_2 && revision == REVISION_2) &&
	    !(size == SIZE_3 && revision == REVISION_3))
		return -EINVAL;
	if (revision == REVISION_3 && value->root != 0)
		return 0;
	if (revision != REVISION_1) {
		permitted |= (uint64_t)value->words[1].permitted << 32;
		inheritable |= (uint64_t)value->words[1].inheritable << 32;
	}
	out->exists = true;
	out->effective = value->magic & FLAG_EFFECTIVE;
	out->permitted = permitted & all;
	out->inheritable = inheritable & all;
	return 0;
}

int file_capability_get(struct inode *inode, struct file_capability *out)
{
	struct value value;
	ssize_t size;

	*out = (struct file_capability){ .exists = false };
	/* Relaxed: who sets or takes away at this moment comes before us or after us. */
	if (!inode->ops->get_attribute ||
	    atomic_load_explicit(&inode->no_privileges, memory_order_relaxed))
		return 0;
	rwlock_read_lock(&inode->lock);
	size = load(inode, &value);
	rwlock_read_unlock(&inode->lock);
	if (size == -ENODATA || size == -EOPNOTSUPP)
		return 0;
	if (size == -ERANGE)
		return -EINVAL;
	return size < 0 ? (int)size : parse(&value, size, out);
}

int file_capability_remove(struct inode *inode)
{
	ssize_t size;

	rwlock_assert_held_exclusive(&inode->lock);
	if (!inode->ops->set_attribute)
		return 0;
	size = inode->ops->get_attribute(inode, FILE_CAPABILITY_NAME, NULL, 0);
	/* An empty one is not seen here on Linux either, and stays. */
	if (size == 0 || size == -ENODATA || size == -EOPNOTSUPP)
		return 0;
	if (size < 0)
		return (int)size;
	return inode->ops->set_attribute(inode, FILE_CAPABILITY_NAME, NULL, 0, XATTR_REPLACE);
}

int file_capability_check(const void *bytes, size_t size)
{
	struct value value = { .magic = 0 };

	memcpy(&value, bytes, min(size, sizeof(value)));
	if (has_form(&value, (ssize_t)size, REVISION_2, SIZE_2))
		return 0;
	if (has_form(&value, (ssize_t)size, REVISION_3, SIZE_3) && value.root != UINT32_MAX)
		return 0;
	return -EINVAL;
}

ssize_t file_capability_show(struct inode *inode, void *buffer, size_t size)
{
	struct value value;
	ssize_t result = load(inode, &value);

	if (result < 0)
		return result == -ERANGE ? -EINVAL : result;
	if (has_form(&value, result, REVISION_3, SIZE_3)) {
		/* Root's of this name space need not say so. */
		if (value.root == 0) {
			value.magic = (value.magic & FLAG_EFFECTIVE) | REVISION_2;
			result = SIZE_2;
		}
	} else if (!has_form(&value, result, REVISION_2, SIZE_2)) {
		return -EINVAL;
	}
	if (size > 0 && size < (size_t)result)
		return -ERANGE;
	if (size > 0)
		memcpy(buffer, &value, (size_t)result);
	return result;
}
