/*
 * May these credentials do that to this inode?
 */
#pragma once
#include "vfs/credentials.h"
#include "vfs/inode.h"

enum access_wish { ACCESS_EXECUTE = 1, ACCESS_WRITE = 2, ACCESS_READ = 4 };

/*
 * 0, -EACCES, or -EROFS (write to a read-only mount is checked by the caller), -EPERM (immutable).
 * Does not sleep.
 */
must_check int permission_check(const struct inode *inode, const struct credentials *credentials,
				uint32_t wish);
/* Deleting or renaming `victim` in `dir`: write and search permission, sticky rule. */
must_check int permission_check_delete(const struct inode *dir, const struct inode *victim,
				       const struct credentials *credentials);
/* or CAP_FOWNER */
bool permission_is_owner(const struct inode *inode, const struct credentials *credentials);
