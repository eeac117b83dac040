/*
 * Promised blocks: space that is certain, in a place that is not chosen yet.
 *
 * When a page of a file is about to become dirty, the blocks that it lacks are promised: taken off
 * the number of free blocks, so that a full disk is reported to whoever writes, not lost later.
 * Where they lie is decided when the page is written back, when the file's size is known and many
 * pages ask at once; a file that is deleted before that never touches a bitmap.
 *
 * Indirect blocks are not promised but made at once, so that the promise is exact: with them in
 * place, each promised block needs precisely one block of the disk.
 *
 * A page promises all its blocks, even those beyond the end of the file, because a write may extend
 * the file within a page that is dirty already. The surplus (blocks smaller than a page only) is
 * let go when the file is closed, cut or evicted.
 *
 * An inode keeps its promises as a sorted list of ranges, which is nearly always one long.
 */
#include "fs/ext2/internal.h"

#include "core/assert.h"
#include "lib/min_max.h"
#include "mem/kmalloc.h"
#include "uapi/linux/errno.h"

static struct ext2_promise *promise_alloc(struct ext2_inode *inode)
{
	struct ext2_promise *promise;

	if (!list_node_is_linked(&inode->first_promise.node))
		return &inode->first_promise;
	promise = kmalloc(sizeof(*promise), FRAME_ALLOC_NO_RECLAIM | FRAME_ALLOC_NO_KILL);
	if (promise)
		list_node_init(&promise->node);
	return promise;
}

static void promise_free(struct ext2_inode *inode, struct ext2_promise *promise)
{
	list_remove(&promise->node);
	if (promise != &inode->first_promise)
		kfree(promise);
}

/*
 * The last range that starts at `logical` or before it, or NULL. Files grow at their end and are
 * written from their beginning: so the first is tried, and then from the end.
 */
static struct ext2_promise *find_before(const struct ext2_inode *inode, uint32_t logical)
{
	struct ext2_promise *promise =
		list_first_entry(&inode->promises, struct ext2_promise, node);

	if (!promise || logical < promise->start)
		return NULL;
	if (logical < promise->end)
		return promise;
	list_for_each_entry_reverse(promise, &inode->promises, node) {
		if (promise->start <= logical)
			break;
	}
	return promise;
}

uint32_t ext2_promise_end(const struct ext2_inode *inode, uint32_t logical)
{
	const struct ext2_promise *promise = find_before(inode, logical);

	return promise && logical < promise->end ? promise->end : 0;
}

/* Enter [start, end), of which nothing is promised yet. Errors: -ENOMEM. */
static int add(struct ext2_inode *inode, uint32_t start, uint32_t end)
{
	struct ext2_promise *before = find_before(inode, start);
	struct ext2_promise *after =
		before ? list_next_entry(&inode->promises, before, node) :
			 list_first_entry(&inode->promises, struct ext2_promise, node);
	struct ext2_promise *promise;
	bool joins_before = before && before->end == start;
	bool joins_after = after && after->start == end;

	if (joins_before && joins_after) {
		before->end = after->end;
		promise_free(inode, after);
	} else if (joins_before) {
		before->end = end;
	} else if (joins_after) {
		after->start = start;
	} else {
		promise = promise_alloc(inode);
		if (!promise)
			return -ENOMEM;
		promise->start = start;
		promise->end = end;
		if (before)
			list_insert_after(&before->node, &promise->node);
		else
			list_add_head(&inode->promises, &promise->node);
	}
	inode->promised_blocks += end - start;
	return 0;
}

/*
 * Promise the hole from `logical` to `end` at most, up to the next promise. Returns how many
 * blocks.
 */
static int promise_hole(struct ext2_inode *inode, uint32_t logical, uint32_t end)
{
	struct ext2 *fs = ext2_of(inode->vfs.super);
	const struct ext2_promise *before = find_before(inode, logical), *after;
	int error;

	after = before ? list_next_entry(&inode->promises, before, node) :
			 list_first_entry(&inode->promises, struct ext2_promise, node);
	if (after)
		end = min(end, after->start);
	error = ext2_blocks_promise(fs, inode, end - logical);
	if (error)
		return error;
	error = add(inode, logical, end);
	if (error)
		ext2_blocks_unpromise(fs, end - logical);
	return error ? error : (int)(end - logical);
}

int ext2_promise_range(struct ext2_transaction *transaction, struct ext2_inode *inode,
		       uint32_t start, uint32_t end)
{
	struct ext2_run run;
	int result;

	mutex_assert_held(&inode->map_lock);
	for (uint32_t logical = start; logical < end; logical += (uint32_t)result) {
		uint32_t promised_end = ext2_promise_end(inode, logical);

		result = (int)(promised_end - logical);
		if (promised_end)
			continue;
		result = ext2_map_find(inode, logical, end - logical, &run);
		if (result)
			return result;
		result = (int)run.count;
		if (run.physical != EXT2_HOLE)
			continue;
		if (ext2_map_has_path(inode, logical)) {
			result = promise_hole(inode, logical, logical + run.count);
			if (result < 0)
				return result;
		} else if (!transaction) {
			return -EAGAIN;
		} else {
			/* Then look again: result 0 repeats the step, now with a path. */
			result = ext2_map_make_path(transaction, inode, logical);
			if (result)
				return result;
		}
	}
	return 0;
}

void ext2_promise_cut(struct ext2_inode *inode, uint32_t start, uint32_t end, bool kept)
{
	struct ext2_promise *promise, *next, *tail;
	uint32_t cut = 0, lost = 0;

	mutex_assert_held(&inode->map_lock);
	list_for_each_entry_safe(promise, next, &inode->promises, node) {
		uint32_t first = max(promise->start, start), last = min(promise->end, end);

		if (promise->start >= end)
			break;
		if (first >= last)
			continue;
		cut += last - first;
		if (first == promise->start && last == promise->end) {
			promise_free(inode, promise);
		} else if (first == promise->start) {
			promise->start = last;
		} else if (last == promise->end) {
			promise->end = first;
		} else {
			tail = promise_alloc(inode);
			if (tail) {
				tail->start = last;
				tail->end = promise->end;
				list_insert_after(&promise->node, &tail->node);
			} else {
				/* No memory to remember the rest: it must do without a promise. */
				lost += promise->end - last;
			}
			promise->end = first;
		}
	}
	inode->promised_blocks -= cut + lost;
	lost += kept ? 0 : cut;
	if (lost)
		ext2_blocks_unpromise(ext2_of(inode->vfs.super), lost);
}
