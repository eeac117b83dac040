/*
 * A file system in memory, as simple as can be: what the kernel's ones must behave like. And
 * workloads, which are lists of operations on it.
 *
 * Each worker has a folder of its own, in which nobody else does anything, so the answer to each
 * of its operations is known; the kernel, below, is shared by all.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum operation_kind {
	OP_CREATE,
	OP_WRITE,
	OP_APPEND,
	OP_READ,
	OP_TRUNCATE,
	OP_RENAME,
	OP_LINK,
	OP_UNLINK,
	OP_MKDIR,
	OP_RMDIR,
	OP_SYMLINK,
	OP_READ_LINK,
	OP_STATUS,
	OP_LIST,
	OP_FSYNC,
	OP_SYNC,
	OP_HOLD,
	OP_HELD_WRITE,
	OP_HELD_READ,
	OP_RELEASE,
	OP_SLEEP,
	OP_DROP_CACHES,
	OP_KINDS
};

enum { PATH_SIZE = 24, FILE_SIZE_MAX = 96 << 10, LINK_SIZE = 100, ENTRIES_MAX = 400 };

struct operation {
	uint8_t kind;			/* enum operation_kind */
	uint8_t worker;
	char path[PATH_SIZE];		/* relative to the worker's folder */
	char other[PATH_SIZE];		/* of rename and link: the new one */
	uint32_t offset, size; /* size: also milliseconds, or the length of a symbolic link */
	uint32_t seed;			/* of the bytes that are written */
};

const char *operation_name(enum operation_kind kind);
/* "write a/b 100 20" */
void operation_format(const struct operation *operation, char *buffer, size_t size);
/* The bytes that an operation writes; none of them is 0. */
void operation_fill(uint8_t *bytes, size_t size, uint32_t seed);
/* The same for the text of a symbolic link, which leads nowhere: capital letters. */
void operation_fill_text(uint8_t *bytes, size_t size, uint32_t seed);

enum node_kind { NODE_DIRECTORY, NODE_FILE, NODE_LINK };

/* What a tree looks like from outside: one name in it. */
struct tree_entry {
	char path[PATH_SIZE];
	uint8_t kind;			/* enum node_kind */
	uint64_t inode;			/* the same for names of one file, and only for those */
	uint32_t links;
	uint32_t size;
	const uint8_t *bytes;		/* of files and symbolic links */
};
struct tree {
	struct tree_entry entries[ENTRIES_MAX];
	unsigned int count;
};

struct model;
struct model *model_create(void);
struct model *model_from_tree(const struct tree *tree);
void model_destroy(struct model *model);

/*
 * Do one operation, the `number`th, or tell what its result would be if `try` is set. 0, a count
 * or -errno. Afterwards what a reading operation must see is in *seen.
 */
struct seen {
	const uint8_t *bytes;		/* read, readlink */
	uint32_t size;
	uint8_t kind;
	uint32_t links;
	char names[8];			/* list: the first letters, sorted */
};
int32_t model_apply(struct model *model, const struct operation *operation, unsigned int number,
		    bool try, struct seen *seen);

/* NULL, or how `tree` differs from what the model holds. */
const char *model_compare(const struct model *model, const struct tree *tree);

/* What an operation has answered, and how many requests had failed when it began and was over. */
struct result {
	int32_t answer;
	uint32_t failures_before, failures_after;
};

/*
 * After a cut of power, or when the disk has failed. `results[i]` is that of operation i; those
 * from `over` on may have begun, but were not over, and those from `sound` on were over only when a
 * request had failed; `has_failed`: one has, perhaps after them all. NULL, or what is wrong with
 * `tree`.
 */
const char *model_check_cut(const struct tree *before, const struct operation *operations,
			    const struct result *results, bool has_failed, unsigned int sound,
			    unsigned int over, unsigned int count, const struct tree *tree);
