/*
 * What the files of the journal share (theory: journal.c).
 */
#pragma once
#include "fs/journal/format.h"
#include "fs/journal/journal.h"
#include "lib/list.h"
#include "mem/page_frame.h"
#include "sched/mutex.h"
#include "vm/writeback.h"

/* A block's part in one transaction. */
struct journal_change {
	struct journal_transaction *in;	/* [s] NULL: none */
	struct list_node node;		/* [s] in its changed or forgotten */
	bool is_forgotten;		/* [s] */
};

/*
 * A block that is not in its place yet, or about to be freed. It may be changed by the running
 * transaction and by the one being committed, whose numbers differ in the lowest bit.
 */
struct journal_block {
	struct journal_block *next;	/* [s] in its bucket, or the next spare one */
	uint32_t block;			/* [I] while in the table */
	uint32_t offset;		/* [I] of its bytes in the frame */
	struct page_frame *frame;	/* [s] referenced; NULL: only forgotten */
	struct journal_change changes[2];
	struct journal_transaction *pending_in;	/* [s] the last committed one that changed it */
	struct list_node pending_node;	/* [s] in pending_in->pending */
};

struct journal_transaction {
	struct list_node node;		/* [m] in journal.committed */
	uint32_t tid;			/* [I] */
	uint32_t changed_count;		/* [s] */
	uint32_t forgotten_count;	/* [s] */
	struct list changed;		/* [s] fixed while no handle is open */
	struct list forgotten;		/* [s] */
	struct list pending;		/* [s] once committed: not in their place yet */
	uint32_t log_start;		/* [m] once it is being committed */
	uint64_t started_ns;		/* [I] */
	uint64_t committed_ns;		/* [m] */
	struct io_group data;
};

/* [I] immutable  [s] lock  [m] mutex  [a] atomic */
struct journal {
	struct journal_owner owner;		/* [I] */
	struct journal_run *runs;		/* [I] */
	unsigned int run_count;			/* [I] */
	uint32_t block_size;			/* [I] */
	uint32_t first, end;			/* [I] the log is blocks [first, end) */
	uint32_t tags_per_block, revokes_per_block;	/* [I] */
	uint32_t transaction_limit;		/* [I] blocks of log that one may need */
	uint32_t tracked_limit;			/* [I] blocks kept in memory */
	struct page_frame *super_frame;		/* [I] */
	struct journal_superblock *super;	/* [m] in it */
	struct page_frame *spare_frame;		/* [m] for copies when memory is short */
	struct journal_block **batch;		/* [m] of BATCH, for checkpoints */
	struct writeback_client client;
	bool is_started;			/* [s] handles may begin */

	struct mutex mutex;			/* LOCK_RANK_JOURNAL: one commit at a time */
	uint32_t head, tail;			/* [m] log blocks: the next one, the oldest */
	uint32_t tail_tid;			/* [m] of the transaction at the tail */
	struct list committed;			/* [m] in the log, oldest first */
	struct io_group writes;			/* [m] of copies */

	struct spinlock lock;			/* LOCK_RANK_JOURNAL_STATE */
	struct journal_transaction *running;	/* [s] or NULL */
	struct journal_transaction *next_one;	/* [s] memory for the next, or NULL */
	uint32_t next_tid;			/* [s] */
	uint32_t free_blocks;			/* [s] of the log */
	uint32_t reserved;			/* [s] credits of open handles */
	bool is_barred;				/* [s] no handle may begin */
	struct journal_block *spares;		/* [s] at least `reserved` of them */
	uint32_t spare_count;			/* [s] */
	uint32_t tracked_count;			/* [s] in the table */
	struct journal_block **buckets;		/* [s] by block */
	uint32_t bucket_mask;			/* [I] */

	atomic_uint open_handles;		/* [a] changes under lock */
	atomic_uint committed_tid;		/* [a] changes under mutex */
	atomic_int abort_error;			/* [a] set once; 0: it works */
	struct wait_queue waiters;		/* for open_handles 0, or is_barred false */
};

enum { JOURNAL_BATCH = 256 };	/* blocks of one step of a checkpoint */

static inline bool journal_has_aborted(const struct journal *journal)
{
	return atomic_load_explicit(&journal->abort_error, memory_order_relaxed) != 0;
}

/* ---- journal.c ---- */

/* Something on the disk failed: abort, and tell the owner if this is the first. */
void journal_fail(struct journal *journal, const char *what, int error);
/* Write the superblock and wait until it is on the medium. Locks: mutex, or nobody else about. */
must_check int journal_write_super(struct journal *journal);
/* Where log block `log` is on the device, and how many after it follow it there. */
uint32_t journal_map(const struct journal *journal, uint32_t log, uint32_t *count);
static inline uint32_t journal_next(const struct journal *journal, uint32_t log)
{
	return log + 1 < journal->end ? log + 1 : journal->first;
}

/* ---- transaction.c ---- */

/* Log blocks that a transaction needs at most. */
uint32_t journal_blocks_needed(const struct journal *journal, uint32_t changed,
			       uint32_t forgotten);
/* No handle is open until journal_admit. Locks: mutex. May sleep. */
void journal_bar(struct journal *journal);
void journal_admit(struct journal *journal);
/* Does nothing hold `block` in the table any more? Then it goes. Locks: lock. */
void journal_release_if_idle(struct journal *journal, struct journal_block *block);
/* Give back all blocks of a transaction, and itself. No handle is open. */
void journal_drop_transaction(struct journal *journal, struct journal_transaction *transaction);
void journal_free_spares(struct journal *journal, uint32_t kept);

/* ---- commit.c; locks: mutex ---- */

/* Commit the running transaction, if it has changed anything. Errors: -EIO. */
must_check int journal_commit_running(struct journal *journal);

/* ---- checkpoint.c; locks: mutex ---- */

/*
 * Put committed blocks in their places until the log has `wanted` free blocks and no more than
 * `tracked` blocks are in memory, committing what is in the way. Errors: -EIO.
 */
must_check int journal_checkpoint(struct journal *journal, uint32_t wanted, uint32_t tracked);

/* ---- copy_writer.c ---- */

/*
 * Writing copies of blocks: to the log, and to their places. The bytes are copied when
 * journal_copy_add returns; the writing ends before io_group_wait(&journal->writes) does.
 */
struct journal_copy_writer {
	struct journal *journal;
	struct block_request *request;	/* not submitted yet, or NULL */
	struct page_frame *frame;	/* being filled, or NULL */
	unsigned int used;		/* bytes of it */
	bool forced;			/* on the medium before it is done */
};

static inline void journal_copy_begin(struct journal_copy_writer *writer, struct journal *journal)
{
	*writer = (struct journal_copy_writer){ .journal = journal };
}
/*
 * Room for a block that will be written to block `disk` of the device. The caller fills it before
 * the next call. Locks: mutex. May sleep. Never fails.
 */
void *journal_copy_add(struct journal_copy_writer *writer, uint32_t disk);
void journal_copy_end(struct journal_copy_writer *writer);
