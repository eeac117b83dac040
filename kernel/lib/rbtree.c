/*
 * Red-black trees (Cormen, Leiserson, Rivest, Stein: "Introduction to Algorithms").
 *
 * Invariants (rbtree_check):
 *  1. The root is black; a red node has no red child.
 *  2. Every way from the root to a missing child passes equally many black nodes.
 *  3. Each child's parent link leads back to its parent.
 *
 * Left and right mirror each other, so every step is written once with the side as a parameter.
 */
#include "lib/rbtree.h"

enum { BLACK = 1 };	/* bit 0 of parent_and_colour */

static inline struct rbtree_node **child(struct rbtree_node *node, bool right)
{
	return right ? &node->right : &node->left;
}

/* A missing child counts as black. */
static inline bool is_red(const struct rbtree_node *node)
{
	return node && !(node->parent_and_colour & BLACK);
}

static inline void set_red(struct rbtree_node *node)
{
	node->parent_and_colour &= ~(uintptr_t)BLACK;
}

static inline void set_black(struct rbtree_node *node)
{
	node->parent_and_colour |= BLACK;
}

static inline void set_parent(struct rbtree_node *node, struct rbtree_node *parent)
{
	node->parent_and_colour = (uintptr_t)parent | (node->parent_and_colour & BLACK);
}

/* Where `old` hangs, hang `new`, which may be NULL. The parent link of `new` is the caller's. */
static void replace_child(struct rbtree *root, struct rbtree_node *parent,
			  const struct rbtree_node *old, struct rbtree_node *new)
{
	if (!parent)
		root->node = new;
	else if (parent->left == old)
		parent->left = new;
	else
		parent->right = new;
}

/*
 * Move `node` down to the given side; its child on the other side comes up in its place. The
 * subtree holds the same objects as before, so bounds above it stay right.
 */
static void rotate(struct rbtree *root, struct rbtree_node *node, bool right,
		   rbtree_update *update)
{
	struct rbtree_node *pivot = *child(node, !right);
	struct rbtree_node *inner = *child(pivot, right);
	struct rbtree_node *parent = rbtree_parent(node);

	*child(node, !right) = inner;
	if (inner)
		set_parent(inner, node);
	*child(pivot, right) = node;
	set_parent(node, pivot);
	set_parent(pivot, parent);
	replace_child(root, parent, node, pivot);
	if (update) {
		update(node);
		update(pivot);
	}
}

static always_inline void insert_fixup(struct rbtree *root, struct rbtree_node *node,
				       rbtree_update *update)
{
	struct rbtree_node *parent;

	/* `node` is red, and the only thing wrong is that its parent may be red as well. */
	while (is_red(parent = rbtree_parent(node))) {
		struct rbtree_node *grandparent = rbtree_parent(parent);
		bool right = parent == grandparent->right;
		struct rbtree_node *uncle = *child(grandparent, !right);

		if (is_red(uncle)) {
			set_black(parent);
			set_black(uncle);
			set_red(grandparent);
			node = grandparent;
			continue;
		}
		if (node == *child(parent, !right)) {
			rotate(root, parent, right, update);
			parent = node;
		}
		set_black(parent);
		set_red(grandparent);
		rotate(root, grandparent, !right, update);
		break;
	}
	set_black(root->node);
}

void rbtree_insert_fixup(struct rbtree *root, struct rbtree_node *node)
{
	insert_fixup(root, node, NULL);
}

void rbtree_insert_fixup_bounded(struct rbtree *root, struct rbtree_node *node,
				 rbtree_update *update)
{
	insert_fixup(root, node, update);
}

/* One black node was lost on the way to `node` (maybe NULL), a child of `parent`. */
static void remove_fixup(struct rbtree *root, struct rbtree_node *node, struct rbtree_node *parent,
			 rbtree_update *update)
{
	while (node != root->node && !is_red(node)) {
		bool right = node == parent->right;
		struct rbtree_node *sibling = *child(parent, !right);

		if (is_red(sibling)) {
			set_black(sibling);
			set_red(parent);
			rotate(root, parent, right, update);
			sibling = *child(parent, !right);
		}
		if (!is_red(sibling->left) && !is_red(sibling->right)) {
			set_red(sibling);
			node = parent;
			parent = rbtree_parent(node);
			continue;
		}
		if (!is_red(*child(sibling, !right))) {
			struct rbtree_node *near = *child(sibling, right);

			set_black(near);
			set_red(sibling);
			rotate(root, sibling, !right, update);
			sibling = near;
		}
		if (is_red(parent))
			set_red(sibling);
		else
			set_black(sibling);
		set_black(parent);
		set_black(*child(sibling, !right));
		rotate(root, parent, right, update);
		return;
	}
	if (node)
		set_black(node);
}

/* Returns the lowest node of which the subtree has lost something, or NULL. */
static always_inline struct rbtree_node *remove_node(struct rbtree *root, struct rbtree_node *node,
						     rbtree_update *update)
{
	struct rbtree_node *parent = rbtree_parent(node);
	struct rbtree_node *orphan;	/* comes up where a node is cut out; may be NULL */
	bool lost_black;

	if (!node->left || !node->right) {
		orphan = node->left ? node->left : node->right;
		lost_black = !is_red(node);
		if (orphan)
			set_parent(orphan, parent);
		replace_child(root, parent, node, orphan);
	} else {
		struct rbtree_node *next = rbtree_next(node);	/* it has no left child */

		orphan = next->right;
		lost_black = !is_red(next);
		parent = rbtree_parent(next);
		if (orphan)
			set_parent(orphan, parent);
		replace_child(root, parent, next, orphan);
		if (parent == node)
			parent = next;
		rbtree_replace(root, node, next);
		if (update)
			update(next);	/* it bounds more than where it came from */
	}
	if (lost_black)
		remove_fixup(root, orphan, parent, update);
	return parent;
}

void rbtree_remove(struct rbtree *root, struct rbtree_node *node)
{
	(void)remove_node(root, node, NULL);
}

void rbtree_remove_bounded(struct rbtree *root, struct rbtree_node *node, rbtree_update *update)
{
	(void)remove_node(root, node, update);
}

void rbtree_remove_summed(struct rbtree *root, struct rbtree_node *node, rbtree_update *update)
{
	/* What balancing brought down beside this way has had its update there. */
	for (node = remove_node(root, node, update); node; node = rbtree_parent(node))
		update(node);
}

void rbtree_replace(struct rbtree *root, struct rbtree_node *node,
		    struct rbtree_node *replacement)
{
	*replacement = *node;
	if (node->left)
		set_parent(node->left, replacement);
	if (node->right)
		set_parent(node->right, replacement);
	replace_child(root, rbtree_parent(node), node, replacement);
}

static struct rbtree_node *outermost(struct rbtree_node *node, bool right)
{
	if (node) {
		while (*child(node, right))
			node = *child(node, right);
	}
	return node;
}

/* The next node towards the given side, in order of keys. */
static struct rbtree_node *neighbour(const struct rbtree_node *node, bool right)
{
	struct rbtree_node *beside = right ? node->right : node->left;
	struct rbtree_node *parent;

	if (beside)
		return outermost(beside, !right);
	while ((parent = rbtree_parent(node)) && *child(parent, right) == node)
		node = parent;
	return parent;
}

struct rbtree_node *rbtree_first(const struct rbtree *root)
{
	return outermost(root->node, false);
}

struct rbtree_node *rbtree_last(const struct rbtree *root)
{
	return outermost(root->node, true);
}

struct rbtree_node *rbtree_next(const struct rbtree_node *node)
{
	return neighbour(node, true);
}

struct rbtree_node *rbtree_previous(const struct rbtree_node *node)
{
	return neighbour(node, false);
}

static bool links_are_right(const struct rbtree_node *node)
{
	if (is_red(node) && (is_red(node->left) || is_red(node->right)))
		return false;
	return (!node->left || rbtree_parent(node->left) == node) &&
	       (!node->right || rbtree_parent(node->right) == node);
}

bool rbtree_check(const struct rbtree *root)
{
	unsigned int expected = 0;	/* black nodes above any missing child; 0: not known yet */

	if (root->node && (is_red(root->node) || rbtree_parent(root->node)))
		return false;
	for (const struct rbtree_node *node = rbtree_first(root); node;
	     node = rbtree_next(node)) {
		unsigned int blacks = 0;

		if (!links_are_right(node))
			return false;
		if (node->left && node->right)
			continue;
		for (const struct rbtree_node *up = node; up; up = rbtree_parent(up))
			blacks += !is_red(up);
		if (expected != 0 && blacks != expected)
			return false;
		expected = blacks;
	}
	return true;
}
