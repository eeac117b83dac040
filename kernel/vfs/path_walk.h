/*
 * Path walk: from a string to a dentry.
 */
#pragma once
#include <stdbool.h>
#include "core/compiler.h"
#include "vfs/mount.h"

struct file_status;

/* Where walks start and who walks; from proc's fs_context, by value with borrowed references. */
struct walk_context {
	struct path root;			/* what / means */
	/* what a relative path starts at: cwd or a descriptor's */
	struct path start;
	const struct credentials *credentials;
};

enum walk_flags {
	WALK_FOLLOW = 1 << 0,		/* follow a symbolic link at the end */
	WALK_DIRECTORY = 1 << 1,	/* the end must be a directory */
	/* the last part may be missing: give its (negative) dentry */
	WALK_CREATE = 1 << 2,
	WALK_EXCLUSIVE = 1 << 3,	/* with CREATE: must be missing */
	WALK_EMPTY_OK = 1 << 4,		/* AT_EMPTY_PATH: "" is the start itself */
	WALK_NO_LINKS = 1 << 6,		/* RESOLVE_NO_SYMLINKS: any link is -ELOOP */
	WALK_BENEATH = 1 << 7,		/* RESOLVE_BENEATH: -EXDEV on leaving the start */
	WALK_IN_ROOT = 1 << 8,		/* RESOLVE_IN_ROOT */
	WALK_NO_CROSS = 1 << 9,		/* RESOLVE_NO_XDEV */
	WALK_NO_MAGIC_LINKS = 1 << 10,	/* RESOLVE_NO_MAGICLINKS */
	WALK_CACHED = 1 << 11,		/* RESOLVE_CACHED: -EAGAIN where it would not be quick */
};

/*
 * The place that `name` (kernel memory, NUL-terminated) names; referenced. May sleep. Errors:
 * -ENOENT, -ENOTDIR, -EACCES, -ELOOP, -ENAMETOOLONG, -EIO, -ENOMEM, -EXDEV.
 */
must_check int path_walk(const struct walk_context *context, const char *name, uint32_t flags,
			 struct path *out);

/* path_walk and inode_status in one; mostly without a reference. May sleep. Errors: of both. */
must_check int path_status(const struct walk_context *context, const char *name, uint32_t flags,
			   struct file_status *out);

/*
 * For create, unlink, rename: the directory that holds the last part, and that part (pointing into
 * `name`). `trailing_slash` tells of "dir/". Last part "." or ".." or "/" comes as type.
 */
enum last_part { LAST_NAME, LAST_DOT, LAST_DOT_DOT, LAST_ROOT };
struct walk_parent { struct path directory; const char *name; size_t length; enum last_part type;
	bool trailing_slash; };
must_check int path_walk_parent(const struct walk_context *context, const char *name,
				uint32_t flags, struct walk_parent *out);

/*
 * A component under a directory whose lock the caller holds (shared is enough): referenced dentry,
 * maybe negative.
 */
must_check int path_lookup_child(const struct path *directory, const char *name, size_t length,
				 struct dentry **out);

/*
 * The absolute name of `path` as seen from `root`, at the end of `buffer`: *out points into it.
 * -ERANGE. Those that are not below the root begin at the top of what they are in; deleted ones end
 * with " (deleted)". Returns length with NUL.
 */
must_check ssize_t path_format(const struct path *path, const struct path *root, char *buffer,
			       size_t size, char **out);
/* The same, but those that are not below the root start with "(unreachable)". */
must_check ssize_t path_format_marked(const struct path *path, const struct path *root,
				      char *buffer, size_t size, char **out);
