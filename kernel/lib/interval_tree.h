/*
 * Intervals of numbers, and quickly those that meet a given range.
 *
 * Nodes lie inside the objects, as in rbtree.h; the caller's lock protects the tree. An interval is
 * [first, end) with first < end. The first hit costs the logarithm of how many different intervals
 * there are, each further one no more. Equal intervals cost nothing to have: one of them is in the
 * tree, the others stand beside it in a ring. So a copy of an object that is in the tree goes in
 * and out in a few instructions.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "lib/list.h"
#include "lib/rbtree.h"

struct interval {
	struct rbtree_node node;	/* in the tree; unused if `latest_end` is 0 */
	struct list_node ring;		/* with its equals; linked to itself if it has none */
	uint32_t first, end;		/* change only while it is in no tree */
	uint32_t latest_end;		/* of its subtree; 0: an equal is in the tree for it */
};

struct interval_tree {
	struct rbtree tree;	/* by first, then end; no two are equal */
};

static inline void interval_tree_init(struct interval_tree *tree)
{
	rbtree_init(&tree->tree);
}

static inline bool interval_tree_is_empty(const struct interval_tree *tree)
{
	return rbtree_is_empty(&tree->tree);
}

/* For one that was in a tree before, or was zeroed. */
static inline bool interval_is_in_tree(const struct interval *interval)
{
	return list_node_is_linked(&interval->ring);
}

/* `first` and `end` are filled in, the rest need not be. It comes behind its equals. */
void interval_tree_insert(struct interval_tree *tree, struct interval *interval);

/* The same for a copy of `original`, which is in the tree; it comes right behind that. */
static inline void interval_tree_insert_copy(struct interval *original, struct interval *copy)
{
	copy->first = original->first;
	copy->end = original->end;
	copy->latest_end = 0;
	list_insert_after(&original->ring, &copy->ring);
}

void interval_tree_remove(struct interval_tree *tree, struct interval *interval);

/*
 * The intervals that have a number in common with [first, end), in the order of their first
 * numbers, equal ones in the order in which they stand; NULL: there are no more. The tree must not
 * change in between.
 */
struct interval *interval_tree_first(const struct interval_tree *tree, uint32_t first,
				     uint32_t end);
struct interval *interval_tree_next(struct interval *interval, uint32_t first, uint32_t end);

/* Tests and debug builds: is everything as it should be? */
bool interval_tree_check(const struct interval_tree *tree);
