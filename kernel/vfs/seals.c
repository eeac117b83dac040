/*
 * Seals: promises about a file in memory that nobody can take back, so that who gets its descriptor
 * from a stranger may map it and rely on them.
 *
 * The seals are bits of the inode, set under its lock held exclusive and never cleared. What they
 * forbid is asked for under the same lock: a change of size in inode_truncate_locked() and
 * file_allocate(), a write in sealed_write() below. Files that cannot be sealed any more, which are
 * all but memfd_create(2)'s, keep the plain operations and pay nothing.
 *
 * A writable mapping writes without asking anybody. So F_SEAL_WRITE is refused while the cache
 * counts one; and a mapping that is about to be made is counted here, under the inode lock, until
 * vm has counted it itself (file_map_end).
 */
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/internal.h"
#include "vm/mmap.h"

#define SEALS_ALL                                                                               \
	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE |      \
	 F_SEAL_EXEC)
#define SEALS_WRITE ((uint32_t)(F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))

int seals_check_size(const struct inode *inode, uint64_t size)
{
	uint64_t old = inode_size(inode);

	if ((size < old && (inode->seals & F_SEAL_SHRINK)) ||
	    (size > old && (inode->seals & F_SEAL_GROW)))
		return -EPERM;
	return 0;
}

int seals_check_allocate(const struct inode *inode, int mode, uint64_t end)
{
	if (mode & FALLOC_FL_PUNCH_HOLE)
		return inode->seals & SEALS_WRITE ? -EPERM : 0;
	return (inode->seals & F_SEAL_GROW) && end > inode_size(inode) ? -EPERM : 0;
}

int file_get_seals(struct file *file)
{
	uint32_t seals = file->inode->seals;

	return seals & INODE_SEALABLE ? (int)(seals & ~INODE_SEALABLE) : -EINVAL;
}

/* Inode lock held exclusive. */
static int add_seals(struct inode *inode, uint32_t seals)
{
	if (!(inode->seals & INODE_SEALABLE))
		return -EINVAL;
	if (inode->seals & F_SEAL_SEAL)
		return -EPERM;
	/* What may be executed, and always will, must not change. */
	if ((seals & F_SEAL_EXEC) && (inode->mode & 0111))
		seals |= F_SEAL_SHRINK | F_SEAL_GROW | SEALS_WRITE;
	/* Acquire: pairs with file_map_end; vm has counted the mapping by then. */
	if ((seals & F_SEAL_WRITE) && !(inode->seals & F_SEAL_WRITE) &&
	    atomic_load_explicit(&inode->cache.writable_mappings, memory_order_acquire) > 0)
		return -EBUSY;
	inode->seals |= seals;
	return 0;
}

int file_add_seals(struct file *file, uint32_t seals)
{
	struct inode *inode = file->inode;
	int error;

	if (!(file->mode & FILE_WRITE))
		return -EPERM;
	if (seals & ~(uint32_t)SEALS_ALL)
		return -EINVAL;
	rwlock_write_lock(&inode->lock);
	error = add_seals(inode, seals);
	rwlock_write_unlock(&inode->lock);
	return error;
}

/* ---- files whose seals may change ------------------------------------------------------------ */

static ssize_t write_sealed(struct file *file, struct io_buffer *buffer, file_offset *position,
			    bool append)
{
	struct inode *inode = file->inode;
	uint64_t end;
	ssize_t result;

	if (buffer->remaining == 0)
		return 0;
	rwlock_write_lock(&inode->lock);
	end = append ? inode_size(inode) : (uint64_t)*position;
	end += buffer->remaining;
	/*
	 * What fits is written even if all of it does not: pages before the end, as on Linux, where
	 * a page is refused whole.
	 */
	if ((inode->seals & F_SEAL_GROW) && end > inode_size(inode)) {
		uint64_t last_page = inode_size(inode) & ~(uint64_t)(PAGE_SIZE - 1);
		uint64_t start = end - buffer->remaining;

		buffer->remaining = start < last_page ? (size_t)(last_page - start) : 0;
	}
	if ((inode->seals & SEALS_WRITE) || buffer->remaining == 0)
		result = -EPERM;
	else
		result = file_write_cached(file, buffer, position, append);
	rwlock_write_unlock(&inode->lock);
	return result;
}

static ssize_t sealed_write(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	return write_sealed(file, buffer, position,
			    atomic_load_explicit(&file->flags, memory_order_relaxed) & O_APPEND);
}

static ssize_t sealed_append(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	return write_sealed(file, buffer, position, true);
}

static int sealed_map(struct file *file, struct vm_map_request *request)
{
	struct inode *inode = file->inode;
	int error = file_map_cached(file, request);

	if (error || !(request->flags & REGION_SHARED))
		return error;
	rwlock_read_lock(&inode->lock);
	if ((inode->seals & SEALS_WRITE) && (request->flags & REGION_WRITE)) {
		error = -EPERM;
	} else if (inode->seals & SEALS_WRITE) {
		request->flags &= ~(uint32_t)REGION_MAY_WRITE;
	} else if (request->flags & REGION_MAY_WRITE) {
		atomic_fetch_add_explicit(&inode->cache.writable_mappings, 1,
					  memory_order_relaxed);
		request->holds_writable = true;
	}
	rwlock_read_unlock(&inode->lock);
	return error;
}

const struct file_ops sealed_file_ops = {
	.open = file_open_cached,
	.read = file_read_cached,
	.write = sealed_write,
	.append = sealed_append,
	.map = sealed_map,
	.sync = file_sync_cached,
};
