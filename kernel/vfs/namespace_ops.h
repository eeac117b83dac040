/*
 * Changing names: create, mkdir, unlink, rmdir, link, symlink, rename; with all permission checks.
 * Names in kernel memory. All may sleep; errors as the system calls of the same name.
 */
#pragma once
#include "vfs/path_walk.h"

must_check int namespace_make_node(const struct walk_context *context, const char *name,
				   file_mode mode, dev_number device,
				   struct path *out /* or NULL */);
must_check int namespace_make_directory(const struct walk_context *context, const char *name,
					file_mode mode);
must_check int namespace_unlink(const struct walk_context *context, const char *name);
must_check int namespace_remove_directory(const struct walk_context *context, const char *name);
must_check int namespace_link(const struct path *target, const struct walk_context *context,
			      const char *name);
must_check int namespace_symlink(const char *target, const struct walk_context *context,
				 const char *name);
enum rename_flags { RENAME_FLAG_NOREPLACE = 1, RENAME_FLAG_EXCHANGE = 2 };
must_check int namespace_rename(const struct walk_context *old_context, const char *old_name,
				const struct walk_context *new_context, const char *new_name,
				uint32_t flags);
