/*
 * Red-black trees whose links lie inside the objects.
 *
 * The tree knows no keys. To look something up, walk from root->node through left and right with
 * your own comparison. To insert, walk the same way while you remember the last node and the
 * address of the link you would follow, then
 *
 *	rbtree_link(&object->node, parent, link);
 *	rbtree_insert_fixup(root, &object->node);
 *
 * which keeps comparisons inline in the caller, where the keys are. An rbtree_cached also remembers
 * its leftmost node, for queues that mostly want the smallest. The caller's lock protects the tree.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/compiler.h"

struct rbtree_node {
	uintptr_t parent_and_colour;	/* the parent's address; bit 0 set when black */
	struct rbtree_node *left;
	struct rbtree_node *right;
};

struct rbtree {
	struct rbtree_node *node;	/* the root; NULL when empty */
};

struct rbtree_cached {
	struct rbtree tree;
	struct rbtree_node *leftmost;	/* NULL when empty */
};

static inline void rbtree_init(struct rbtree *root)
{
	root->node = NULL;
}

static inline bool rbtree_is_empty(const struct rbtree *root)
{
	return root->node == NULL;
}

static inline struct rbtree_node *rbtree_parent(const struct rbtree_node *node)
{
	return (struct rbtree_node *)(node->parent_and_colour & ~(uintptr_t)1);
}

/* Does insert_fixup have anything to do? Mostly not. */
static inline bool rbtree_is_below_red(const struct rbtree_node *node)
{
	const struct rbtree_node *parent = rbtree_parent(node);

	return !parent || !(parent->parent_and_colour & 1);
}

/* Hang `node` under `parent` (NULL for the first node of a tree) at `link`. */
static inline void rbtree_link(struct rbtree_node *node, struct rbtree_node *parent,
			       struct rbtree_node **link)
{
	node->parent_and_colour = (uintptr_t)parent;
	node->left = NULL;
	node->right = NULL;
	*link = node;
}

/* Restore the tree's balance after rbtree_link. */
void rbtree_insert_fixup(struct rbtree *root, struct rbtree_node *node);

void rbtree_remove(struct rbtree *root, struct rbtree_node *node);

/*
 * Trees in which each object bounds its subtree from above (the largest gap, the latest end): its
 * bound is not less than its own value and its children's bounds, but may be more. `update` makes
 * one node's bound as small as these allow. Before insert_fixup, set the new node's bound and raise
 * those above it as far as needed; removing lowers none, so that it costs nothing above the place.
 * Who is led astray by a bound that is too large calls `update` there.
 */
typedef void rbtree_update(struct rbtree_node *node);
void rbtree_insert_fixup_bounded(struct rbtree *root, struct rbtree_node *node,
				 rbtree_update *update);
void rbtree_remove_bounded(struct rbtree *root, struct rbtree_node *node, rbtree_update *update);
/* The same where each bound is exact and has to stay so: costs an update for each node above. */
void rbtree_remove_summed(struct rbtree *root, struct rbtree_node *node, rbtree_update *update);

/* Put `replacement` exactly where `node` is; their keys must order alike. */
void rbtree_replace(struct rbtree *root, struct rbtree_node *node,
		    struct rbtree_node *replacement);

/* In order of keys; NULL when there is none. */
struct rbtree_node *rbtree_first(const struct rbtree *root);
struct rbtree_node *rbtree_last(const struct rbtree *root);
struct rbtree_node *rbtree_next(const struct rbtree_node *node);
struct rbtree_node *rbtree_previous(const struct rbtree_node *node);

/* Tests and debug builds: are the links, the colours and the black heights right? */
bool rbtree_check(const struct rbtree *root);

static inline void rbtree_cached_init(struct rbtree_cached *cached)
{
	cached->tree.node = NULL;
	cached->leftmost = NULL;
}

/* As rbtree_insert_fixup; `is_leftmost` when the walk to the link went only left. */
static inline void rbtree_cached_insert_fixup(struct rbtree_cached *cached,
					      struct rbtree_node *node, bool is_leftmost)
{
	if (is_leftmost)
		cached->leftmost = node;
	rbtree_insert_fixup(&cached->tree, node);
}

static inline void rbtree_cached_remove(struct rbtree_cached *cached, struct rbtree_node *node)
{
	if (cached->leftmost == node)
		cached->leftmost = rbtree_next(node);
	rbtree_remove(&cached->tree, node);
}

static inline struct rbtree_node *rbtree_cached_first(const struct rbtree_cached *cached)
{
	return cached->leftmost;
}

/* The object whose field `member` is `node`; `node` is not NULL. */
#define rbtree_entry(node, type, member) container_of(node, type, member)
