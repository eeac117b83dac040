/*
 * The walk over cached dentries, without locks; for path_walk.c only.
 */
#pragma once
#include "vfs/path_walk.h"

struct file_status;

/*
 * As path_walk without the restricting flags; -EAGAIN: walk carefully instead. `name` is not empty.
 * Does not sleep.
 */
must_check int path_walk_fast(const struct walk_context *context, const char *name, uint32_t flags,
			      struct path *out);
must_check int path_status_fast(const struct walk_context *context, const char *name,
				uint32_t flags, struct file_status *out);
must_check int path_walk_fast_parent(const struct walk_context *context, const char *name,
				     struct walk_parent *out);
