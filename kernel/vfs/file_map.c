/*
 * Mapping an open file: what mmap(2) may do with it, and what vm sees of it afterwards, which is
 * only the page cache and the calls below. A mapping keeps the open file description, so that the
 * name shows in /proc/PID/maps.
 */
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/freeze.h"
#include "vfs/internal.h"
#include "vm/mmap.h"

static void backing_get(void *backing)
{
	file_get(backing);
}

static void backing_put(void *backing)
{
	file_put(backing);
}

static size_t backing_name(void *backing, char *buffer, size_t size)
{
	struct file *file = backing;
	struct path root;
	ssize_t length;
	char *start;

	if (size == 0)
		return 0;
	mount_get_root(&root);
	length = path_format(&file->path, &root, buffer, size, &start);
	path_put(&root);
	if (length <= 0) {
		buffer[0] = 0;
		return 0;
	}
	memmove(buffer, start, (size_t)length);
	return (size_t)length - 1;
}

static void backing_identity(void *backing, dev_number *device, uint64_t *inode)
{
	const struct file *file = backing;

	*device = file->inode->super->device_number;
	*inode = file->inode->number;
}

/* A shared page becomes writable: from now on the file changes without further notice. */
static int backing_page_made_writable(void *backing, uint32_t page_index)
{
	struct file *file = backing;

	(void)page_index;
	if (inode_is(file->inode, MODE_REGULAR))
		inode_touch(file->inode, false, true, true);
	return 0;
}

/* Locks: the address space's, and what its caller holds; so who can, waits without any. */
static int backing_begin_change(void *backing, bool wait)
{
	const struct file *file = backing;

	return file->mode & FILE_CHANGES_DISK ? freeze_enter_fault(file->inode->super, wait) : 0;
}

static void backing_end_change(void *backing)
{
	const struct file *file = backing;

	if (file->mode & FILE_CHANGES_DISK)
		freeze_leave_fault(file->inode->super);
}

static int backing_sync(void *backing)
{
	struct file *file = backing;

	return file->ops->sync ? file->ops->sync(file, true) : 0;
}

static int backing_punch_hole(void *backing, uint32_t first, uint32_t count)
{
	return file_allocate(backing, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			     (file_offset)first << PAGE_SHIFT, (file_offset)count << PAGE_SHIFT,
			     UINT64_MAX);
}

static const struct backing_ops file_backing_ops = {
	.get = backing_get,
	.put = backing_put,
	.name = backing_name,
	.identity = backing_identity,
	.begin_change = backing_begin_change,
	.end_change = backing_end_change,
	.page_made_writable = backing_page_made_writable,
	.sync = backing_sync,
	.punch_hole = backing_punch_hole,
};

int file_map(struct file *file, struct vm_map_request *request)
{
	bool is_shared = request->flags & REGION_SHARED;
	uint32_t may = REGION_MAY_READ | REGION_MAY_WRITE | REGION_MAY_EXECUTE;

	if (file->mode & FILE_PATH_ONLY)
		return -EBADF;
	if (!(file->mode & FILE_READ))
		return -EACCES;
	if (is_shared && !(file->mode & FILE_WRITE)) {
		if (request->flags & REGION_WRITE)
			return -EACCES;
		may &= ~(uint32_t)REGION_MAY_WRITE;
	}
	if (is_shared && (request->flags & REGION_WRITE) &&
	    (file->inode->flags & INODE_FLAG_APPEND_ONLY))
		return -EACCES;
	if (file->path.mount->flags & MOUNT_NO_EXECUTE) {
		if (request->flags & REGION_EXECUTE)
			return -EPERM;
		may &= ~(uint32_t)REGION_MAY_EXECUTE;
	}
	if (!file->ops->map)
		return -ENODEV;
	request->flags &= ~(uint32_t)(REGION_MAY_READ | REGION_MAY_WRITE | REGION_MAY_EXECUTE);
	request->flags |= may;
	request->backing = file;
	request->backing_ops = &file_backing_ops;
	return file->ops->map(file, request);
}

void file_map_end(const struct vm_map_request *request)
{
	if (unlikely(request->holds_writable))
		atomic_fetch_sub_explicit(&request->cache->writable_mappings, 1,
					  memory_order_release);
}
