/*
 * The journal on the disk: the format of Linux's JBD, which ext3 and ext4 share. All numbers are
 * big-endian. Source: the documentation of the format in "The Linux Kernel", "ext4 Data Structures
 * and Algorithms", section "Journal (jbd2)".
 *
 * Block 0 of the journal is its superblock; the log goes round in blocks [first, block_count). A
 * transaction in it is
 *	descriptor, the blocks it names, descriptor, ..., revoke blocks, commit
 * in any order but for the commit record, which is last and makes it valid. Each block but the
 * copies begins with the magic number, its kind and the transaction's number.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define JOURNAL_MAGIC		0xc03b3998u
#define JOURNAL_SUPER_SIZE	1024u
#define JOURNAL_MINIMUM_BLOCKS	1024u

enum journal_block_kind {
	JOURNAL_DESCRIPTOR = 1,
	JOURNAL_COMMIT = 2,
	JOURNAL_SUPER_V1 = 3,
	JOURNAL_SUPER_V2 = 4,
	JOURNAL_REVOKE = 5,
};

struct journal_header {
	uint32_t magic;
	uint32_t kind;
	uint32_t sequence;
};
_Static_assert(sizeof(struct journal_header) == 12, "layout");

struct journal_superblock {
	struct journal_header header;
	uint32_t block_size;
	uint32_t block_count;		/* of the whole journal */
	uint32_t first;			/* block of the log */
	uint32_t sequence;		/* of the first transaction in the log */
	uint32_t start;			/* where it is; 0: the log is empty */
	uint32_t error;			/* negative errno of what made the file system stop */
	/* From here on version 2 only. */
	uint32_t features_compatible;
	uint32_t features_incompatible;
	uint32_t features_read_only;
	uint8_t uuid[16];
	uint32_t user_count;
	uint8_t rest[956];
};
_Static_assert(offsetof(struct journal_superblock, uuid) == 48, "layout");
_Static_assert(sizeof(struct journal_superblock) == JOURNAL_SUPER_SIZE, "layout");

/* features_incompatible */
#define JOURNAL_INCOMPAT_REVOKE 0x1u

/* One block that a descriptor names. Without SAME_UUID 16 bytes of UUID follow. */
struct journal_tag {
	uint32_t block;
	uint32_t flags;
};
#define JOURNAL_TAG_ESCAPED   1u	/* the copy began with the magic number: put it back */
#define JOURNAL_TAG_SAME_UUID 2u
#define JOURNAL_TAG_LAST      8u
#define JOURNAL_UUID_SIZE     16u

/* A revoke block: the header, the number of bytes in use, and block numbers. */
struct journal_revoke_header {
	struct journal_header header;
	uint32_t size;			/* bytes in use, this header included */
};
_Static_assert(sizeof(struct journal_revoke_header) == 16, "layout");

static inline uint32_t journal_from_disk(uint32_t value)
{
	return __builtin_bswap32(value);
}

static inline uint32_t journal_to_disk(uint32_t value)
{
	return __builtin_bswap32(value);
}

/* Is `a` before `b`? Transaction numbers go round. */
static inline int journal_tid_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}
