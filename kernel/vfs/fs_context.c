/*
 * A context that only one thread uses is read by that thread without references or lock: nobody
 * else may change it. Others (procfs) take a reference to the context first, and so turn that off.
 */
#include "vfs/fs_context.h"

#include "mem/slab.h"
#include "uapi/linux/errno.h"
#include "vfs/internal.h"

static struct slab_cache *context_slab;

void fs_context_init(void)
{
	context_slab = slab_cache_create("fs_context", sizeof(struct fs_context), 0);
}

static int create(const struct path *root, const struct path *cwd, file_mode umask,
		  struct fs_context **out)
{
	struct fs_context *context = slab_alloc_zeroed(context_slab, 0);

	if (!context)
		return -ENOMEM;
	refcount_set(&context->references, 1);
	context->threads = 1;
	spin_init(&context->lock, LOCK_RANK_FD_TABLE, "fs context");
	context->root = *root;
	context->cwd = *cwd;
	context->umask = umask;
	*out = context;
	return 0;
}

int fs_context_create(const struct path *root, struct fs_context **out)
{
	int error = create(root, root, 022, out);

	if (!error) {
		path_get(root);
		path_get(root);
	}
	return error;
}

int fs_context_copy(struct fs_context *from, struct fs_context **out)
{
	struct path root, cwd;
	int error;

	fs_context_get_paths(from, &root, &cwd);
	error = create(&root, &cwd, from->umask, out);
	if (error) {
		path_put(&root);
		path_put(&cwd);
	}
	return error;
}

int fs_context_join(struct fs_context *context)
{
	int error = 0;

	spin_lock(&context->lock);
	if (context->claims)
		error = -EAGAIN;
	else
		context->threads++;
	spin_unlock(&context->lock);
	if (!error)
		fs_context_get(context);
	return error;
}

void fs_context_leave(struct fs_context *context)
{
	spin_lock(&context->lock);
	context->threads--;
	spin_unlock(&context->lock);
	fs_context_put(context);
}

void fs_context_put(struct fs_context *context)
{
	if (!refcount_put(&context->references))
		return;
	path_put(&context->root);
	path_put(&context->cwd);
	slab_free(context_slab, context);
}

void fs_context_get_paths(struct fs_context *context, struct path *root, struct path *cwd)
{
	spin_lock(&context->lock);
	*root = context->root;
	*cwd = context->cwd;
	path_get(root);
	path_get(cwd);
	spin_unlock(&context->lock);
}

static void set_path(struct fs_context *context, struct path *place, const struct path *path)
{
	struct path old;

	spin_lock(&context->lock);
	old = *place;
	*place = *path;
	spin_unlock(&context->lock);
	path_put(&old);
}

void fs_context_set_cwd(struct fs_context *context, const struct path *path)
{
	set_path(context, &context->cwd, path);
}

void fs_context_set_root(struct fs_context *context, const struct path *path)
{
	set_path(context, &context->root, path);
}

file_mode fs_context_set_umask(struct fs_context *context, file_mode umask)
{
	file_mode old;

	spin_lock(&context->lock);
	old = context->umask;
	context->umask = umask & 0777;
	spin_unlock(&context->lock);
	return old;
}
