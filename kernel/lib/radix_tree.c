/*
 * A map from indices to pointers with tags; see the header for the idea.
 *
 * Invariants (radix_tree_check):
 *  1. A node other than the root lies one level (RADIX_TREE_SHIFT bits) below its parent, which
 *     points back to it at slot_in_parent.
 *  2. used_count is the number of slots that are not NULL, and it is never 0.
 *  3. The root is as low as its entries allow: above level 0 it has more than slot 0.
 *  4. A tag bit of an inner node is set exactly if any bit of that tag is set in the node below;
 *     no tag bit is set at an empty slot.
 */
#include "lib/radix_tree.h"
#include "lib/string.h"
#include "uapi/linux/errno.h"

enum { NO_TAG = RADIX_TREE_TAG_COUNT };

static inline unsigned int slot_of(const struct radix_tree_node *node, uint32_t index)
{
	return index >> node->shift & (RADIX_TREE_SLOTS - 1);
}

/* The lowest index that passes through `slot` of a node at `shift` that `index` passes through. */
static inline uint32_t index_at_slot(uint32_t index, unsigned int shift, unsigned int slot)
{
	unsigned int above = shift + RADIX_TREE_SHIFT;
	uint32_t prefix = above < 32 ? index >> above << above : 0;

	return prefix | (uint32_t)slot << shift;
}

/* Can indices up to this one be found below `node`? */
static inline bool covers(const struct radix_tree_node *node, uint32_t index)
{
	return index >> node->shift < RADIX_TREE_SLOTS;
}

static bool has_tag(const struct radix_tree_node *node, unsigned int tag)
{
	return (node->tags[tag][0] | node->tags[tag][1]) != 0;
}

_Static_assert(BITMAP_WORDS(RADIX_TREE_SLOTS) == 2, "has_tag looks at two words");

void radix_tree_init(struct radix_tree *tree, const struct radix_tree_ops *ops, void *context)
{
	tree->root = NULL;
	tree->entry_count = 0;
	tree->ops = ops;
	tree->context = context;
}

static struct radix_tree_node *node_create(struct radix_tree *tree, unsigned int shift)
{
	struct radix_tree_node *node = tree->ops->node_alloc(tree->context);

	if (node) {
		memset(node, 0, sizeof(*node));
		node->shift = (uint8_t)shift;
	}
	return node;
}

static void node_attach(struct radix_tree_node *parent, unsigned int slot,
			struct radix_tree_node *node)
{
	parent->slots[slot] = node;
	parent->used_count++;
	node->parent = parent;
	node->slot_in_parent = (uint8_t)slot;
}

/* Free `node` and what is above it, as far as it is empty. */
static void prune(struct radix_tree *tree, struct radix_tree_node *node)
{
	while (node && node->used_count == 0) {
		struct radix_tree_node *parent = node->parent;

		if (parent) {
			parent->slots[node->slot_in_parent] = NULL;
			parent->used_count--;
		} else {
			tree->root = NULL;
		}
		tree->ops->node_free(tree->context, node);
		node = parent;
	}
}

/* Restore invariant 3. */
static void lower_root(struct radix_tree *tree)
{
	struct radix_tree_node *root = tree->root;

	while (root && root->shift > 0 && root->used_count == 1 && root->slots[0]) {
		tree->root = root->slots[0];
		tree->root->parent = NULL;
		tree->root->slot_in_parent = 0;
		tree->ops->node_free(tree->context, root);
		root = tree->root;
	}
}

/* Put levels on top of the root until the tree has a place for `index`. */
static bool raise_root(struct radix_tree *tree, uint32_t index)
{
	if (!tree->root) {
		unsigned int shift = 0;

		while (index >> shift >= RADIX_TREE_SLOTS)
			shift += RADIX_TREE_SHIFT;
		tree->root = node_create(tree, shift);
		return tree->root != NULL;
	}
	while (!covers(tree->root, index)) {
		struct radix_tree_node *old = tree->root;
		struct radix_tree_node *root = node_create(tree, old->shift + RADIX_TREE_SHIFT);

		if (!root)
			return false;
		node_attach(root, 0, old);
		for (unsigned int tag = 0; tag < RADIX_TREE_TAG_COUNT; tag++) {
			if (has_tag(old, tag))
				bitmap_set(root->tags[tag], 0);
		}
		tree->root = root;
	}
	return true;
}

/* The node at the lowest level for `index`, or NULL. */
static struct radix_tree_node *find_leaf(const struct radix_tree *tree, uint32_t index)
{
	struct radix_tree_node *node = tree->root;

	if (!node || !covers(node, index))
		return NULL;
	while (node && node->shift > 0)
		node = node->slots[slot_of(node, index)];
	return node;
}

void *radix_tree_find(const struct radix_tree *tree, uint32_t index)
{
	struct radix_tree_node *leaf = find_leaf(tree, index);

	return leaf ? leaf->slots[slot_of(leaf, index)] : NULL;
}

int radix_tree_insert(struct radix_tree *tree, uint32_t index, void *entry)
{
	struct radix_tree_node *node;
	unsigned int slot;
	int error = -ENOMEM;

	if (!raise_root(tree, index)) {
		node = NULL;
		goto shrink;
	}
	node = tree->root;
	while (node->shift > 0) {
		slot = slot_of(node, index);
		if (!node->slots[slot]) {
			struct radix_tree_node *below =
				node_create(tree, node->shift - RADIX_TREE_SHIFT);

			if (!below)
				goto shrink;
			node_attach(node, slot, below);
		}
		node = node->slots[slot];
	}
	slot = slot_of(node, index);
	if (node->slots[slot])
		return -EEXIST;	/* it was there, so no node was added on the way */
	node->slots[slot] = entry;
	node->used_count++;
	tree->entry_count++;
	return 0;

shrink:
	prune(tree, node);
	lower_root(tree);
	return error;
}

/* Clear a tag at one slot, and upwards as long as it was the last one of its node. */
static void clear_tag(struct radix_tree_node *node, unsigned int slot, unsigned int tag)
{
	while (bitmap_is_set(node->tags[tag], slot)) {
		bitmap_clear(node->tags[tag], slot);
		if (has_tag(node, tag) || !node->parent)
			break;
		slot = node->slot_in_parent;
		node = node->parent;
	}
}

void *radix_tree_remove(struct radix_tree *tree, uint32_t index)
{
	struct radix_tree_node *leaf = find_leaf(tree, index);
	unsigned int slot;
	void *entry;

	if (!leaf)
		return NULL;
	slot = slot_of(leaf, index);
	entry = leaf->slots[slot];
	if (!entry)
		return NULL;
	for (unsigned int tag = 0; tag < RADIX_TREE_TAG_COUNT; tag++)
		clear_tag(leaf, slot, tag);
	leaf->slots[slot] = NULL;
	leaf->used_count--;
	tree->entry_count--;
	prune(tree, leaf);
	lower_root(tree);
	return entry;
}

void radix_tree_replace(struct radix_tree *tree, uint32_t index, void *entry)
{
	struct radix_tree_node *leaf = find_leaf(tree, index);

	leaf->slots[slot_of(leaf, index)] = entry;
}

/*
 * The first slot at `slot` or after it that is used or carries the tag; RADIX_TREE_SLOTS if none.
 */
static unsigned int next_slot(const struct radix_tree_node *node, unsigned int slot,
			      unsigned int tag)
{
	if (tag != NO_TAG)
		return (unsigned int)bitmap_find_set(node->tags[tag], RADIX_TREE_SLOTS, slot);
	while (slot < RADIX_TREE_SLOTS && !node->slots[slot])
		slot++;
	return slot;
}

/*
 * The leaf that holds the first entry at or after `slot` of `node`, which `*index` passes through;
 * NULL if there is none. The entry's index goes to `*index`.
 */
static struct radix_tree_node *search(struct radix_tree_node *node, unsigned int slot,
				      unsigned int tag, uint32_t *index)
{
	while (node) {
		unsigned int found = next_slot(node, slot, tag);

		if (found == RADIX_TREE_SLOTS) {
			slot = node->slot_in_parent + 1u;
			node = node->parent;
			continue;
		}
		if (found != slot_of(node, *index))
			*index = index_at_slot(*index, node->shift, found);
		if (node->shift == 0)
			return node;
		node = node->slots[found];
		slot = slot_of(node, *index);
	}
	return NULL;
}

/* Fill arrays with entries in [start, last]; returns how many. `indices` may be NULL. */
static size_t gang_find(const struct radix_tree *tree, uint32_t start, uint32_t last,
			unsigned int tag, void **entries, uint32_t *indices, size_t limit)
{
	struct radix_tree_node *node = tree->root;
	uint32_t index = start;
	size_t count = 0;
	unsigned int slot;

	if (!node || !covers(node, start))
		return 0;
	slot = slot_of(node, start);
	while (count < limit) {
		node = search(node, slot, tag, &index);
		if (!node || index > last)
			break;
		slot = slot_of(node, index);
		entries[count] = node->slots[slot];
		if (indices)
			indices[count] = index;
		count++;
		slot++;	/* may be RADIX_TREE_SLOTS: search then goes up first */
		if (tag != NO_TAG || indices)
			continue;
		/* Neighbours in the leaf are taken as they come: runs of pages are the rule. */
		while (count < limit && slot < RADIX_TREE_SLOTS && index < last &&
		       node->slots[slot]) {
			entries[count++] = node->slots[slot++];
			index++;
		}
	}
	return count;
}

void *radix_tree_find_next(const struct radix_tree *tree, uint32_t *index)
{
	void *entry;

	return gang_find(tree, *index, UINT32_MAX, NO_TAG, &entry, index, 1) ? entry : NULL;
}

void *radix_tree_find_next_tagged(const struct radix_tree *tree, uint32_t *index,
				  enum radix_tree_tag tag)
{
	void *entry;

	return gang_find(tree, *index, UINT32_MAX, tag, &entry, index, 1) ? entry : NULL;
}

size_t radix_tree_gang_find(const struct radix_tree *tree, uint32_t start, uint32_t last,
			    void **entries, uint32_t *indices, size_t limit)
{
	return gang_find(tree, start, last, NO_TAG, entries, indices, limit);
}

size_t radix_tree_gang_find_tagged(const struct radix_tree *tree, uint32_t start, uint32_t last,
				   enum radix_tree_tag tag, void **entries, uint32_t *indices,
				   size_t limit)
{
	return gang_find(tree, start, last, tag, entries, indices, limit);
}

void radix_tree_tag_set(struct radix_tree *tree, uint32_t index, enum radix_tree_tag tag)
{
	struct radix_tree_node *node = find_leaf(tree, index);
	unsigned int slot = slot_of(node, index);

	while (node && !bitmap_is_set(node->tags[tag], slot)) {
		bitmap_set(node->tags[tag], slot);
		slot = node->slot_in_parent;
		node = node->parent;
	}
}

void radix_tree_tag_clear(struct radix_tree *tree, uint32_t index, enum radix_tree_tag tag)
{
	struct radix_tree_node *leaf = find_leaf(tree, index);

	clear_tag(leaf, slot_of(leaf, index), tag);
}

bool radix_tree_tag_is_set(const struct radix_tree *tree, uint32_t index, enum radix_tree_tag tag)
{
	struct radix_tree_node *leaf = find_leaf(tree, index);

	return leaf && bitmap_is_set(leaf->tags[tag], slot_of(leaf, index));
}

bool radix_tree_is_tagged(const struct radix_tree *tree, enum radix_tree_tag tag)
{
	return tree->root && has_tag(tree->root, tag);
}

/* One slot of one node against invariants 1 and 4. */
static bool check_slot(const struct radix_tree_node *node, unsigned int slot)
{
	const struct radix_tree_node *below = node->slots[slot];

	if (node->shift > 0 && below &&
	    (below->parent != node || below->slot_in_parent != slot ||
	     below->shift + RADIX_TREE_SHIFT != node->shift))
		return false;
	for (unsigned int tag = 0; tag < RADIX_TREE_TAG_COUNT; tag++) {
		bool is_set = bitmap_is_set(node->tags[tag], slot);

		if (is_set && !below)
			return false;
		if (node->shift > 0 && below && has_tag(below, tag) != is_set)
			return false;
	}
	return true;
}

static bool check_node(const struct radix_tree_node *node, size_t *entry_count)
{
	unsigned int used = 0;

	for (unsigned int slot = 0; slot < RADIX_TREE_SLOTS; slot++) {
		used += node->slots[slot] != NULL;
		if (!check_slot(node, slot))
			return false;
	}
	if (node->shift == 0)
		*entry_count += used;
	return used == node->used_count && used > 0;
}

bool radix_tree_check(const struct radix_tree *tree)
{
	const struct radix_tree_node *node = tree->root;
	unsigned int slot = 0;
	size_t entry_count = 0;

	if (node && (node->parent || !check_node(node, &entry_count) ||
		     (node->shift > 0 && node->used_count == 1 && node->slots[0])))
		return false;
	/* Each inner node is checked when it is entered from above. */
	while (node) {
		slot = node->shift > 0 ? next_slot(node, slot, NO_TAG) : RADIX_TREE_SLOTS;
		if (slot < RADIX_TREE_SLOTS) {
			node = node->slots[slot];
			slot = 0;
			if (!check_node(node, &entry_count))
				return false;
		} else {
			slot = node->slot_in_parent + 1u;
			node = node->parent;
		}
	}
	return entry_count == tree->entry_count;
}
