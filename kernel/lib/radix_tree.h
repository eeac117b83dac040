/*
 * A map from 32-bit indices to pointers, with two tags an entry: the page cache's tree.
 *
 * Idea. Nodes of 64 slots, as high as the largest index needs. Each node has, for each tag, a word
 * with a bit for every slot whose entry or subtree carries the tag, so that "the next dirty page"
 * skips clean subtrees whole.
 *
 * Memory. Nothing here allocates on its own: nodes come from and return to the two functions given
 * to radix_tree_init. The caller holds a spinlock around every call, so it makes sure beforehand
 * that node_alloc can succeed without sleeping, for example by filling a stock of
 * RADIX_TREE_INSERT_NODES nodes: no insertion takes more. node_alloc may still say NULL; then the
 * tree is as it was.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/bitmap.h"
#include "lib/compiler.h"

enum {
	RADIX_TREE_SHIFT = 6,
	RADIX_TREE_SLOTS = 1 << RADIX_TREE_SHIFT,
	RADIX_TREE_MAX_HEIGHT = (32 + RADIX_TREE_SHIFT - 1) / RADIX_TREE_SHIFT,
	/*
	 * The tree grows above its only node, and then a second path goes down from the new root.
	 */
	RADIX_TREE_INSERT_NODES = 2 * (RADIX_TREE_MAX_HEIGHT - 1),
};

enum radix_tree_tag {
	RADIX_TREE_DIRTY,	/* differs from what is on disk */
	RADIX_TREE_WRITING,	/* on its way to the disk */
	RADIX_TREE_TAG_COUNT,
};

/* Public only so that allocators know its size. */
struct radix_tree_node {
	void *slots[RADIX_TREE_SLOTS];		/* nodes, or entries at the lowest level */
	/* Bit s: the entry in slot s, or one below it, carries the tag. */
	uint32_t tags[RADIX_TREE_TAG_COUNT][BITMAP_WORDS(RADIX_TREE_SLOTS)];
	struct radix_tree_node *parent;		/* NULL at the root */
	uint8_t slot_in_parent;
	uint8_t used_count;			/* slots that are not NULL */
	uint8_t shift;				/* of the index, for a slot; 0 is lowest */
};

struct radix_tree_ops {
	/* Returns uninitialised memory for a node, or NULL. `context` is radix_tree.context. */
	struct radix_tree_node *(*node_alloc)(void *context);
	void (*node_free)(void *context, struct radix_tree_node *node);
};

struct radix_tree {
	struct radix_tree_node *root;		/* NULL when empty */
	size_t entry_count;
	const struct radix_tree_ops *ops;
	void *context;
};

void radix_tree_init(struct radix_tree *tree, const struct radix_tree_ops *ops, void *context);

/* The entry at `index`, or NULL. */
void *radix_tree_find(const struct radix_tree *tree, uint32_t index);

/*
 * Put `entry`, not NULL, at `index`, without tags.
 * Errors: -EEXIST if there is one already, -ENOMEM; then nothing has changed.
 */
must_check int radix_tree_insert(struct radix_tree *tree, uint32_t index, void *entry);

/* Take the entry at `index` out and return it, or NULL if there is none. Frees empty nodes. */
void *radix_tree_remove(struct radix_tree *tree, uint32_t index);

/* Put `entry`, not NULL, in the place of the one at `index`, which must exist; tags stay. */
void radix_tree_replace(struct radix_tree *tree, uint32_t index, void *entry);

/* The first entry at `*index` or after it, or NULL; its index goes to `*index`. */
void *radix_tree_find_next(const struct radix_tree *tree, uint32_t *index);
void *radix_tree_find_next_tagged(const struct radix_tree *tree, uint32_t *index,
				  enum radix_tree_tag tag);

/*
 * Up to `limit` entries with indices in [start, last], in order; `last` is included so that the
 * whole range can be named. `indices` gets theirs, and may be NULL. Returns how many there are.
 */
size_t radix_tree_gang_find(const struct radix_tree *tree, uint32_t start, uint32_t last,
			    void **entries, uint32_t *indices, size_t limit);
size_t radix_tree_gang_find_tagged(const struct radix_tree *tree, uint32_t start, uint32_t last,
				   enum radix_tree_tag tag, void **entries, uint32_t *indices,
				   size_t limit);

/* The entry at `index` must exist. */
void radix_tree_tag_set(struct radix_tree *tree, uint32_t index, enum radix_tree_tag tag);
void radix_tree_tag_clear(struct radix_tree *tree, uint32_t index, enum radix_tree_tag tag);

/* False also when there is no entry at `index`. */
bool radix_tree_tag_is_set(const struct radix_tree *tree, uint32_t index, enum radix_tree_tag tag);

/* Does any entry carry `tag`? */
bool radix_tree_is_tagged(const struct radix_tree *tree, enum radix_tree_tag tag);

static inline bool radix_tree_is_empty(const struct radix_tree *tree)
{
	return tree->entry_count == 0;
}

/* Tests and debug builds: counts, tags, heights and parents agree with one another. */
bool radix_tree_check(const struct radix_tree *tree);
