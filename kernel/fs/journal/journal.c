/*
 * The journal as a whole: opening, the superblock, starting and stopping, failing.
 *
 * Idea. Blocks are changed in memory, in the device's page cache, inside of handles. Many handles
 * share one transaction. A transaction reaches the disk as one: first its blocks as copies in the
 * log, then a commit record, then, at leisure, the blocks in their places. If the power goes before
 * the commit record is on the medium, nothing of it has happened; after that, replay repeats it.
 *
 * Life of a transaction
 *	running		 handles change blocks			transaction.c
 *	committing	 copies, data, flush, record, flush	commit.c
 *	committed	 blocks are pending for their places	checkpoint.c
 *	gone		 nothing pending, none older: the log's tail moves past it
 *
 * Life of a block (struct journal_block; absent: it is in its place, the page cache may drop it)
 *	absent	  -> changed	journal_dirty
 *	changed	  -> pending	finish_changed; changed by the next transaction as well, if it was
 *	pending	  -> absent	settle, once it was written to its place
 *	any	  -> forgotten	journal_forget: about to be free
 *	forgotten -> absent	finish_forgotten: the transaction that freed it is committed
 *
 * Invariants (journal_check)
 *  1. A block that a transaction has changed is written to its place only after that transaction
 *     is committed, and with what it was then. The page cache never writes it: its page is not
 *     marked dirty, and is kept in memory by the table's reference.
 *  2. The log holds, from tail to head, every committed transaction of which a block is pending.
 *  3. free_blocks is the rest of the log, and what the running transaction may come to need fits.
 *  4. There are as many spare entries as credits of open handles.
 *  5. A forgotten block is not used for anything before the transaction is committed (its owner
 *     sees to that), so replay cannot put an old copy over its next contents: a revoke record in
 *     the same transaction says that older copies are void.
 *
 * Copies. Everything is written from copies (copy_writer.c). They are made while no handle is open,
 * so nobody has to say beforehand that he is about to change a block, and nobody waits for the disk
 * before changing one. The price is one memcpy for each block written.
 *
 * Who does the work. Whoever needs a commit or room runs it himself, under the mutex. In the
 * background vm's writeback thread commits what is COMMIT_AGE old and puts blocks in their places
 * when they have been pending for CHECKPOINT_AGE. A machine at rest therefore comes to rest.
 *
 * Failure. If the log or its superblock cannot be written, or the owner finds its own structures
 * wrong, the journal aborts: from there on nothing is written any more, neither to the log nor to
 * places, so that what was committed before is still found by replay.
 */
#include "fs/journal/journal.h"

#include "core/assert.h"
#include "core/printk.h"
#include "fs/journal/internal.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "sched/clock.h"
#include "uapi/linux/errno.h"

#define SECOND_NS      UINT64_C(1000000000)
/* The writeback thread comes every two seconds; so nothing waits longer than five. */
#define COMMIT_AGE     (3 * SECOND_NS)
#define CHECKPOINT_AGE (5 * SECOND_NS)

/* ---- opening --------------------------------------------------------------------------------- */

uint32_t journal_map(const struct journal *journal, uint32_t log, uint32_t *count)
{
	unsigned int low = 0, high = journal->run_count;
	const struct journal_run *run;

	while (high - low > 1) {
		unsigned int middle = low + (high - low) / 2;

		if (journal->runs[middle].log <= log)
			low = middle;
		else
			high = middle;
	}
	run = &journal->runs[low];
	assert(log - run->log < run->count);
	if (count)
		*count = run->count - (log - run->log);
	return run->disk + (log - run->log);
}

static uint64_t super_sector(const struct journal *journal)
{
	return (uint64_t)journal_map(journal, 0, NULL)
	       << (journal->owner.block_shift - SECTOR_SHIFT);
}

static int refuse(const struct journal *journal, const char *why)
{
	printk(LOG_ERROR, "journal on %s: %s", journal->owner.device->name, why);
	return -EINVAL;
}

static int check_features(const struct journal *journal)
{
	const struct journal_superblock *super = journal->super;
	uint32_t incompatible = journal_from_disk(super->features_incompatible);

	if (journal_from_disk(super->header.kind) == JOURNAL_SUPER_V1)
		return 0;
	if (incompatible & ~JOURNAL_INCOMPAT_REVOKE || super->features_read_only ||
	    super->features_compatible) {
		printk(LOG_ERROR,
		       "journal on %s: features that we do not know: %#x, %#x, %#x (64bit and "
		       "checksums belong to ext4)", journal->owner.device->name,
		       journal_from_disk(super->features_compatible), incompatible,
		       journal_from_disk(super->features_read_only));
		return -EINVAL;
	}
	if (journal_from_disk(super->user_count) > 1)
		return refuse(journal, "it is shared by several file systems");
	return 0;
}

/* Take sizes from the superblock. Errors: -EINVAL. */
static int take_super(struct journal *journal, uint32_t mapped)
{
	const struct journal_superblock *super = journal->super;
	uint32_t kind = journal_from_disk(super->header.kind);
	uint32_t start = journal_from_disk(super->start);
	int error;

	if (journal_from_disk(super->header.magic) != JOURNAL_MAGIC ||
	    (kind != JOURNAL_SUPER_V1 && kind != JOURNAL_SUPER_V2))
		return refuse(journal, "there is none where it should be");
	error = check_features(journal);
	if (error)
		return error;
	journal->first = journal_from_disk(super->first);
	journal->end = journal_from_disk(super->block_count);
	if (journal_from_disk(super->block_size) != journal->block_size)
		return refuse(journal, "its blocks have another size");
	if (journal->end > mapped)
		return refuse(journal, "it is cut short");
	if (journal->first == 0 || journal->first >= journal->end ||
	    journal->end - journal->first < JOURNAL_MINIMUM_BLOCKS - 1)
		return refuse(journal, "it is too small");
	if (start != 0 && (start < journal->first || start >= journal->end))
		return refuse(journal, "its log begins outside of it");
	return 0;
}

/* What the log's size and the machine's memory allow. */
static void set_limits(struct journal *journal)
{
	uint32_t size = journal->end - journal->first;
	struct frame_counts frames;

	page_frame_count(&frames);
	journal->tags_per_block =
		(journal->block_size - (uint32_t)sizeof(struct journal_header) -
		 JOURNAL_UUID_SIZE) / (uint32_t)sizeof(struct journal_tag);
	journal->revokes_per_block =
		(journal->block_size - (uint32_t)sizeof(struct journal_revoke_header)) / 4;
	journal->transaction_limit = max_t(uint32_t, 128,
					   min_t(uint32_t, size / 4, frames.total / 32));
	journal->tracked_limit = max_t(uint32_t, 2 * journal->transaction_limit,
				       frames.total / 16);
}

static int make_table(struct journal *journal)
{
	uint32_t count = 64;

	while (count < journal->tracked_limit / 2 && count < 4096)
		count *= 2;
	journal->buckets = kzalloc(count * sizeof(journal->buckets[0]), 0);
	journal->bucket_mask = count - 1;
	journal->batch = kmalloc_array(JOURNAL_BATCH, sizeof(journal->batch[0]), 0);
	return journal->buckets && journal->batch ? 0 : -ENOMEM;
}

static int read_super(struct journal *journal)
{
	return block_transfer(journal->owner.device, BLOCK_READ, super_sector(journal),
			      journal->super_frame, 0, JOURNAL_SUPER_SIZE);
}

static int copy_runs(struct journal *journal, const struct journal_run *runs, unsigned int count)
{
	journal->runs = kmalloc_array(count, sizeof(*runs), 0);
	if (!journal->runs)
		return -ENOMEM;
	memcpy(journal->runs, runs, count * sizeof(*runs));
	journal->run_count = count;
	return 0;
}

static int background(struct writeback_client *client, uint64_t age_ns, bool wait);

static void init_state(struct journal *journal)
{
	mutex_init(&journal->mutex, LOCK_RANK_JOURNAL, "journal");
	spin_init(&journal->lock, LOCK_RANK_JOURNAL_STATE, "journal state");
	wait_queue_init(&journal->waiters);
	list_init(&journal->committed);
	io_group_init(&journal->writes);
	journal->client.write_back = background;
}

int journal_open(const struct journal_owner *owner, const struct journal_run *runs,
		 unsigned int run_count, struct journal **out)
{
	struct journal *journal = kzalloc(sizeof(*journal), 0);
	int error = -ENOMEM;

	if (!journal)
		return -ENOMEM;
	journal->owner = *owner;
	journal->block_size = 1u << owner->block_shift;
	init_state(journal);
	journal->super_frame = page_frame_alloc(FRAME_KERNEL, FRAME_ALLOC_LOW);
	journal->spare_frame = page_frame_alloc(FRAME_KERNEL, FRAME_ALLOC_LOW);
	if (!journal->super_frame || !journal->spare_frame)
		goto close;
	journal->super = page_frame_address(journal->super_frame);
	error = run_count ? copy_runs(journal, runs, run_count) :
			    refuse(journal, "it has no blocks");
	if (!error)
		error = read_super(journal);
	if (!error)
		error = take_super(journal,
				   runs[run_count - 1].log + runs[run_count - 1].count);
	if (error)
		goto close;
	set_limits(journal);
	error = make_table(journal);
	if (error)
		goto close;
	*out = journal;
	return 0;

close:
	journal_close(journal);
	return error;
}

void journal_close(struct journal *journal)
{
	struct journal_transaction *transaction;

	assert(atomic_load_explicit(&journal->open_handles, memory_order_relaxed) == 0);
	if (journal->running)
		journal_drop_transaction(journal, journal->running);
	while ((transaction = list_pop_head_entry(&journal->committed, struct journal_transaction,
						  node)) != NULL)
		journal_drop_transaction(journal, transaction);
	journal_free_spares(journal, 0);
	assert(journal->tracked_count == 0 && journal->spare_count == 0);
	kfree(journal->next_one);
	kfree(journal->batch);
	kfree(journal->buckets);
	kfree(journal->runs);
	if (journal->spare_frame)
		page_frame_put(journal->spare_frame);
	if (journal->super_frame)
		page_frame_put(journal->super_frame);
	kfree(journal);
}

bool journal_is_dirty(const struct journal *journal)
{
	return journal->super->start != 0;
}

void journal_discard(struct journal *journal)
{
	journal->super->start = 0;
}

int journal_recorded_error(const struct journal *journal)
{
	return (int)journal_from_disk(journal->super->error);
}

/* ---- the superblock -------------------------------------------------------------------------- */

int journal_write_super(struct journal *journal)
{
	int error = block_transfer(journal->owner.device, BLOCK_WRITE, super_sector(journal),
				   journal->super_frame, 0, JOURNAL_SUPER_SIZE);

	return error ? error : block_flush(journal->owner.device);
}

/* Of version 2, with the one feature that we use. */
static void upgrade(struct journal_superblock *super)
{
	if (journal_from_disk(super->header.kind) == JOURNAL_SUPER_V1) {
		super->header.kind = journal_to_disk(JOURNAL_SUPER_V2);
		memset(&super->features_compatible, 0,
		       sizeof(*super) - offsetof(struct journal_superblock, features_compatible));
		super->user_count = journal_to_disk(1);
	}
	super->features_incompatible |= journal_to_disk(JOURNAL_INCOMPAT_REVOKE);
}

int journal_start(struct journal *journal)
{
	int error;

	assert(!journal_is_dirty(journal) && !journal->is_started);
	if (journal_has_aborted(journal))
		return -EROFS;
	mutex_lock(&journal->mutex);
	upgrade(journal->super);
	journal->head = journal->tail = journal->first;
	journal->next_tid = journal_from_disk(journal->super->sequence);
	journal->tail_tid = journal->next_tid;
	atomic_store_explicit(&journal->committed_tid, journal->next_tid - 1,
			      memory_order_relaxed);
	journal->free_blocks = journal->end - journal->first;
	journal->super->start = journal_to_disk(journal->first);
	journal->super->error = 0;
	error = journal_write_super(journal);
	if (!error) {
		spin_lock(&journal->lock);
		journal->is_started = true;
		spin_unlock(&journal->lock);
	} else {
		journal->super->start = 0;
	}
	mutex_unlock(&journal->mutex);
	if (!error)
		writeback_register(&journal->client);
	return error;
}

/* It has aborted: leave a note of it beside the log. Errors: -EIO, always. */
static int record_abort(struct journal *journal)
{
	int error = atomic_load_explicit(&journal->abort_error, memory_order_relaxed);

	journal->super->error = journal_to_disk((uint32_t)error);
	(void)!journal_write_super(journal);
	return -EIO;
}

/* An empty transaction may be there; its number goes to the next one. Locks: mutex. */
static void drop_empty(struct journal *journal)
{
	struct journal_transaction *empty;

	journal_bar(journal);
	spin_lock(&journal->lock);
	empty = journal->running;
	if (empty && empty->changed_count + empty->forgotten_count > 0)
		empty = NULL;
	if (empty) {
		journal->running = NULL;
		journal->next_tid--;
	}
	spin_unlock(&journal->lock);
	journal_admit(journal);
	if (empty)
		journal_drop_transaction(journal, empty);
}

int journal_stop(struct journal *journal)
{
	int error;

	if (!journal->is_started)
		return 0;
	writeback_unregister(&journal->client);
	mutex_lock(&journal->mutex);
	error = journal_commit_running(journal);
	if (!error)
		error = journal_checkpoint(journal, UINT32_MAX, 0);
	spin_lock(&journal->lock);
	journal->is_started = false;
	spin_unlock(&journal->lock);
	if (!error) {
		drop_empty(journal);
		assert(list_is_empty(&journal->committed) && journal->tracked_count == 0);
		journal->super->start = 0;
		journal->super->sequence = journal_to_disk(journal->next_tid);
		error = block_flush(journal->owner.device);
		if (!error)
			error = journal_write_super(journal);
	} else {
		error = record_abort(journal);
	}
	mutex_unlock(&journal->mutex);
	return error;
}

/* ---- failing --------------------------------------------------------------------------------- */

void journal_abort(struct journal *journal, int error)
{
	int none = 0;

	atomic_compare_exchange_strong_explicit(&journal->abort_error, &none, error,
						memory_order_relaxed, memory_order_relaxed);
}

void journal_fail(struct journal *journal, const char *what, int error)
{
	bool is_first = !journal_has_aborted(journal);

	journal_abort(journal, error);
	if (is_first && journal->owner.failed)
		journal->owner.failed(journal->owner.private, what, error);
}

/* ---- in the background ----------------------------------------------------------------------- */

static bool is_commit_due(struct journal *journal, uint64_t now)
{
	bool due;

	spin_lock(&journal->lock);
	due = journal->running && now - journal->running->started_ns >= COMMIT_AGE &&
	      journal->running->changed_count + journal->running->forgotten_count > 0;
	spin_unlock(&journal->lock);
	return due;
}

/* Called by the writeback thread. */
static int background(struct writeback_client *client, uint64_t age_ns, bool wait)
{
	struct journal *journal = container_of(client, struct journal, client);
	struct journal_transaction *oldest;
	uint64_t now = clock_monotonic_ns();
	int error = 0;

	(void)wait;
	mutex_lock(&journal->mutex);
	if (journal_has_aborted(journal)) {
		mutex_unlock(&journal->mutex);
		return 0;
	}
	if (age_ns == 0 || is_commit_due(journal, now))
		error = journal_commit_running(journal);
	oldest = list_first_entry(&journal->committed, struct journal_transaction, node);
	if (!error && oldest &&
	    (age_ns == 0 || now - oldest->committed_ns >= CHECKPOINT_AGE))
		error = journal_checkpoint(journal, UINT32_MAX, 0);
	if (list_is_empty(&journal->committed))
		journal_free_spares(journal, 0);
	mutex_unlock(&journal->mutex);
	return error;
}

void journal_count(struct journal *journal, struct journal_statistics *out)
{
	spin_lock(&journal->lock);
	out->tid = atomic_load_explicit(&journal->committed_tid, memory_order_relaxed);
	out->log_blocks = journal->end - journal->first;
	out->free_blocks = journal->free_blocks;
	out->tracked_blocks = journal->tracked_count;
	spin_unlock(&journal->lock);
}

/* Locks: lock. */
static bool entries_are_good(struct journal *journal)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i <= journal->bucket_mask; i++) {
		const struct journal_block *entry = journal->buckets[i];

		for (; entry; entry = entry->next, count++) {
			const struct journal_change *changes = entry->changes;

			if (!changes[0].in && !changes[1].in && !entry->pending_in)
				return false;
			if (!entry->frame && entry->pending_in)
				return false;
			for (unsigned int slot = 0; slot < 2; slot++) {
				if (changes[slot].in && (changes[slot].in->tid & 1) != slot)
					return false;
				if (changes[slot].in && !changes[slot].is_forgotten &&
				    !entry->frame)
					return false;
			}
		}
	}
	return count == journal->tracked_count;
}

bool journal_check(struct journal *journal)
{
	uint32_t spares = 0;
	bool good;

	spin_lock(&journal->lock);
	for (const struct journal_block *entry = journal->spares; entry; entry = entry->next)
		spares++;
	good = spares == journal->spare_count && spares >= journal->reserved &&
	       journal->free_blocks <= journal->end - journal->first &&
	       entries_are_good(journal);
	spin_unlock(&journal->lock);
	return good;
}
