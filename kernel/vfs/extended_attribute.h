/*
 * Extended attributes: names with values that a file system keeps with a file (xattr(7)). Who may
 * see and change which; the keeping is the file system's (struct inode_ops).
 */
#pragma once
#include <stddef.h>
#include "core/compiler.h"
#include "core/types.h"

struct credentials;
struct dentry;
struct inode;

enum { XATTR_NAME_MAX = 255, XATTR_SIZE_MAX = 65536, XATTR_LIST_MAX = 65536 };
enum { XATTR_CREATE = 1, XATTR_REPLACE = 2 };

/*
 * The value of `name`, up to `size` bytes of it into `buffer`; returns its size. With `size` 0 that
 * is all. May sleep. Locks: takes the inode's. Errors: -EOPNOTSUPP, -EACCES, -ENODATA, -ERANGE (it
 * does not fit), -EINVAL, -EIO, -ENOMEM.
 */
must_check ssize_t extended_attribute_get(struct inode *inode, const char *name, void *buffer,
					  size_t size, const struct credentials *credentials);
/*
 * Give `name` a value, or take it away: `value` NULL, then the flags are XATTR_REPLACE. The caller
 * has begun to write to the mount. May sleep. Locks: takes the inode's. Errors: also -EPERM,
 * -EEXIST, -ENOSPC, -EROFS.
 */
must_check int extended_attribute_set(struct dentry *dentry, const char *name, const void *value,
				      size_t size, int flags,
				      const struct credentials *credentials);
/* All names, each with its NUL; otherwise as extended_attribute_get. */
must_check ssize_t extended_attribute_list(struct inode *inode, char *buffer, size_t size,
					   const struct credentials *credentials);
