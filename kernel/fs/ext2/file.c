/*
 * Regular files: pages from the disk and to it, and what ioctl knows.
 *
 * Reading and writing a range of pages makes one request of each run of blocks that lie together
 * (block/page_io.h). Where a page has several blocks, they may lie apart and some may be holes:
 * those read as zeros.
 *
 * Writing back is also when blocks get their places (delayed.c): a page that needs one allocates
 * for all that is promised after it and dirty, up to RUN_LIMIT, so that a file written in one go
 * lies in one piece. What is promised and not dirty yet is still to be read as the hole that it is,
 * by who writes to a part of it or by anybody else. A dirty page without a promise can happen only
 * where memory or space failed before; then it tries for itself.
 *
 * With a journal the data of a page that gets a place is on its way before the transaction that
 * gives it the place is left, and the commit waits for it: so no file is ever seen with blocks
 * whose contents are an earlier file's ("ordered" data). That is also why no block gets a place
 * there before its page is written. Pages that have their places already, and that the size on the
 * disk covers, need no transaction.
 *
 * The size on the disk follows the data (inode->disk_size). It grows in the transaction that gives
 * the new data a place, or whose commit waits for it at least, to the end of what was sent; so no
 * file is seen with zeros that nobody wrote, and no block lies behind the end of a file, which
 * e2fsck would mind. For that, pages beyond disk_size are written in order, by one thread at a time
 * (vm/writeback.c, is_in_pass), and when one of them has to be put off so have those behind it. At
 * the end of a pass the size takes in what has nothing to be written: a hole at the end. What is
 * cut off leaves disk_size at once. An error is its file's, as ever: the size goes past what could
 * not be written, and fsync tells.
 */
#include "fs/ext2/internal.h"

#include "arch/user_copy.h"
#include "block/page_io.h"
#include "core/lock_check.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmap.h"
#include "sched/wait_queue.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fs.h"
#include "vfs/credentials.h"
#include "vfs/file.h"
#include "vfs/permission.h"

#define RUN_LIMIT 2048u	/* blocks that are given places at once */
#define WRITE_CREDITS 64u	/* blocks that one transaction of writing back may change */
/* A page's blocks in as many groups as it has blocks, the way to them, the inode. */
#define PAGE_CREDITS 30u
#define PROMISE_CREDITS 30u

/* ioctl commands of Linux (linux/fs.h), for i386. */
#define FS_IOC_GETFLAGS	  0x80046601u
#define FS_IOC_SETFLAGS	  0x40046602u
#define FS_IOC_GETVERSION 0x80047601u

/* ---- reading --------------------------------------------------------------------------------- */

static void clear_part(struct page_io *io, struct page_frame *frame, unsigned int offset,
		       unsigned int size)
{
	uint8_t *bytes = kmap(frame);

	memset(bytes + offset, 0, size);
	kunmap(frame, bytes);
	page_io_settle(io, frame, offset, size, 0);
}

enum { PAGE_RUNS = PAGE_SIZE / 1024 };	/* a page's blocks, where they are smallest */

/*
 * Where the parts of a page lie: `count` of them, the last as long as the page lasts. Errors:
 * -ENOMEM; what is wrong with the disk comes with the part that it concerns.
 */
struct page_parts {
	unsigned int count;
	struct { struct ext2_run run; unsigned int size; int error; } parts[PAGE_RUNS];
};

static int find_parts(struct ext2_inode *inode, uint32_t index, uint64_t block_count,
		      struct page_parts *out)
{
	struct ext2 *fs = ext2_of(inode->vfs.super);
	uint32_t logical = index << (PAGE_SHIFT - fs->block_shift);

	out->count = 0;
	for (unsigned int offset = 0, size; offset < PAGE_SIZE; offset += size) {
		struct ext2_run run = { .physical = EXT2_HOLE };
		int error = 0;

		size = PAGE_SIZE - offset;
		if (logical < block_count) {
			error = ext2_map_find(inode, logical, size >> fs->block_shift, &run);
			if (error == -ENOMEM)
				return error;
			if (!error)
				size = run.count << fs->block_shift;
		}
		out->parts[out->count].run = run;
		out->parts[out->count].size = size;
		out->parts[out->count++].error = error;
		logical += run.count;
	}
	return 0;
}

/* Errors: -ENOMEM; then nothing has begun. */
static int read_page(struct page_io *io, struct ext2_inode *inode, struct page_frame *frame,
		     uint64_t block_count)
{
	struct ext2 *fs = ext2_of(inode->vfs.super);
	struct page_parts page;
	unsigned int offset = 0;

	if (find_parts(inode, frame->index, block_count, &page))
		return -ENOMEM;
	page_io_begin(frame);
	for (unsigned int i = 0; i < page.count; i++) {
		const struct ext2_run *run = &page.parts[i].run;
		unsigned int size = page.parts[i].size;

		if (page.parts[i].error)
			page_io_settle(io, frame, offset, size, page.parts[i].error);
		else if (run->physical == EXT2_HOLE)
			clear_part(io, frame, offset, size);
		else
			page_io_add(io, frame, offset, size, ext2_sector_of(fs, run->physical));
		offset += size;
	}
	return 0;
}

/* Where no memory is had to find blocks: for the first page an error, others are left out. */
static int ext2_read_pages(struct page_cache *cache, struct page_frame **frames,
			   unsigned int count)
{
	struct ext2_inode *inode = ext2_inode_of(cache->owner);
	struct ext2 *fs = ext2_of(inode->vfs.super);
	uint64_t block_count = ext2_block_count_of(fs, page_cache_size(cache));
	struct page_io io;
	int error;

	page_io_init(&io, fs->device, BLOCK_READ);
	mutex_lock(&inode->map_lock);
	error = read_page(&io, inode, frames[0], block_count);
	for (unsigned int i = 1; i < count && !error; i++) {
		if (read_page(&io, inode, frames[i], block_count))
			page_cache_fill_cancel(frames[i]);
	}
	mutex_unlock(&inode->map_lock);
	page_io_finish(&io);
	return error;
}

/* ---- writing --------------------------------------------------------------------------------- */

static bool is_zero(struct page_frame *frame, unsigned int offset, unsigned int size)
{
	uint8_t *bytes = kmap(frame);
	const uint32_t *words = (const uint32_t *)(bytes + offset);
	bool zero = true;

	for (unsigned int i = 0; i < size / sizeof(*words) && zero; i++)
		zero = words[i] == 0;
	kunmap(frame, bytes);
	return zero;
}

/*
 * A hole of which nothing is promised, in a dirty page: of a page with several blocks only some
 * were written to, or memory failed us. Nothing but zeros needs no place.
 */
static bool may_stay_hole(struct ext2_inode *inode, struct page_frame *frame, unsigned int offset,
			  uint32_t logical)
{
	struct ext2 *fs = ext2_of(inode->vfs.super);
	struct ext2_run run;

	return fs->block_size < PAGE_SIZE && ext2_map_find(inode, logical, 1, &run) == 0 &&
	       run.physical == EXT2_HOLE && ext2_promise_end(inode, logical) == 0 &&
	       is_zero(frame, offset, fs->block_size);
}

/* Pages being written back. */
struct writing {
	struct ext2_inode *inode;
	struct ext2_transaction *transaction;	/* NULL: only what has a place can be written */
	int error;				/* why there is none */
	uint64_t block_count;			/* of the file */
	uint64_t size;				/* of the file */
	uint64_t batch_end;			/* file block after the last page */
	uint64_t placed_end;			/* file block after the last that got a place */
	uint64_t sent_end;			/* bytes: after the last that was sent */
	bool is_postponed;			/* a page is dirty again: short of memory */
	struct page_io io;
};

/*
 * The first page from `index` on, or `end`, that the cache does not hold to be written. A page that
 * is only promised would be read from its place, with whatever the disk has there.
 */
static uint32_t end_of_dirty(struct page_cache *cache, uint32_t index, uint32_t end)
{
	enum { CHUNK = 16 };
	struct page_frame *frames[CHUNK];
	bool goes_on = true;

	while (goes_on && index < end) {
		unsigned int count =
			page_cache_find_range(cache, index, min_t(uint32_t, CHUNK, end - index),
					      frames);

		goes_on = count > 0;
		for (unsigned int i = 0; i < count; i++) {
			goes_on &= frames[i]->index == index &&
				   (atomic_load_explicit(&frames[i]->flags, memory_order_acquire) &
				    (FRAME_DIRTY | FRAME_WRITING));
			index += goes_on;
			page_frame_put(frames[i]);
		}
	}
	return index;
}

/* How many blocks may get places together, from `logical` to `promised_end`. */
static uint32_t count_wanted(const struct writing *writing, uint32_t logical, uint32_t promised_end)
{
	const struct ext2 *fs = writing->transaction->fs;
	uint64_t end = min_t(uint64_t, promised_end, writing->block_count);
	unsigned int shift = PAGE_SHIFT - fs->block_shift;

	end = min_t(uint64_t, end, (uint64_t)logical + RUN_LIMIT);
	/*
	 * With a journal only those that are written right now: in this transaction, which may
	 * have to be left after the next page.
	 */
	if (fs->journal &&
	    ext2_transaction_credits(writing->transaction) < 2 * PAGE_CREDITS)
		end = min(end, ((uint64_t)(logical >> shift) + 1) << shift);
	else if (fs->journal)
		end = min(end, writing->batch_end);
	else if (end > writing->batch_end)
		end = min(end, (uint64_t)end_of_dirty(&writing->inode->vfs.cache,
						      (uint32_t)(writing->batch_end >> shift),
						      (uint32_t)((end - 1) >> shift) + 1)
				       << shift);
	return (uint32_t)min_t(uint64_t, end - logical, RUN_LIMIT);
}

/*
 * A promised block finds no place: freed blocks wait for a commit. It is tried again later; and
 * fsync, which commits the inode's last transaction, has to commit the one that runs now.
 */
static int judge_failure(const struct writing *writing, int error, bool promised)
{
	if (error != -ENOSPC || !promised || !writing->transaction->fs->journal)
		return error;
	ext2_note_transaction(writing->transaction, writing->inode);
	return -ENOMEM;
}

/*
 * The run at `logical`, at most `limit` blocks of it; made if it is a hole, with what is promised
 * behind it.
 */
static int find_or_make(struct writing *writing, uint32_t logical, uint32_t limit,
			struct ext2_run *run)
{
	struct ext2_inode *inode = writing->inode;
	uint32_t promised_end, wanted = limit;
	int error = ext2_map_find(inode, logical, limit, run);

	if (error || run->physical != EXT2_HOLE)
		return error;
	if (!writing->transaction)
		return writing->error;
	promised_end = ext2_promise_end(inode, logical);
	if (promised_end)
		wanted = count_wanted(writing, logical, promised_end);
	error = ext2_map_allocate(writing->transaction, inode, logical, wanted, promised_end != 0,
				  run);
	if (error)
		return judge_failure(writing, error, promised_end != 0);
	writing->placed_end = max(writing->placed_end, (uint64_t)logical + run->count);
	if (promised_end)
		ext2_promise_cut(inode, logical, logical + run->count, true);
	run->count = min(run->count, limit);
	return 0;
}

/* The page is not written now, but dirty again. */
static void postpone(struct writing *writing, struct page_frame *frame)
{
	struct ext2_inode *inode = writing->inode;

	page_cache_postpone(&inode->vfs.cache, frame);
	writing->is_postponed = true;
	if ((uint64_t)(frame->index + 1) << PAGE_SHIFT > inode->disk_size)
		inode->pass_is_broken = true;
}

/* Would it come before one that it has to follow, or before a transaction that it needs? */
static bool comes_too_early(const struct writing *writing, const struct page_frame *frame)
{
	const struct ext2_inode *inode = writing->inode;
	bool lacks_memory = !writing->transaction && writing->error == -ENOMEM;

	return (inode->pass_is_broken || lacks_memory) &&
	       (uint64_t)(frame->index + 1) << PAGE_SHIFT > inode->disk_size;
}

static void write_page(struct writing *writing, struct page_frame *frame)
{
	struct ext2_inode *inode = writing->inode;
	struct ext2 *fs = ext2_of(inode->vfs.super);
	uint32_t logical = frame->index << (PAGE_SHIFT - fs->block_shift);
	struct page_io *io = &writing->io;
	struct ext2_run run;

	page_io_begin(frame);
	if (unlikely(comes_too_early(writing, frame))) {
		postpone(writing, frame);
		page_io_settle(io, frame, 0, PAGE_SIZE, 0);
		return;
	}
	for (unsigned int offset = 0; offset < PAGE_SIZE; offset += run.count << fs->block_shift) {
		uint32_t limit = (PAGE_SIZE - offset) >> fs->block_shift;
		int error;

		if (logical >= writing->block_count) {	/* beyond the end: nobody will read it */
			page_io_settle(io, frame, offset, PAGE_SIZE - offset, 0);
			return;
		}
		if (may_stay_hole(inode, frame, offset, logical)) {
			page_io_settle(io, frame, offset, fs->block_size, 0);
			run.count = 1;
			logical++;
			continue;
		}
		limit = (uint32_t)min_t(uint64_t, limit, writing->block_count - logical);
		error = find_or_make(writing, logical, limit, &run);
		if (error) {
			/* Want of memory is no verdict on the disk: it is tried again later. */
			if (error == -ENOMEM) {
				postpone(writing, frame);
				error = 0;
			}
			page_io_settle(io, frame, offset, PAGE_SIZE - offset, error);
			return;
		}
		page_io_add(io, frame, offset, run.count << fs->block_shift,
			    ext2_sector_of(fs, run.physical));
		logical += run.count;
		writing->sent_end = (uint64_t)logical << fs->block_shift;
	}
}

/* Is there a block in [start, end) that has no place? (If that cannot be seen: yes.) */
static bool needs_places(struct ext2_inode *inode, uint64_t start, uint64_t end)
{
	struct ext2_run run;

	for (uint64_t logical = start; logical < end; logical += run.count) {
		if (ext2_map_find(inode, (uint32_t)logical,
				  (uint32_t)min_t(uint64_t, end - logical, UINT32_MAX), &run) ||
		    run.physical == EXT2_HOLE)
			return true;
	}
	return false;
}

/*
 * Write pages that all have places, and that the disk's size covers. False: not all are so, nothing
 * was done.
 */
static bool write_in_place(struct writing *writing, struct page_frame **frames, unsigned int count,
			   uint64_t start)
{
	struct ext2_inode *inode = writing->inode;
	unsigned int shift = ext2_of(inode->vfs.super)->block_shift;
	bool done;

	mutex_lock(&inode->map_lock);
	done = min(writing->size, writing->batch_end << shift) <= inode->disk_size &&
	       !needs_places(inode, start, min(writing->batch_end, writing->block_count));
	for (unsigned int i = 0; i < count && done; i++)
		write_page(writing, frames[i]);
	mutex_unlock(&inode->map_lock);
	return done;
}

/* Is there work for the transaction still: credits, or places it has given already? */
static bool may_go_on(const struct writing *writing, const struct page_frame *next)
{
	const struct ext2 *fs = ext2_of(writing->inode->vfs.super);

	return !writing->transaction ||
	       ext2_transaction_credits(writing->transaction) >= PAGE_CREDITS ||
	       (uint64_t)next->index << (PAGE_SHIFT - fs->block_shift) < writing->placed_end;
}

/*
 * The disk's size may go up to the end of what this transaction has sent. Without a journal places
 * were given to pages that will be sent right afterwards; the size covers them, too, or e2fsck
 * would make the file longer than it is. Locks: map_lock, since before the pages were sent: who
 * cuts these waits for them, and so comes after. Who cuts what lies behind them may have been here
 * before us; but he sets the size first.
 */
static void raise_disk_size(const struct writing *writing)
{
	struct ext2_inode *inode = writing->inode;
	const struct ext2 *fs = ext2_of(inode->vfs.super);
	uint64_t end = writing->sent_end;

	if (!fs->journal)
		end = max(end, writing->placed_end << fs->block_shift);
	end = min(end, writing->size);
	end = min(end, page_cache_size(&inode->vfs.cache));
	inode->disk_size = max(inode->disk_size, end);
}

/* Write as many pages as one transaction can; how many. */
static unsigned int write_some(struct writing *writing, struct page_frame **frames,
			       unsigned int count)
{
	struct ext2_inode *inode = writing->inode;
	struct ext2 *fs = ext2_of(inode->vfs.super);
	struct ext2_transaction transaction;
	struct ext2_buffer held;
	unsigned int done = 0;

	writing->error = ext2_transaction_begin(&transaction, fs, WRITE_CREDITS);
	if (!writing->error) {
		writing->error = ext2_inode_hold(inode, &held);
		if (writing->error)
			ext2_transaction_end(&transaction);
	}
	writing->transaction = writing->error ? NULL : &transaction;
	if (writing->transaction && fs->journal)
		writing->io.group = journal_data_group(&transaction.handle);
	mutex_lock(&inode->map_lock);
	do
		write_page(writing, frames[done++]);
	while (done < count && may_go_on(writing, frames[done]));
	if (writing->transaction)
		raise_disk_size(writing);
	mutex_unlock(&inode->map_lock);
	/* What was put together joins the transaction before we leave it. */
	page_io_finish(&writing->io);
	writing->io.group = NULL;
	if (writing->transaction) {
		(void)!ext2_inode_store(&transaction, inode);
		ext2_metadata_put(&held);
		ext2_transaction_end(&transaction);
		writing->transaction = NULL;
	}
	return done;
}

static int ext2_write_pages(struct page_cache *cache, struct page_frame **frames,
			    unsigned int count)
{
	struct ext2_inode *inode = ext2_inode_of(cache->owner);
	struct ext2 *fs = ext2_of(inode->vfs.super);
	unsigned int shift = PAGE_SHIFT - fs->block_shift;
	uint64_t start = (uint64_t)frames[0]->index << shift;
	uint64_t size = page_cache_size(cache);
	struct writing writing = {
		.inode = inode, .error = -EROFS, .size = size,
		.block_count = ext2_block_count_of(fs, size),
		.batch_end = start + ((uint64_t)count << shift),
	};

	page_io_init(&writing.io, fs->device, BLOCK_WRITE);
	if (!write_in_place(&writing, frames, count, start)) {
		for (unsigned int done = 0; done < count;)
			done += write_some(&writing, frames + done, count - done);
	}
	page_io_finish(&writing.io);
	return writing.is_postponed ? PAGE_CACHE_POSTPONED : 0;
}

/* Promise the blocks of a page, and make the way to them where it is missing. */
static int promise_with_path(struct ext2_inode *inode, uint32_t start, uint32_t end)
{
	struct ext2_transaction transaction;
	struct ext2_buffer held;
	int error = ext2_transaction_begin(&transaction, ext2_of(inode->vfs.super),
					   PROMISE_CREDITS);

	if (error)
		return error;
	error = ext2_inode_hold(inode, &held);
	if (!error) {
		mutex_lock(&inode->map_lock);
		error = ext2_promise_range(&transaction, inode, start, end);
		mutex_unlock(&inode->map_lock);
		(void)!ext2_inode_store(&transaction, inode);
		ext2_metadata_put(&held);
	}
	ext2_transaction_end(&transaction);
	return error;
}

/* The blocks of a page that a file may have: [*start, *end), which may be empty. */
static void page_blocks(const struct ext2 *fs, uint32_t index, uint64_t *start, uint64_t *end)
{
	unsigned int shift = PAGE_SHIFT - fs->block_shift;

	*start = (uint64_t)index << shift;
	*end = min(*start + (1u << shift), fs->file_block_limit);
}

static int ext2_prepare_write(struct page_cache *cache, uint32_t index)
{
	struct ext2_inode *inode = ext2_inode_of(cache->owner);
	struct ext2 *fs = ext2_of(inode->vfs.super);
	unsigned int tries = 0;
	uint64_t start, end;
	int error;

	page_blocks(fs, index, &start, &end);
	if (start >= end)
		return -EFBIG;
	if (unlikely(!atomic_load_explicit(&fs->may_change, memory_order_relaxed)))
		return -EROFS;
	do {
		/* Nearly always no indirect block is missing, and nothing on the disk changes. */
		mutex_lock(&inode->map_lock);
		error = ext2_promise_range(NULL, inode, (uint32_t)start, (uint32_t)end);
		mutex_unlock(&inode->map_lock);
		if (error == -EAGAIN)
			error = promise_with_path(inode, (uint32_t)start, (uint32_t)end);
	} while (error == -ENOSPC && ext2_retry_for_space(fs, &tries));
	return error;
}

static void ext2_cancel_write(struct page_cache *cache, uint32_t index)
{
	struct ext2_inode *inode = ext2_inode_of(cache->owner);
	uint64_t start, end;

	page_blocks(ext2_of(inode->vfs.super), index, &start, &end);
	if (start >= end)
		return;
	mutex_lock(&inode->map_lock);
	ext2_promise_cut(inode, (uint32_t)start, (uint32_t)end, false);
	mutex_unlock(&inode->map_lock);
}

/* A mutex for each inode would make all of them larger; few passes meet. */
static struct wait_queue pass_queue = WAIT_QUEUE_INIT(pass_queue);

static uint32_t ext2_begin_pass(struct page_cache *cache, struct page_cache_pass *pass)
{
	struct ext2_inode *inode = ext2_inode_of(cache->owner);
	uint32_t first;

	if (CONFIG_DEBUG)
		lock_check_acquire(&inode->is_in_pass, "ext2 pass", LOCK_RANK_WRITEBACK, false,
				   false, __builtin_return_address(0));
	wait_event(&pass_queue, !atomic_exchange(&inode->is_in_pass, true));
	inode->pass_is_broken = false;
	page_cache_begin_pass(cache, pass);
	mutex_lock(&inode->map_lock);
	first = (uint32_t)min_t(uint64_t, inode->disk_size >> PAGE_SHIFT, UINT32_MAX);
	mutex_unlock(&inode->map_lock);
	return first;
}

static void ext2_end_pass(struct page_cache *cache, uint64_t end)
{
	struct ext2_inode *inode = ext2_inode_of(cache->owner);
	bool has_risen;

	mutex_lock(&inode->map_lock);
	/* Who cuts the file limits the pass first, and changes disk_size under our lock after. */
	end = min(end, page_cache_pass_size(cache));
	has_risen = end > inode->disk_size;
	if (has_risen)
		inode->disk_size = end;
	mutex_unlock(&inode->map_lock);
	if (CONFIG_DEBUG)
		lock_check_release(&inode->is_in_pass);
	/* Sequential: either who waits sees that it is over, or we see him. */
	atomic_store(&inode->is_in_pass, false);
	if (unlikely(!wait_queue_is_empty(&pass_queue)))
		wait_queue_wake_all(&pass_queue, 0);
	if (has_risen)
		inode_mark_dirty(&inode->vfs, INODE_DIRTY_ATTRIBUTES);
}

static void ext2_became_dirty(struct page_cache *cache)
{
	inode_mark_dirty(cache->owner, INODE_DIRTY_PAGES);
}

const struct page_cache_ops ext2_page_ops = {
	.read = ext2_read_pages,
	.write = ext2_write_pages,
	.prepare_write = ext2_prepare_write,
	.cancel_write = ext2_cancel_write,
	.begin_pass = ext2_begin_pass,
	.end_pass = ext2_end_pass,
	.became_dirty = ext2_became_dirty,
};

/* ---- open files ------------------------------------------------------------------------------ */

static struct file_ops file_ops;	/* [I] after ext2_file_init */

/* Is more promised than the file is long? Locks: map_lock. */
static bool has_surplus(const struct ext2_inode *inode, uint32_t end)
{
	const struct ext2_promise *last =
		list_last_entry(&inode->promises, struct ext2_promise, node);

	return last && last->end > end;
}

/* Promises beyond the end of the file, made in case it would grow, are let go. */
static void ext2_file_release(struct file *file)
{
	struct inode *vfs_inode = file->inode;
	struct ext2_inode *inode = ext2_inode_of(vfs_inode);
	struct ext2 *fs = ext2_of(vfs_inode->super);
	bool surplus;

	mutex_lock(&inode->map_lock);
	surplus = has_surplus(inode, (uint32_t)ext2_block_count_of(fs, inode_size(vfs_inode)));
	mutex_unlock(&inode->map_lock);
	if (unlikely(surplus)) {
		/* Nobody is in the middle of a write now; the size is looked at again. */
		rwlock_write_lock(&vfs_inode->lock);
		mutex_lock(&inode->map_lock);
		ext2_promise_cut(inode,
				 (uint32_t)ext2_block_count_of(fs, inode_size(vfs_inode)),
				 UINT32_MAX, false);
		mutex_unlock(&inode->map_lock);
		rwlock_write_unlock(&vfs_inode->lock);
	}
	if (file_ops_cached.release)
		file_ops_cached.release(file);
}

/* Who calls must have the right, not who opened the file. */
static int set_flags(struct file *file, uint32_t wanted)
{
	const struct credentials *caller = credentials_caller();
	const uint32_t special = EXT2_FLAG_IMMUTABLE | EXT2_FLAG_APPEND;
	struct inode *inode = file->inode;
	int error = mount_begin_write(file->path.mount);

	if (error)
		return error;
	if (!permission_is_owner(inode, caller)) {
		error = -EPERM;
		goto end_write;
	}
	rwlock_write_lock(&inode->lock);
	wanted = (wanted & EXT2_FLAGS_CHANGEABLE) | (inode->flags & ~EXT2_FLAGS_CHANGEABLE);
	if ((wanted ^ inode->flags) & special && !credentials_capable(caller, CAP_LINUX_IMMUTABLE))
		error = -EPERM;
	else
		inode->flags = wanted;
	rwlock_write_unlock(&inode->lock);
	if (!error) {
		inode_touch(inode, false, false, true);
		inode_mark_dirty(inode, INODE_DIRTY_ATTRIBUTES);
	}
end_write:
	mount_end_write(file->path.mount);
	return error;
}

/* FIBMAP: 0 says that there is none. What waits for a place gets one first. */
static int find_block(struct file *file, user_addr inout)
{
	struct ext2_inode *inode = ext2_inode_of(file->inode);
	struct ext2_run run = { 0 };
	uint32_t logical;
	int error = get_user_u32(&logical, inout);

	if (!error)
		error = inode_sync(file->inode);
	if (error)
		return error;
	mutex_lock(&inode->map_lock);
	if (logical < ext2_of(inode->vfs.super)->file_block_limit)
		error = ext2_map_find(inode, logical, 1, &run);
	mutex_unlock(&inode->map_lock);
	return error ? error : put_user_u32(inout, run.physical);
}

int ext2_ioctl(struct file *file, unsigned int command, uintptr_t argument)
{
	user_addr address = user_addr_from(argument);
	uint32_t flags;
	int error;

	switch (command) {
	case FS_IOC_GETFLAGS:
		return put_user_u32(address, file->inode->flags & EXT2_FLAGS_VISIBLE);
	case FS_IOC_SETFLAGS:
		error = get_user_u32(&flags, address);
		return error ? error : set_flags(file, flags);
	case FS_IOC_GETVERSION:
		return put_user_u32(address, file->inode->generation);
	case FIBMAP:
		return inode_is(file->inode, MODE_REGULAR) ? find_block(file, address) : -ENOTTY;
	case FITRIM:
		return -EOPNOTSUPP; /* no driver discards */
	default:
		return -ENOTTY;
	}
}

const struct file_ops *ext2_file_ops(void)
{
	return &file_ops;
}

void ext2_file_init(void)
{
	file_ops = file_ops_cached;
	file_ops.release = ext2_file_release;
	file_ops.ioctl = ext2_ioctl;
}

const struct inode_ops ext2_file_inode_ops = {
	.truncate = ext2_truncate,
	.attributes_changed = ext2_attributes_changed,
	.get_attribute = ext2_get_attribute,
	.list_attributes = ext2_list_attributes,
	.set_attribute = ext2_set_attribute,
};
