/*
 * Capabilities that a file gives to whoever executes it.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/types.h"

#define FILE_CAPABILITY_NAME "security.capability"

struct inode;

struct file_capability {
	bool exists;			/* else all the rest is 0 */
	bool effective;			/* the program has them without asking */
	uint64_t permitted;		/* given to everybody, within his bounding set */
	uint64_t inheritable;		/* given to who has them as inheritable ones */
};

/*
 * What `inode` gives. May sleep. Locks: takes the inode's, shared, if there is anything to look at.
 * Errors: -EINVAL (the attribute makes no sense), -EIO, -ENOMEM.
 */
must_check int file_capability_get(struct inode *inode, struct file_capability *out);
/*
 * Take the attribute away from what has changed hands or contents; it need not be there. May sleep.
 * Locks: the caller holds the inode's exclusive. Errors: as those of set_attribute.
 */
must_check int file_capability_remove(struct inode *inode);
/* May these bytes be set as the attribute's value? Errors: -EINVAL. */
must_check int file_capability_check(const void *value, size_t size);
/*
 * The attribute as a program sees it; as inode_ops.get_attribute, with its locks. Errors: also
 * -EINVAL.
 */
must_check ssize_t file_capability_show(struct inode *inode, void *buffer, size_t size);
