/*
 * Commit: the running transaction reaches the log.
 *
 *  1. Handles are barred and waited for. Every changed block is copied and the copies are on their
 *     way to the log; handles are admitted again, to a new transaction. So a transaction holds what
 *     its blocks were at one moment, between handles.
 *  2. Data that its handles wrote in place, and the copies, are waited for; a flush puts both on
 *     the medium.
 *  3. The commit record follows, and a second flush. From here on replay will find the transaction.
 *  4. Its blocks are now pending: checkpoint.c puts them in their places.
 *
 * Whoever needs a commit runs it, under the mutex; those who wait for the mutex meanwhile mostly
 * find their own changes committed with it.
 */
#include "core/assert.h"
#include "fs/journal/internal.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "sched/clock.h"
#include "uapi/linux/errno.h"

enum { FINISH_BATCH = 64 };	/* blocks looked at in one go under the spinlock */

static void fill_header(struct journal_header *header, enum journal_block_kind kind, uint32_t tid)
{
	header->magic = journal_to_disk(JOURNAL_MAGIC);
	header->kind = journal_to_disk((uint32_t)kind);
	header->sequence = journal_to_disk(tid);
}

/* The next block of the log. There is room: has_room saw to it. */
static uint32_t take_log_block(struct journal *journal)
{
	uint32_t disk = journal_map(journal, journal->head, NULL);

	spin_lock(&journal->lock);
	assert(journal->free_blocks > 0);
	journal->free_blocks--;
	spin_unlock(&journal->lock);
	journal->head = journal_next(journal, journal->head);
	return disk;
}

/* A cleared block of the log with a header. */
static void *add_log_block(struct journal_copy_writer *writer, enum journal_block_kind kind,
			   uint32_t tid)
{
	struct journal *journal = writer->journal;
	struct journal_header *header = journal_copy_add(writer, take_log_block(journal));

	memset(header, 0, journal->block_size);
	fill_header(header, kind, tid);
	return header;
}

static const void *bytes_of(const struct journal_block *entry)
{
	return (const uint8_t *)page_frame_address(entry->frame) + entry->offset;
}

static bool needs_escape(const struct journal_block *entry)
{
	return *(const uint32_t *)bytes_of(entry) == journal_to_disk(JOURNAL_MAGIC);
}

static struct journal_block *entry_of(struct journal_change *change, uint32_t tid)
{
	unsigned int slot = tid & 1;

	return container_of(change, struct journal_block, changes[slot]);
}

/* A descriptor of up to tags_per_block blocks from `change` on. */
static void add_descriptor(struct journal_copy_writer *writer,
			   struct journal_transaction *transaction, struct journal_change *change)
{
	struct journal *journal = writer->journal;
	uint8_t *place = add_log_block(writer, JOURNAL_DESCRIPTOR, transaction->tid);
	struct journal_tag *tag;
	uint32_t count = 0;

	place += sizeof(struct journal_header);
	while (change) {
		struct journal_change *next =
			list_next_entry(&transaction->changed, change, node);
		struct journal_block *entry = entry_of(change, transaction->tid);
		uint32_t flags = count ? JOURNAL_TAG_SAME_UUID : 0;

		if (needs_escape(entry))
			flags |= JOURNAL_TAG_ESCAPED;
		if (++count == journal->tags_per_block || !next)
			flags |= JOURNAL_TAG_LAST;
		tag = (struct journal_tag *)place;
		tag->block = journal_to_disk(entry->block);
		tag->flags = journal_to_disk(flags);
		place += sizeof(*tag);
		if (!(flags & JOURNAL_TAG_SAME_UUID)) {
			memcpy(place, journal->super->uuid, JOURNAL_UUID_SIZE);
			place += JOURNAL_UUID_SIZE;
		}
		if (flags & JOURNAL_TAG_LAST)
			return;
		change = next;
	}
}

static void add_copy(struct journal_copy_writer *writer, const struct journal_block *entry)
{
	struct journal *journal = writer->journal;
	uint32_t *copy = journal_copy_add(writer, take_log_block(journal));

	memcpy(copy, bytes_of(entry), journal->block_size);
	if (needs_escape(entry))
		*copy = 0;
}

static void add_changed(struct journal_copy_writer *writer,
			struct journal_transaction *transaction)
{
	uint32_t in_descriptor = 0;
	struct journal_change *change;

	list_for_each_entry(change, &transaction->changed, node) {
		if (in_descriptor == 0)
			add_descriptor(writer, transaction, change);
		add_copy(writer, entry_of(change, transaction->tid));
		if (++in_descriptor == writer->journal->tags_per_block)
			in_descriptor = 0;
	}
}

static void add_forgotten(struct journal_copy_writer *writer,
			  struct journal_transaction *transaction)
{
	struct journal_revoke_header *header = NULL;
	uint32_t count = 0;
	struct journal_change *change;

	list_for_each_entry(change, &transaction->forgotten, node) {
		if (count == 0)
			header = add_log_block(writer, JOURNAL_REVOKE, transaction->tid);
		((uint32_t *)(header + 1))[count++] =
			journal_to_disk(entry_of(change, transaction->tid)->block);
		header->size = journal_to_disk(
			(uint32_t)(sizeof(*header) + count * sizeof(uint32_t)));
		if (count == writer->journal->revokes_per_block)
			count = 0;
	}
}

/* The record that makes it valid, between two flushes. Errors: -EIO. */
static int write_commit_record(struct journal *journal, uint32_t tid)
{
	struct journal_copy_writer writer;
	int error = block_flush(journal->owner.device);

	if (error)
		return error;
	journal_copy_begin(&writer, journal);
	writer.forced = true;
	(void)add_log_block(&writer, JOURNAL_COMMIT, tid);
	journal_copy_end(&writer);
	return io_group_wait(&journal->writes);
}

/* Up to FINISH_BATCH changed blocks become pending. False: there are no more. */
static bool finish_changed(struct journal *journal, struct journal_transaction *transaction)
{
	struct journal_change *change = NULL;

	spin_lock(&journal->lock);
	for (unsigned int i = 0; i < FINISH_BATCH; i++) {
		struct journal_block *entry;

		change = list_pop_head_entry(&transaction->changed, struct journal_change, node);
		if (!change)
			break;
		entry = entry_of(change, transaction->tid);
		change->in = NULL;
		if (entry->pending_in)
			list_remove(&entry->pending_node);
		entry->pending_in = transaction;
		list_add_tail(&transaction->pending, &entry->pending_node);
	}
	spin_unlock(&journal->lock);
	return change != NULL;
}

/* The same for forgotten ones: older copies of them are void, they have no place to go to. */
static bool finish_forgotten(struct journal *journal, struct journal_transaction *transaction)
{
	struct journal_change *change = NULL;

	spin_lock(&journal->lock);
	for (unsigned int i = 0; i < FINISH_BATCH; i++) {
		struct journal_block *entry;

		change = list_pop_head_entry(&transaction->forgotten, struct journal_change, node);
		if (!change)
			break;
		entry = entry_of(change, transaction->tid);
		change->in = NULL;
		if (entry->pending_in)
			list_remove(&entry->pending_node);
		entry->pending_in = NULL;
		journal_release_if_idle(journal, entry);
	}
	spin_unlock(&journal->lock);
	return change != NULL;
}

static void finish(struct journal *journal, struct journal_transaction *transaction)
{
	while (finish_forgotten(journal, transaction))
		;
	while (finish_changed(journal, transaction))
		;
	transaction->committed_ns = clock_monotonic_ns();
	list_add_tail(&journal->committed, &transaction->node);
	atomic_store_explicit(&journal->committed_tid, transaction->tid, memory_order_release);
	if (journal->owner.committed)
		journal->owner.committed(journal->owner.private, transaction->tid);
	writeback_kick();	/* there will be something to put in its place */
}

int journal_commit_running(struct journal *journal)
{
	struct journal_transaction *transaction;
	struct journal_copy_writer writer;
	int error, data_error;

	mutex_assert_held(&journal->mutex);
	journal_bar(journal);
	/* Not sooner: the last handles may have failed it (fail_for_credit). */
	if (journal_has_aborted(journal)) {
		journal_admit(journal);
		return -EIO;
	}
	transaction = journal->running;
	if (!transaction || transaction->changed_count + transaction->forgotten_count == 0) {
		journal_admit(journal);
		return 0;
	}
	transaction->log_start = journal->head;
	journal_copy_begin(&writer, journal);
	add_forgotten(&writer, transaction);
	add_changed(&writer, transaction);
	journal_copy_end(&writer);
	spin_lock(&journal->lock);
	journal->running = NULL;
	spin_unlock(&journal->lock);
	journal_admit(journal);

	/* A write of data that failed is its file's error, not ours: fsync reports it. */
	data_error = io_group_wait(&transaction->data);
	(void)data_error;
	error = io_group_wait(&journal->writes);
	if (!error && journal_has_aborted(journal))
		error = -EIO;
	if (!error)
		error = write_commit_record(journal, transaction->tid);
	if (!error) {
		finish(journal, transaction);
		return 0;
	}
	/* Its blocks stay as they are in memory; journal_close gives them back. */
	list_add_tail(&journal->committed, &transaction->node);
	journal_fail(journal, "its log cannot be written", error);
	return -EIO;
}

int journal_commit(struct journal *journal, uint32_t tid, bool *flushed)
{
	uint32_t done = atomic_load_explicit(&journal->committed_tid, memory_order_acquire);
	int error = 0;

	if (flushed)
		*flushed = false;
	if (!journal_tid_before(done, tid))
		return journal_has_aborted(journal) ? -EIO : 0;
	mutex_lock(&journal->mutex);
	done = atomic_load_explicit(&journal->committed_tid, memory_order_relaxed);
	if (journal_has_aborted(journal)) {
		error = -EIO;
	} else if (journal_tid_before(done, tid)) {
		error = journal_commit_running(journal);
		if (flushed)
			*flushed = atomic_load_explicit(&journal->committed_tid,
							memory_order_relaxed) != done;
	}
	mutex_unlock(&journal->mutex);
	return error;
}

uint32_t journal_last_tid(struct journal *journal)
{
	uint32_t last;

	spin_lock(&journal->lock);
	last = journal->next_tid - 1;
	spin_unlock(&journal->lock);
	return last;
}

int journal_commit_all(struct journal *journal, bool *flushed)
{
	return journal_commit(journal, journal_last_tid(journal), flushed);
}
