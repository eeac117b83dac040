/*
 * Checkpoint: committed blocks go to their places, and the log becomes free behind them.
 *
 * A block goes to its place only as it was committed. So a block that the running transaction has
 * changed cannot go: it does when that transaction is committed, for which the log keeps its older
 * copy until then. The log's tail is the oldest transaction of which anything is pending; it moves,
 * on the disk, only after a flush has put what it passes on the medium, and blocks behind it are
 * used again only after that.
 *
 * A place that cannot be written is no reason to lose what is in the log: the journal fails, the
 * tail stays, and the next replay tries again.
 */
#include "core/assert.h"
#include "fs/journal/internal.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "uapi/linux/errno.h"

/* Sift down, for the heap sort below. */
static void sift(struct journal_block **heap, unsigned int root, unsigned int count)
{
	struct journal_block *moved = heap[root];

	for (;;) {
		unsigned int child = 2 * root + 1;

		if (child >= count)
			break;
		if (child + 1 < count && heap[child + 1]->block > heap[child]->block)
			child++;
		if (heap[child]->block <= moved->block)
			break;
		heap[root] = heap[child];
		root = child;
	}
	heap[root] = moved;
}

/* Upwards by block, so that neighbours become one request. */
static void sort(struct journal_block **blocks, unsigned int count)
{
	for (unsigned int i = count / 2; i-- > 0;)
		sift(blocks, i, count);
	for (unsigned int end = count; end-- > 1;) {
		struct journal_block *largest = blocks[0];

		blocks[0] = blocks[end];
		blocks[end] = largest;
		sift(blocks, 0, end);
	}
}

/* The oldest pending blocks that may go to their places. Locks: mutex; handles are barred. */
static unsigned int collect(struct journal *journal)
{
	struct journal_transaction *transaction;
	struct journal_block *entry;
	unsigned int count = 0;

	list_for_each_entry(transaction, &journal->committed, node) {
		list_for_each_entry(entry, &transaction->pending, pending_node) {
			if (entry->changes[0].in || entry->changes[1].in)
				continue;
			journal->batch[count++] = entry;
			if (count == JOURNAL_BATCH)
				return count;
		}
	}
	return count;
}

static void copy_out(struct journal *journal, unsigned int count)
{
	struct journal_copy_writer writer;

	journal_copy_begin(&writer, journal);
	for (unsigned int i = 0; i < count; i++) {
		const struct journal_block *entry = journal->batch[i];

		memcpy(journal_copy_add(&writer, entry->block),
		       (const uint8_t *)page_frame_address(entry->frame) + entry->offset,
		       journal->block_size);
	}
	journal_copy_end(&writer);
}

/* They are in their places. Handles may have changed or forgotten them anew meanwhile. */
static void settle(struct journal *journal, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct journal_block *entry = journal->batch[i];

		spin_lock(&journal->lock);
		list_remove(&entry->pending_node);
		entry->pending_in = NULL;
		journal_release_if_idle(journal, entry);
		spin_unlock(&journal->lock);
	}
}

/* One batch. Returns how many blocks went to their places; -EIO. */
static int step(struct journal *journal)
{
	unsigned int count;
	int error;

	journal_bar(journal);
	/* The last handles may have failed it: blocks are not as committed (fail_for_credit). */
	if (journal_has_aborted(journal)) {
		journal_admit(journal);
		return -EIO;
	}
	count = collect(journal);
	sort(journal->batch, count);
	copy_out(journal, count);
	journal_admit(journal);
	error = io_group_wait(&journal->writes);
	if (error) {
		journal_fail(journal, "a block cannot be written to its place", error);
		return -EIO;
	}
	settle(journal, count);
	return (int)count;
}

/* Where the log begins now, and with which transaction. */
static uint32_t find_tail(struct journal *journal, uint32_t *tid)
{
	struct journal_transaction *oldest =
		list_first_entry(&journal->committed, struct journal_transaction, node);

	*tid = oldest ? oldest->tid :
			atomic_load_explicit(&journal->committed_tid, memory_order_relaxed) + 1;
	return oldest ? oldest->log_start : journal->head;
}

/* Forget transactions that are wholly in place, and move the tail. Errors: -EIO. */
static int move_tail(struct journal *journal)
{
	struct journal_transaction *oldest;
	uint32_t tid, tail, freed;
	int error;

	while ((oldest = list_first_entry(&journal->committed, struct journal_transaction,
					  node)) != NULL && list_is_empty(&oldest->pending)) {
		list_remove(&oldest->node);
		journal_drop_transaction(journal, oldest);
	}
	tail = find_tail(journal, &tid);
	if (tid == journal->tail_tid)
		return 0;
	error = block_flush(journal->owner.device);
	if (!error) {
		journal->super->start = journal_to_disk(tail);
		journal->super->sequence = journal_to_disk(tid);
		error = journal_write_super(journal);
	}
	if (error) {
		journal_fail(journal, "its superblock cannot be written", error);
		return -EIO;
	}
	freed = tail >= journal->tail ? tail - journal->tail :
					tail - journal->tail + (journal->end - journal->first);
	/* All of it: the head has come round to where the tail was. */
	if (freed == 0)
		freed = journal->end - journal->first;
	journal->tail = tail;
	journal->tail_tid = tid;
	spin_lock(&journal->lock);
	journal->free_blocks += freed;
	assert(journal->free_blocks <= journal->end - journal->first);
	spin_unlock(&journal->lock);
	return 0;
}

/* Is there as much room as is wanted? */
static bool is_enough(struct journal *journal, uint32_t wanted, uint32_t tracked)
{
	bool enough;

	spin_lock(&journal->lock);
	enough = journal->free_blocks >= wanted && journal->tracked_count <= tracked;
	spin_unlock(&journal->lock);
	return enough;
}

int journal_checkpoint(struct journal *journal, uint32_t wanted, uint32_t tracked)
{
	bool was_committed = false;

	mutex_assert_held(&journal->mutex);
	while (!journal_has_aborted(journal) && !is_enough(journal, wanted, tracked)) {
		int result = step(journal);
		int error = result < 0 ? result : move_tail(journal);

		if (error)
			return error;
		if (result > 0)
			continue;
		/* All that is left is being changed: it can go after its next commit. */
		if (is_enough(journal, wanted, tracked) || was_committed)
			break;
		error = journal_commit_running(journal);
		if (error)
			return error;
		was_committed = true;
	}
	return journal_has_aborted(journal) ? -EIO : 0;
}
