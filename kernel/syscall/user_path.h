/*
 * Paths that programs pass: the string, and where its walk starts.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/types.h"
#include "vfs/fs_context.h"
#include "vfs/path_walk.h"

struct file;
struct file_status;

enum { USER_PATH_SMALL = 192 }; /* most paths fit; longer ones take a page */

/* On the caller's stack from user_path_get to user_path_put. */
struct user_path {
	char *name; /* NUL-terminated; small or a page of its own */
	struct fs_context_walk walk;
	/* what walk.context.start was before `directory` took its place */
	struct path cwd;
	struct file *directory; /* that `dirfd` names, or NULL */
	bool directory_needs_put;
	char small[USER_PATH_SMALL];
};

enum user_path_flags {
	USER_PATH_EMPTY_OK = 1 << 0,	/* AT_EMPTY_PATH */
	USER_PATH_IN_ROOT = 1 << 1,	/* an absolute path starts at `dirfd` too */
};

/*
 * Copy the path at `name`; a relative one starts at `dirfd` (AT_FDCWD: the working directory).
 * May sleep. Errors: -EFAULT, -ENOENT (empty), -ENAMETOOLONG, -EBADF, -ENOTDIR, -ENOMEM; then
 * nothing is to be put.
 */
must_check int user_path_get(struct user_path *path, int dirfd, user_addr name, uint32_t flags);
void user_path_put(struct user_path *path);

/* What the walk needs; valid until user_path_put. */
static inline const struct walk_context *user_path_context(const struct user_path *path)
{
	return &path->walk.context;
}

/* user_path_get and path_walk in one: *out is referenced. */
must_check int user_path_walk(int dirfd, user_addr name, uint32_t path_flags, uint32_t walk_flags,
			      struct path *out);
/* user_path_get and path_status in one. */
must_check int user_path_status(int dirfd, user_addr name, uint32_t path_flags,
				uint32_t walk_flags, struct file_status *out);
