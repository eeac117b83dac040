/*
 * What outlives the machine: it runs in a process of its own, and this lies in memory that it
 * shares with the one which started it. The disk, above all, and how far each operation of the
 * workload has come.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SECTOR = 512,
	DISK_PAGE = 4096,
	DISK_SIZE_MAX = 10 << 20,
	UNFLUSHED_MAX = 64 << 10, /* sectors written since the last flush, each time they were */
};

/* One sector that is in the disk's cache, and may be lost. */
struct unflushed {
	uint32_t sector;
	uint32_t flush;		/* flushes that were asked for before it was done */
	uint8_t bytes[SECTOR];
};

struct disk_state {
	/* Whole pages: what a read gives, and what is there whatever happens. */
	uint8_t newest[DISK_SIZE_MAX];
	uint8_t medium[DISK_SIZE_MAX];
	uint32_t sector_count;
	bool has_cache, has_forced_writes;
	uint32_t flushes;			/* asked for, over all starts */
	uint32_t unflushed_count;
	uint64_t requests;			/* done, over all starts */
	bool is_written[DISK_SIZE_MAX / DISK_PAGE];	/* by page, since the disk was made */
	struct unflushed unflushed[UNFLUSHED_MAX];	/* in the order in which they were done */
};

enum {
	WORKERS_MAX = 8, FILE_WORKERS_MAX = 4,
	OPERATIONS_MAX = 2048, SPACE_OPERATIONS_MAX = 6200, FAMILY_OPERATIONS_MAX = 1400,
};

enum operation_state { OPERATION_WAITS, OPERATION_BEGUN, OPERATION_DONE };

/* One operation of the workload, as far as it has come. */
struct outcome {
	uint8_t state;		/* enum operation_state */
	bool disk_had_failed;	/* before it was over */
	uint32_t failures_before, failures_after; /* of the disk, when it began and was over */
	int32_t result;
};

/* What is wrong, for the one who reads it. */
enum { COMPLAINT_SIZE = 600 };

/* It is a file, and the disk's newest state is its beginning: so e2fsck can look at it. */
struct shared {
	struct disk_state disk;
	struct outcome outcomes[OPERATIONS_MAX];
	bool has_finished;		/* the machine came to its end by itself */
	bool has_lost_power;
	bool disk_has_failed;		/* a request, and its repetition, */
	uint32_t disk_failures;		/* so often */
	uint64_t operations;		/* done, in all machines */
	unsigned int starts, cuts, failed_disks;	/* of all machines */
	uint64_t points;
	char complaint[COMPLAINT_SIZE];
	size_t tree_size;
	uint8_t tree[4 << 20];		/* the files when the machine had started */
};

extern struct shared *shared;
