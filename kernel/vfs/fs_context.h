/*
 * Where a process stands in the tree: its root, working directory and umask. Shared by CLONE_FS.
 */
#pragma once
#include "core/compiler.h"
#include "core/refcount.h"
#include "core/spinlock.h"
#include "vfs/path_walk.h"

/* [l] lock */
struct fs_context {
	struct refcount references;	/* [a] */
	struct spinlock lock;		/* LOCK_RANK_FD_TABLE */
	struct path root, cwd;		/* [l] referenced */
	file_mode umask;		/* [l] */
	unsigned int threads;		/* [l] that have it, or will have when they are made */
	unsigned int claims;		/* [l] programs that start and may not share it */
};

/* For one thread, which gives it back with fs_context_leave(). */
must_check int fs_context_create(const struct path *root, struct fs_context **out);
must_check int fs_context_copy(struct fs_context *from, struct fs_context **out);
/* One more thread shares it. Error: -EAGAIN, while a program starts that may not share it. */
must_check int fs_context_join(struct fs_context *context);
void fs_context_leave(struct fs_context *context);	/* may sleep */
/* To look at it for a moment. */
static inline void fs_context_get(struct fs_context *context)
{
	refcount_get(&context->references);
}
void fs_context_put(struct fs_context *context);	/* may sleep */
/* Copies with references of their own; give back with path_put. */
void fs_context_get_paths(struct fs_context *context, struct path *root, struct path *cwd);
/*
 * For the length of a system call by a thread of this context: no references when it is not shared.
 * Give back with fs_context_end_walk.
 */
struct fs_context_walk { struct walk_context context; bool has_references; };
static inline void fs_context_begin_walk(struct fs_context *context,
					 const struct credentials *credentials,
					 struct fs_context_walk *out)
{
	out->context.credentials = credentials;
	out->has_references = refcount_read(&context->references) > 1;
	if (unlikely(out->has_references)) {
		fs_context_get_paths(context, &out->context.root, &out->context.start);
	} else {
		out->context.root = context->root;
		out->context.start = context->cwd;
	}
}
static inline void fs_context_end_walk(struct fs_context_walk *walk)
{
	if (unlikely(walk->has_references)) {
		path_put(&walk->context.root);
		path_put(&walk->context.start);
	}
}
/* Take over the reference in `path`; the old one is dropped. May sleep. */
void fs_context_set_cwd(struct fs_context *context, const struct path *path);
void fs_context_set_root(struct fs_context *context, const struct path *path);
/* returns the old one */
file_mode fs_context_set_umask(struct fs_context *context, file_mode umask);
