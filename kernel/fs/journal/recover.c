/*
 * Recovery: what the log holds goes to its places. It is read three times:
 *
 *	scan	which transactions are whole (they have consecutive numbers and a commit record
 *		each), and of which blocks there are copies
 *	revoke	which of these blocks were freed, and by which transaction last
 *	replay	copies go to the device's cache, in order, but not those that a revoke of the same
 *		or a later transaction has made void
 *
 * Then the cache is written, and flushed, before the log is said to be empty. So recovery can
 * itself be cut off at any point and simply begins anew.
 *
 * The log is what a power cut left, or an enemy wrote. It ends, silently, at the first block that
 * is not what should come next: that is what an unfinished transaction looks like. Inside of a
 * transaction with a commit record everything has to make sense, or nothing is replayed. Every
 * pass goes round the log once at most.
 *
 * Memory. A block of the log has room for hundreds of revokes, but only those of blocks with a copy
 * matter, and each copy takes a block of the log: what is remembered is never more than the log has
 * blocks, whatever is written there.
 */
#include "block/page_io.h"
#include "core/printk.h"
#include "fs/journal/internal.h"
#include "lib/min_max.h"
#include "lib/rbtree.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "sched/completion.h"
#include "uapi/linux/errno.h"

enum {
	WINDOW_FRAMES = 16,	/* of the log, read at once */
	WRITE_BACK_EVERY = 512,	/* blocks replayed: the cache is metadata, nothing else writes it */
};

/*
 * The log has copies of `block`; if it is revoked, those of transactions up to `revoked_tid` are
 * void.
 */
struct copied {
	struct rbtree_node node;
	uint32_t block, revoked_tid;
	bool is_revoked;
};

struct recovery {
	struct journal *journal;
	struct page_frame *frames[WINDOW_FRAMES];
	unsigned int frame_count;
	uint32_t window_start, window_count;	/* log blocks in the frames */
	uint32_t start, start_tid;		/* where the log begins */
	uint32_t end_tid;			/* the first transaction that is not whole */
	uint32_t replayed;			/* blocks */
	struct rbtree copied;			/* by block; complete after the scan */
};

enum pass { PASS_SCAN, PASS_REVOKE, PASS_REPLAY };

/* ---- reading the log ------------------------------------------------------------------------- */

static void wake(struct block_request *request)
{
	completion_complete(request->private);
}

/* Read log blocks from `log` on: as many as are side by side and have room. Errors: -EIO. */
static int fill_window(struct recovery *recovery, uint32_t log)
{
	struct journal *journal = recovery->journal;
	unsigned int shift = journal->owner.block_shift;
	struct block_device *disk = journal->owner.device->whole;
	struct block_request *request = block_request_alloc(journal->owner.device, 0);
	struct completion completion;
	uint32_t frames = min(recovery->frame_count, disk->max_segments);
	uint32_t count, place;
	int error;

	place = journal_map(journal, log, &count);
	count = min(count, journal->end - log);
	count = min(count, frames << (PAGE_SHIFT - shift));
	count = min(count, disk->max_sectors >> (shift - SECTOR_SHIFT));
	count = max_t(uint32_t, count, 1);
	request->operation = BLOCK_READ;
	request->sector = (uint64_t)place << (shift - SECTOR_SHIFT);
	request->sector_count = count << (shift - SECTOR_SHIFT);
	for (uint32_t left = count << shift; left > 0;) {
		uint32_t size = min_t(uint32_t, left, PAGE_SIZE);

		request->segments[request->segment_count] = (struct block_segment){
			.frame = recovery->frames[request->segment_count],
			.size = (uint16_t)size,
		};
		request->segment_count++;
		left -= size;
	}
	completion_init(&completion);
	request->done = wake;
	request->private = &completion;
	block_submit(request);
	completion_wait(&completion);
	error = request->error;
	block_request_free(request);
	recovery->window_start = log;
	recovery->window_count = error ? 0 : count;
	return error;
}

/* Log block `log`; good until the next call. Errors: -EIO. */
static int read_log(struct recovery *recovery, uint32_t log, void **out)
{
	uint32_t offset;

	if (log - recovery->window_start >= recovery->window_count) {
		int error = fill_window(recovery, log);

		if (error)
			return error;
	}
	offset = (log - recovery->window_start) << recovery->journal->owner.block_shift;
	*out = (uint8_t *)page_frame_address(recovery->frames[offset / PAGE_SIZE]) +
	       offset % PAGE_SIZE;
	return 0;
}

/* ---- copies and revokes ---------------------------------------------------------------------- */

static struct copied *find_copied(const struct recovery *recovery, uint32_t block)
{
	struct rbtree_node *node = recovery->copied.node;

	while (node) {
		struct copied *copied = container_of(node, struct copied, node);

		if (copied->block == block)
			return copied;
		node = block < copied->block ? node->left : node->right;
	}
	return NULL;
}

/* Errors: -ENOMEM. */
static int add_copied(struct recovery *recovery, uint32_t block)
{
	struct rbtree_node **link = &recovery->copied.node, *parent = NULL;
	struct copied *copied;

	while (*link) {
		parent = *link;
		copied = container_of(parent, struct copied, node);
		if (copied->block == block)
			return 0;
		link = block < copied->block ? &parent->left : &parent->right;
	}
	copied = kzalloc(sizeof(*copied), FRAME_ALLOC_NO_KILL);
	if (!copied)
		return -ENOMEM;
	copied->block = block;
	rbtree_link(&copied->node, parent, link);
	rbtree_insert_fixup(&recovery->copied, &copied->node);
	return 0;
}

static bool is_revoked(const struct recovery *recovery, uint32_t block, uint32_t tid)
{
	const struct copied *copied = find_copied(recovery, block);

	return copied && copied->is_revoked && !journal_tid_before(copied->revoked_tid, tid);
}

static void free_copied(struct recovery *recovery)
{
	struct rbtree_node *node;

	while ((node = recovery->copied.node)) {
		rbtree_remove(&recovery->copied, node);
		kfree(container_of(node, struct copied, node));
	}
}

/* Errors: -EINVAL. */
static int take_revokes(struct recovery *recovery, const struct journal_revoke_header *header,
			uint32_t tid)
{
	const uint32_t *blocks = (const uint32_t *)(header + 1);
	uint32_t size = journal_from_disk(header->size);

	if (size < sizeof(*header) || size > recovery->journal->block_size)
		return -EINVAL;
	for (uint32_t i = 0; i < (size - sizeof(*header)) / 4; i++) {
		struct copied *copied = find_copied(recovery, journal_from_disk(blocks[i]));

		if (!copied)
			continue;
		copied->is_revoked = true;
		copied->revoked_tid = tid;	/* later than the last: the log is in order */
	}
	return 0;
}

/* ---- descriptors ----------------------------------------------------------------------------- */

/* The tags of one descriptor, copied out because the window moves on. */
struct tags {
	uint32_t count;
	struct journal_tag tags[];	/* in the machine's order of bytes */
};

static void take_tags(const struct journal *journal, const uint8_t *block, struct tags *out)
{
	uint32_t offset = sizeof(struct journal_header);

	out->count = 0;
	while (offset + sizeof(struct journal_tag) <= journal->block_size) {
		const struct journal_tag *tag = (const struct journal_tag *)(block + offset);
		uint32_t flags = journal_from_disk(tag->flags);

		out->tags[out->count].block = journal_from_disk(tag->block);
		out->tags[out->count].flags = flags;
		out->count++;
		offset += sizeof(*tag);
		if (!(flags & JOURNAL_TAG_SAME_UUID))
			offset += JOURNAL_UUID_SIZE;
		if (flags & JOURNAL_TAG_LAST)
			break;
	}
}

/* The scan has met a descriptor. Errors: -ENOMEM. */
static int note_tags(struct recovery *recovery, const struct tags *tags)
{
	int error = 0;

	for (uint32_t i = 0; i < tags->count && !error; i++)
		error = add_copied(recovery, tags->tags[i].block);
	return error;
}

/* Put one copy in its place, in the cache. Errors: -EIO, -ENOMEM, -EINVAL. */
static int replay_block(struct recovery *recovery, const struct journal_tag *tag, const void *copy)
{
	struct journal *journal = recovery->journal;
	unsigned int shift = journal->owner.block_shift;
	struct block_device *device = journal->owner.device;
	uint64_t place = (uint64_t)tag->block << shift;
	struct page_frame *frame;
	uint32_t *bytes;
	int error;

	if (tag->block >= journal->owner.device_blocks)
		return -EINVAL;
	error = page_cache_get(&device->cache, (uint32_t)(place >> PAGE_SHIFT), &frame, NULL);
	if (error)
		return error;
	bytes = (uint32_t *)((uint8_t *)page_frame_address(frame) + place % PAGE_SIZE);
	memcpy(bytes, copy, journal->block_size);
	if (tag->flags & JOURNAL_TAG_ESCAPED)
		*bytes = journal_to_disk(JOURNAL_MAGIC);
	block_cache_mark_dirty(device, frame, (unsigned int)(place % PAGE_SIZE),
			       journal->block_size);
	page_frame_put(frame);
	if (++recovery->replayed % WRITE_BACK_EVERY == 0)
		error = page_cache_write_back(&device->cache, 0, UINT32_MAX, true);
	return error;
}

/* The copies that follow a descriptor at *log, which moves on behind them. */
static int replay_tags(struct recovery *recovery, const struct tags *tags, uint32_t tid,
		       uint32_t *log)
{
	for (uint32_t i = 0; i < tags->count; i++) {
		const struct journal_tag *tag = &tags->tags[i];
		void *copy;
		int error = 0;

		if (!is_revoked(recovery, tag->block, tid)) {
			error = read_log(recovery, *log, &copy);
			if (!error)
				error = replay_block(recovery, tag, copy);
		}
		if (error)
			return error;
		*log = journal_next(recovery->journal, *log);
	}
	return 0;
}

static uint32_t skip(const struct journal *journal, uint32_t log, uint32_t count)
{
	while (count-- > 0)
		log = journal_next(journal, log);
	return log;
}

/* ---- passes ---------------------------------------------------------------------------------- */

/* What one pass does with the block at *log, whose header is good. 1: the log ends here. */
static int take_block(struct recovery *recovery, enum pass pass, void *block, struct tags *tags,
		      uint32_t *log, uint32_t *tid, uint32_t *steps)
{
	const struct journal_header *header = block;
	struct journal *journal = recovery->journal;
	int error = 0;

	*log = journal_next(journal, *log);
	(*steps)++;
	switch (journal_from_disk(header->kind)) {
	case JOURNAL_DESCRIPTOR:
		take_tags(journal, block, tags);
		*steps += tags->count;
		if (pass == PASS_REPLAY)
			return replay_tags(recovery, tags, *tid, log);
		*log = skip(journal, *log, tags->count);
		return pass == PASS_SCAN ? note_tags(recovery, tags) : 0;
	case JOURNAL_REVOKE:
		if (pass == PASS_REVOKE)
			error = take_revokes(recovery, block, *tid);
		return error;
	case JOURNAL_COMMIT:
		(*tid)++;
		return 0;
	default:
		return 1;
	}
}

static int run_pass(struct recovery *recovery, enum pass pass, struct tags *tags)
{
	struct journal *journal = recovery->journal;
	uint32_t log = recovery->start, tid = recovery->start_tid, steps = 0;
	struct journal_header *header;
	int result = 0;

	recovery->window_count = 0;
	while (result == 0 && (pass == PASS_SCAN || tid != recovery->end_tid)) {
		void *block;

		/* Once round: what comes now cannot be a part of this log. */
		if (steps > journal->end - journal->first)
			break;
		result = read_log(recovery, log, &block);
		if (result)
			break;
		header = block;
		if (journal_from_disk(header->magic) != JOURNAL_MAGIC ||
		    journal_from_disk(header->sequence) != tid)
			break;
		result = take_block(recovery, pass, block, tags, &log, &tid, &steps);
	}
	if (pass == PASS_SCAN)
		recovery->end_tid = tid;
	else if (result >= 0 && tid != recovery->end_tid)
		result = -EINVAL;
	return result < 0 ? result : 0;
}

static int run_passes(struct recovery *recovery)
{
	struct journal *journal = recovery->journal;
	struct tags *tags = kmalloc(sizeof(*tags) + journal->block_size, 0);
	int error;

	if (!tags)
		return -ENOMEM;
	error = run_pass(recovery, PASS_SCAN, tags);
	if (!error)
		error = run_pass(recovery, PASS_REVOKE, tags);
	if (!error)
		error = run_pass(recovery, PASS_REPLAY, tags);
	kfree(tags);
	return error;
}

/* All that was replayed is on the medium; then the log is empty. */
static int finish(struct recovery *recovery)
{
	struct journal *journal = recovery->journal;
	int error = page_cache_write_back(&journal->owner.device->cache, 0, UINT32_MAX, true);

	if (error)
		(void)!page_cache_take_error(&journal->owner.device->cache);
	else
		error = block_flush(journal->owner.device);
	if (error)
		return error;
	journal->super->start = 0;
	/* Numbers that the log has seen, whole or not, do not come again. */
	journal->super->sequence = journal_to_disk(recovery->end_tid + 1);
	return journal_write_super(journal);
}

int journal_replay(struct journal *journal)
{
	struct recovery *recovery = kzalloc(sizeof(*recovery), 0);
	int error = -ENOMEM;

	if (!recovery)
		return -ENOMEM;
	recovery->journal = journal;
	recovery->start = journal_from_disk(journal->super->start);
	recovery->start_tid = journal_from_disk(journal->super->sequence);
	while (recovery->frame_count < WINDOW_FRAMES) {
		struct page_frame *frame = page_frame_alloc(FRAME_KERNEL, FRAME_ALLOC_LOW);

		if (!frame)
			break;
		recovery->frames[recovery->frame_count++] = frame;
	}
	if (recovery->frame_count > 0)
		error = run_passes(recovery);
	if (!error)
		error = finish(recovery);
	if (error)
		printk(LOG_ERROR, "journal on %s: cannot be replayed: error %d",
		       journal->owner.device->name, -error);
	else
		printk(LOG_INFO, "journal on %s: replayed %u transactions, %u blocks",
		       journal->owner.device->name, recovery->end_tid - recovery->start_tid,
		       recovery->replayed);
	free_copied(recovery);
	while (recovery->frame_count > 0)
		page_frame_put(recovery->frames[--recovery->frame_count]);
	kfree(recovery);
	return error;
}
