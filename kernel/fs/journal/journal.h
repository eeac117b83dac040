/*
 * A journal of blocks: what happened to blocks inside of one handle reaches the disk whole or not
 * at all, whenever the power goes. It knows blocks and nothing of the file system they belong to.
 * (Theory, states and invariants: journal.c.)
 *
 *	journal_open, journal_replay if need be, journal_start
 *	journal_begin(&handle, journal, 4)	at most 4 blocks will be changed
 *	...change a block..., journal_dirty(&handle, frame, offset, block)
 *	journal_end(&handle)
 *	journal_commit(journal, tid, NULL)	it is on the disk
 *	journal_stop, journal_close
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "block/block_device.h"
#include "block/io_group.h"
#include "core/compiler.h"

struct journal;
struct journal_transaction;

/* Blocks [log, log + count) of the journal are [disk, disk + count) of the device. */
struct journal_run { uint32_t log, disk, count; };

struct journal_owner {
	struct block_device *device;
	unsigned int block_shift;	/* of device blocks and journal blocks */
	uint32_t device_blocks;		/* nothing at or beyond it is ever written */
	/*
	 * The journal has failed and aborts: called once, not by journal_abort. Must not sleep;
	 * no spinlocks of the journal held.
	 */
	void (*failed)(void *private, const char *what, int error);
	/*
	 * Transaction `tid` is on the disk: blocks that it freed may be used anew. May sleep; the
	 * journal's mutex is held.
	 */
	void (*committed)(void *private, uint32_t tid);
	void *private;
};

/* On its thread's stack. One at a time for each thread. */
struct journal_handle {
	struct journal *journal;
	struct journal_transaction *transaction;
	unsigned int credits;		/* blocks that may still be added */
};

/* Once, before the first journal is opened. */
void journal_init(void);

/*
 * Read the journal that `runs` (copied) show, and check its superblock. Errors: -EINVAL (not a
 * journal, or one that we do not understand; a line is in the log), -EIO, -ENOMEM.
 */
must_check int journal_open(const struct journal_owner *owner, const struct journal_run *runs,
			    unsigned int run_count, struct journal **out);
void journal_close(struct journal *journal);

/* Does the log hold what is not in its place yet? */
bool journal_is_dirty(const struct journal *journal);
/* The error that made an earlier user of it stop, as a negative errno; 0: none. */
int journal_recorded_error(const struct journal *journal);
/*
 * Put what the log holds in its place, on the medium, and empty the log. Errors: -EIO, -ENOMEM,
 * -EINVAL: the log is not to be believed.
 */
must_check int journal_replay(struct journal *journal);

/* What the log holds is not wanted. The disk learns of it with journal_start. */
void journal_discard(struct journal *journal);

/* From now on handles may begin; and: everything is in its place, the log is empty. */
must_check int journal_start(struct journal *journal);
must_check int journal_stop(struct journal *journal);

/*
 * Nothing more is written: what has not been committed by now never is. Any context but interrupts;
 * does not sleep. journal_stop records `error` on the disk.
 */
void journal_abort(struct journal *journal, int error);

/*
 * Begin to change at most `credits` blocks. Waits for room. Errors: -EROFS (aborted), -ENOMEM,
 * -EIO.
 * Locks: none from LOCK_RANK_JOURNAL on; those of sched/ and pages may be held.
 */
must_check int journal_begin(struct journal_handle *handle, struct journal *journal,
			     unsigned int credits);
void journal_end(struct journal_handle *handle);
/*
 * Block `block`, which lies at `offset` of `frame` (in the direct map), has changed. Costs a credit
 * if it is new to the transaction; without one left the journal fails. Does not sleep.
 */
void journal_dirty(struct journal_handle *handle, struct page_frame *frame, unsigned int offset,
		   uint32_t block);
/*
 * Block `block`, perhaps changed before, is freed: older copies in the log are void once this
 * transaction is committed. Costs a credit as above. The owner does not use it for anything before
 * committed() has been called.
 */
void journal_forget(struct journal_handle *handle, uint32_t block);
/* Transfers that join are over before the handle's transaction is committed. */
struct io_group *journal_data_group(struct journal_handle *handle);
uint32_t journal_tid(const struct journal_handle *handle);
/* Of the running transaction, or if there is none, of the last one. */
uint32_t journal_last_tid(struct journal *journal);

/*
 * Transaction `tid`, and all before it, are on the disk afterwards. *flushed (may be NULL): by this
 * very call, and the device's cache with it. Errors: -EIO. May sleep; no handle is open.
 */
must_check int journal_commit(struct journal *journal, uint32_t tid, bool *flushed);
/* All that handles have done so far. */
must_check int journal_commit_all(struct journal *journal, bool *flushed);

/* For tests and /proc: how full it is. */
struct journal_statistics {
	uint32_t tid;			/* of the last committed transaction */
	uint32_t log_blocks, free_blocks;
	uint32_t tracked_blocks;	/* in memory because they are not in their place yet */
};
void journal_count(struct journal *journal, struct journal_statistics *out);
/* Debug builds and tests: the invariants of journal.c. */
bool journal_check(struct journal *journal);
