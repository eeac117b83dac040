/*
 * Handles, the running transaction, and the table of blocks that are not in their places yet.
 *
 * A handle promises to change at most so many blocks. It may begin while everything that the
 * running transaction has changed, and may still change, fits into the free part of the log: so no
 * handle, once begun, ever waits for room, and no commit finds the log full. What a table entry
 * takes in memory is set aside at the same moment. Where it does not fit, the beginner makes room
 * itself: it commits, and puts blocks in their places.
 *
 * For the lock checker an open handle is a lock of LOCK_RANK_JOURNAL, taken shared.
 */
#include "core/assert.h"
#include "core/lock_check.h"
#include "fs/journal/internal.h"
#include "lib/hash.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "mem/slab.h"
#include "sched/clock.h"
#include "uapi/linux/errno.h"

enum { SPARES_KEPT = 128 };	/* entries kept for the next handles when blocks come to rest */

static struct slab_cache *block_slab;

void journal_init(void)
{
	block_slab = slab_cache_create("journal_block", sizeof(struct journal_block), 0);
}

uint32_t journal_blocks_needed(const struct journal *journal, uint32_t changed, uint32_t forgotten)
{
	return changed + DIV_ROUND_UP(changed, journal->tags_per_block) +
	       DIV_ROUND_UP(forgotten, journal->revokes_per_block) + 1;
}

/* ---- the table ------------------------------------------------------------------------------- */

static struct journal_block **bucket_of(struct journal *journal, uint32_t block)
{
	return &journal->buckets[hash_u32(block) & journal->bucket_mask];
}

static struct journal_block *find(struct journal *journal, uint32_t block)
{
	struct journal_block *found = *bucket_of(journal, block);

	spin_assert_held(&journal->lock);
	while (found && found->block != block)
		found = found->next;
	return found;
}

/* A new entry, from the spares that the caller's credit stands for. */
static struct journal_block *enter(struct journal *journal, uint32_t block)
{
	struct journal_block **bucket = bucket_of(journal, block);
	struct journal_block *entry = journal->spares;

	assert(entry);
	journal->spares = entry->next;
	journal->spare_count--;
	memset(entry, 0, sizeof(*entry));
	entry->block = block;
	entry->next = *bucket;
	*bucket = entry;
	journal->tracked_count++;
	return entry;
}

void journal_release_if_idle(struct journal *journal, struct journal_block *entry)
{
	struct journal_block **link = bucket_of(journal, entry->block);

	spin_assert_held(&journal->lock);
	if (entry->changes[0].in || entry->changes[1].in || entry->pending_in)
		return;
	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	journal->tracked_count--;
	if (entry->frame)
		page_frame_put(entry->frame);
	if (journal->spare_count >= journal->reserved + SPARES_KEPT) {
		slab_free(block_slab, entry);
		return;
	}
	entry->next = journal->spares;
	journal->spares = entry;
	journal->spare_count++;
}

void journal_free_spares(struct journal *journal, uint32_t kept)
{
	spin_lock(&journal->lock);
	while (journal->spare_count > journal->reserved + kept) {
		struct journal_block *entry = journal->spares;

		journal->spares = entry->next;
		journal->spare_count--;
		slab_free(block_slab, entry);
	}
	spin_unlock(&journal->lock);
}

/* ---- beginning and ending -------------------------------------------------------------------- */

enum lack { LACK_NOTHING, LACK_ADMISSION, LACK_TRANSACTION, LACK_SPARES, LACK_ROOM, LACK_JOURNAL };

static struct journal_transaction *start_transaction(struct journal *journal)
{
	struct journal_transaction *transaction = journal->next_one;

	if (!transaction)
		return NULL;
	journal->next_one = NULL;
	transaction->tid = journal->next_tid++;
	journal->running = transaction;
	return transaction;
}

static bool has_room(const struct journal *journal, unsigned int credits)
{
	const struct journal_transaction *running = journal->running;
	uint32_t changed = running->changed_count + journal->reserved + credits;
	/* One more: the commit record of the transaction before may still take its block. */
	uint32_t needed =
		journal_blocks_needed(journal, changed, running->forgotten_count) + 1;

	/* One alone may go as far as the log bears: it could not become smaller by waiting. */
	if (running->changed_count + running->forgotten_count + journal->reserved == 0)
		return needed <= journal->free_blocks;
	return needed <= min(journal->free_blocks, journal->transaction_limit) &&
	       journal->tracked_count + journal->reserved + credits <= journal->tracked_limit;
}

/* Begin, or say what is missing. Locks: lock. */
static enum lack try_begin(struct journal *journal, unsigned int credits)
{
	spin_assert_held(&journal->lock);
	if (journal_has_aborted(journal) || !journal->is_started)
		return LACK_JOURNAL;
	if (journal->is_barred)
		return LACK_ADMISSION;
	if (!journal->running && !start_transaction(journal))
		return LACK_TRANSACTION;
	if (!has_room(journal, credits))
		return LACK_ROOM;
	if (journal->spare_count < journal->reserved + credits)
		return LACK_SPARES;
	journal->reserved += credits;
	atomic_fetch_add_explicit(&journal->open_handles, 1, memory_order_relaxed);
	return LACK_NOTHING;
}

/* Memory for what a handle will need. Errors: -ENOMEM. */
static int add_transaction(struct journal *journal)
{
	struct journal_transaction *transaction = kzalloc(sizeof(*transaction), 0);

	if (!transaction)
		return -ENOMEM;
	list_init(&transaction->changed);
	list_init(&transaction->forgotten);
	list_init(&transaction->pending);
	io_group_init(&transaction->data);
	transaction->started_ns = clock_monotonic_ns();
	spin_lock(&journal->lock);
	if (!journal->next_one) {
		journal->next_one = transaction;
		transaction = NULL;
	}
	spin_unlock(&journal->lock);
	kfree(transaction);
	writeback_kick();
	return 0;
}

static int add_spares(struct journal *journal, unsigned int count)
{
	while (count-- > 0) {
		struct journal_block *entry = slab_alloc(block_slab, 0);

		if (!entry)
			return -ENOMEM;
		spin_lock(&journal->lock);
		entry->next = journal->spares;
		journal->spares = entry;
		journal->spare_count++;
		spin_unlock(&journal->lock);
	}
	return 0;
}

static int make_room(struct journal *journal, unsigned int credits)
{
	bool still_lacking;
	int error = 0;

	mutex_lock(&journal->mutex);
	/* Somebody else may have made room while we waited for the mutex. */
	spin_lock(&journal->lock);
	still_lacking = journal->running && !has_room(journal, credits);
	spin_unlock(&journal->lock);
	if (still_lacking)
		error = journal_commit_running(journal);
	if (still_lacking && !error)
		error = journal_checkpoint(journal, (journal->end - journal->first) / 2,
					   journal->tracked_limit / 2);
	mutex_unlock(&journal->mutex);
	return error;
}

static bool is_admitted(struct journal *journal)
{
	bool admitted;

	spin_lock(&journal->lock);
	admitted = !journal->is_barred;
	spin_unlock(&journal->lock);
	return admitted;
}

/* See to what is missing; 0: try again. */
static int provide(struct journal *journal, enum lack lack, unsigned int credits)
{
	switch (lack) {
	case LACK_ADMISSION:
		wait_event(&journal->waiters, is_admitted(journal));
		return 0;
	case LACK_TRANSACTION:
		return add_transaction(journal);
	case LACK_SPARES:
		return add_spares(journal, credits);
	case LACK_ROOM:
		return make_room(journal, credits);
	default:
		return -EROFS;
	}
}

int journal_begin(struct journal_handle *handle, struct journal *journal, unsigned int credits)
{
	enum lack lack;
	int error = 0;

	assert(journal_blocks_needed(journal, credits, 0) <= journal->transaction_limit);
	if (CONFIG_DEBUG)
		lock_check_acquire(&journal->open_handles, "journal handle", LOCK_RANK_JOURNAL,
				   true, false, __builtin_return_address(0));
	do {
		spin_lock(&journal->lock);
		lack = try_begin(journal, credits);
		if (likely(lack == LACK_NOTHING)) {
			handle->journal = journal;
			handle->transaction = journal->running;
			handle->credits = credits;
		}
		spin_unlock(&journal->lock);
		if (likely(lack == LACK_NOTHING))
			return 0;
		/* Not ours yet: what we wait for may need locks of our rank. */
		if (CONFIG_DEBUG)
			lock_check_release(&journal->open_handles);
		error = provide(journal, lack, credits);
		if (CONFIG_DEBUG && !error)
			lock_check_acquire(&journal->open_handles, "journal handle",
					   LOCK_RANK_JOURNAL, true, false,
					   __builtin_return_address(0));
	} while (!error);
	return error;
}

void journal_end(struct journal_handle *handle)
{
	struct journal *journal = handle->journal;
	bool is_awaited;

	spin_lock(&journal->lock);
	journal->reserved -= handle->credits;
	is_awaited = atomic_fetch_sub_explicit(&journal->open_handles, 1,
					       memory_order_release) == 1 && journal->is_barred;
	spin_unlock(&journal->lock);
	if (unlikely(is_awaited))
		wait_queue_wake_all(&journal->waiters, 0);
	if (CONFIG_DEBUG)
		lock_check_release(&journal->open_handles);
	handle->transaction = NULL;
}

void journal_bar(struct journal *journal)
{
	mutex_assert_held(&journal->mutex);
	spin_lock(&journal->lock);
	journal->is_barred = true;
	spin_unlock(&journal->lock);
	/* Acquire: what the handles did is seen. */
	wait_event(&journal->waiters, atomic_load_explicit(&journal->open_handles,
							   memory_order_acquire) == 0);
}

void journal_admit(struct journal *journal)
{
	spin_lock(&journal->lock);
	journal->is_barred = false;
	spin_unlock(&journal->lock);
	wait_queue_wake_all(&journal->waiters, 0);
}

/* ---- changing -------------------------------------------------------------------------------- */

/* One more block for the handle's transaction. False: it is not paid for. */
static bool spend(struct journal_handle *handle)
{
	if (unlikely(handle->credits == 0))
		return false;
	handle->credits--;
	handle->journal->reserved--;
	return true;
}

/* `entry`, of which the transaction knows nothing yet, becomes part of it. */
static void join(struct journal_transaction *transaction, struct journal_block *entry,
		 bool forgotten)
{
	struct journal_change *change = &entry->changes[transaction->tid & 1];

	change->in = transaction;
	change->is_forgotten = forgotten;
	list_add_tail(forgotten ? &transaction->forgotten : &transaction->changed, &change->node);
	if (forgotten)
		transaction->forgotten_count++;
	else
		transaction->changed_count++;
}

static void leave(struct journal_transaction *transaction, struct journal_block *entry)
{
	struct journal_change *change = &entry->changes[transaction->tid & 1];

	list_remove(&change->node);
	change->in = NULL;
	if (change->is_forgotten)
		transaction->forgotten_count--;
	else
		transaction->changed_count--;
}

/*
 * Make `block` changed, or forgotten, in the handle's transaction. Returns its entry; NULL: the
 * handle has no credit left.
 */
static struct journal_block *note(struct journal_handle *handle, uint32_t block, bool forgotten)
{
	struct journal_transaction *transaction = handle->transaction;
	struct journal *journal = handle->journal;
	struct journal_block *entry = find(journal, block);
	struct journal_change *change =
		entry ? &entry->changes[transaction->tid & 1] : NULL;

	assert(!change || !change->in || change->in == transaction);
	if (likely(change && change->in && change->is_forgotten == forgotten))
		return entry;
	if (change && change->in)
		leave(transaction, entry);
	else if (!spend(handle))
		return NULL;
	if (!entry)
		entry = enter(journal, block);
	join(transaction, entry, forgotten);
	return entry;
}

/*
 * Only a disk whose structures run into each other makes a change so large. What is in memory now
 * has no place in the log: so nothing of it may get there, nor to its own place, though the block
 * may be an older transaction's too, which has been committed. Both, commit and checkpoint, copy
 * blocks only while no handle is open. The one that failed is open until it has said so here; they
 * look whether the journal has aborted after all handles are closed, and before they copy.
 */
static void fail_for_credit(struct journal *journal)
{
	journal_fail(journal, "a change takes more blocks than it may", -EIO);
}

void journal_dirty(struct journal_handle *handle, struct page_frame *frame, unsigned int offset,
		   uint32_t block)
{
	struct journal *journal = handle->journal;
	struct journal_block *entry;

	spin_lock(&journal->lock);
	entry = note(handle, block, false);
	if (likely(entry) && !entry->frame) {
		page_frame_get(frame);
		entry->frame = frame;
		entry->offset = offset;
	}
	assert(!entry || (entry->frame == frame && entry->offset == offset));
	spin_unlock(&journal->lock);
	if (unlikely(!entry))
		fail_for_credit(journal);
}

void journal_forget(struct journal_handle *handle, uint32_t block)
{
	bool is_paid;

	spin_lock(&handle->journal->lock);
	is_paid = note(handle, block, true) != NULL;
	spin_unlock(&handle->journal->lock);
	if (unlikely(!is_paid))
		fail_for_credit(handle->journal);
}

struct io_group *journal_data_group(struct journal_handle *handle)
{
	return &handle->transaction->data;
}

uint32_t journal_tid(const struct journal_handle *handle)
{
	return handle->transaction->tid;
}

static void drop_list(struct journal *journal, struct journal_transaction *transaction,
		      struct list *list)
{
	struct journal_change *change;

	while ((change = list_pop_head_entry(list, struct journal_change, node)) != NULL) {
		unsigned int slot = transaction->tid & 1;
		struct journal_block *entry = container_of(change, struct journal_block,
							   changes[slot]);

		change->in = NULL;
		journal_release_if_idle(journal, entry);
	}
}

void journal_drop_transaction(struct journal *journal, struct journal_transaction *transaction)
{
	struct journal_block *entry;

	/* Errors of data have been told to those who wrote them. */
	(void)!io_group_wait(&transaction->data);
	spin_lock(&journal->lock);
	drop_list(journal, transaction, &transaction->changed);
	drop_list(journal, transaction, &transaction->forgotten);
	while ((entry = list_pop_head_entry(&transaction->pending, struct journal_block,
					    pending_node)) != NULL) {
		entry->pending_in = NULL;
		journal_release_if_idle(journal, entry);
	}
	spin_unlock(&journal->lock);
	kfree(transaction);
}
