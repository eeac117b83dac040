/*
 * Interval trees (Cormen, Leiserson, Rivest, Stein: "Introduction to Algorithms", 14.3): a
 * red-black tree by first numbers, in which each node knows the latest end of its subtree.
 *
 * A subtree whose latest end is not behind the beginning of the wanted range has no hit in it, and
 * neither has anything from a node on that begins where the range ends, or later. So a search goes
 * down one way only, and the way from one hit to the next is no longer.
 *
 * Equal intervals are a ring. One of them, its head, is in the tree and comes first; when it goes,
 * the next one takes its place.
 *
 * Invariants (interval_tree_check):
 *  1. The nodes of the tree are in order, and no two are equal.
 *  2. Each knows the latest end of its subtree, which is never 0.
 *  3. The others of its ring are equal to it and have a latest end of 0.
 */
#include "lib/interval_tree.h"
#include "lib/min_max.h"

static inline struct interval *interval_of(const struct rbtree_node *node)
{
	return rbtree_entry(node, struct interval, node);
}

static inline struct interval *ring_next(const struct interval *interval)
{
	return list_entry(interval->ring.next, struct interval, ring);
}

static uint32_t latest_end_of(const struct rbtree_node *node)
{
	uint32_t latest = interval_of(node)->end;

	if (node->left)
		latest = max(latest, interval_of(node->left)->latest_end);
	if (node->right)
		latest = max(latest, interval_of(node->right)->latest_end);
	return latest;
}

static void update(struct rbtree_node *node)
{
	interval_of(node)->latest_end = latest_end_of(node);
}

static inline bool is_before(const struct interval *a, const struct interval *b)
{
	return a->first != b->first ? a->first < b->first : a->end < b->end;
}

void interval_tree_insert(struct interval_tree *tree, struct interval *interval)
{
	struct rbtree_node **link = &tree->tree.node;
	struct rbtree_node *parent = NULL;

	while (*link) {
		struct interval *other = interval_of(*link);

		parent = *link;
		/* An equal one further down has raised them already: then this changes nothing. */
		other->latest_end = max(other->latest_end, interval->end);
		if (is_before(interval, other)) {
			link = &parent->left;
		} else if (is_before(other, interval)) {
			link = &parent->right;
		} else {
			interval->latest_end = 0;
			list_insert_before(&other->ring, &interval->ring);
			return;
		}
	}
	interval->ring.next = interval->ring.previous = &interval->ring;
	interval->latest_end = interval->end;
	rbtree_link(&interval->node, parent, link);
	rbtree_insert_fixup_bounded(&tree->tree, &interval->node, update);
}

void interval_tree_remove(struct interval_tree *tree, struct interval *interval)
{
	struct interval *next = ring_next(interval);

	if (interval->latest_end != 0) {
		if (next == interval) {
			rbtree_remove_summed(&tree->tree, &interval->node, update);
		} else {
			rbtree_replace(&tree->tree, &interval->node, &next->node);
			next->latest_end = interval->latest_end;
		}
	}
	list_remove(&interval->ring);
}

/* Does anything in the subtree end behind `first`? */
static inline bool ends_behind(const struct rbtree_node *node, uint32_t first)
{
	return node && interval_of(node)->latest_end > first;
}

/* The first hit in a subtree in which something ends behind `first`, or NULL. */
static struct interval *first_in_subtree(struct rbtree_node *node, uint32_t first, uint32_t end)
{
	for (;;) {
		struct interval *interval = interval_of(node);

		/*
		 * What ends behind `first` on the left is a hit, or begins too late: then so does
		 * all that follows it.
		 */
		if (ends_behind(node->left, first)) {
			node = node->left;
			continue;
		}
		if (interval->first >= end)
			return NULL;
		if (interval->end > first)
			return interval;
		/* So it is on the right that something ends behind `first`. */
		node = node->right;
	}
}

struct interval *interval_tree_first(const struct interval_tree *tree, uint32_t first,
				     uint32_t end)
{
	if (first >= end || !ends_behind(tree->tree.node, first))
		return NULL;
	return first_in_subtree(tree->tree.node, first, end);
}

/* The first hit in the tree behind `node`, or NULL. */
static struct interval *next_in_tree(struct rbtree_node *node, uint32_t first, uint32_t end)
{
	for (;;) {
		struct rbtree_node *parent;

		if (ends_behind(node->right, first))
			return first_in_subtree(node->right, first, end);
		while ((parent = rbtree_parent(node)) && parent->right == node)
			node = parent;
		if (!parent || interval_of(parent)->first >= end)
			return NULL;
		if (interval_of(parent)->end > first)
			return interval_of(parent);
		node = parent;
	}
}

struct interval *interval_tree_next(struct interval *interval, uint32_t first, uint32_t end)
{
	struct interval *next = ring_next(interval);

	/* Once around, it is the one in the tree again. */
	return next->latest_end == 0 ? next : next_in_tree(&next->node, first, end);
}

static bool ring_is_right(const struct interval *head)
{
	for (const struct interval *equal = ring_next(head); equal != head;
	     equal = ring_next(equal)) {
		if (equal->latest_end != 0 || equal->first != head->first ||
		    equal->end != head->end || equal->ring.next->previous != &equal->ring)
			return false;
	}
	return true;
}

bool interval_tree_check(const struct interval_tree *tree)
{
	struct interval *previous = NULL;

	if (!rbtree_check(&tree->tree))
		return false;
	for (struct rbtree_node *node = rbtree_first(&tree->tree); node;
	     node = rbtree_next(node)) {
		struct interval *interval = interval_of(node);

		if (interval->first >= interval->end || !ring_is_right(interval) ||
		    interval->latest_end != latest_end_of(node) ||
		    (previous && !is_before(previous, interval)))
			return false;
		previous = interval;
	}
	return true;
}
