/*
 * Where mmap puts things: the highest gap that is large enough, found in O(log n).
 *
 * Each region remembers the free room just below it, and the tree the largest such room in each
 * subtree. The search walks the gaps from high addresses to low ones and passes by every subtree
 * that has no gap large enough. Only gaps that are cut by the limits can disappoint, and there are
 * two of those.
 *
 * Top-down, first fit: new mappings pack below the stack, the heap keeps its room to grow, and
 * holes are filled before fresh address space is used, which keeps page tables few.
 */
#include "lib/min_max.h"
#include "vm/internal.h"

static inline struct region *region_of(const struct rbtree_node *node)
{
	return rbtree_entry(node, struct region, node);
}

bool region_gap_sum(struct rbtree_node *node)
{
	struct region *region = region_of(node);
	uintptr_t largest = region->gap_before;
	bool changed;

	if (node->left)
		largest = max(largest, region_of(node->left)->largest_gap);
	if (node->right)
		largest = max(largest, region_of(node->right)->largest_gap);
	changed = region->largest_gap != largest;
	region->largest_gap = largest;
	return changed;
}

/* Where the room above the region before `region` ends; a stack wants a part of it left alone. */
static uintptr_t gap_end(const struct region *region)
{
	if (!(region->flags & REGION_GROWS_DOWN))
		return region->start;
	return region->start > STACK_GUARD_GAP ? region->start - STACK_GUARD_GAP : 0;
}

uintptr_t region_gap_above(const struct region *region, const struct region *below)
{
	uintptr_t start = below ? below->end : 0;
	uintptr_t end = gap_end(region);

	return end > start ? end - start : 0;
}

void region_gap_update(struct region *region, const struct region *below)
{
	uintptr_t gap = region_gap_above(region, below);

	if (gap == region->gap_before)
		return;
	region->gap_before = gap;
	rbtree_update_path(&region->node, region_gap_sum);
}

/* Do `size` bytes fit into [start, end) within [low, high)? At its top. */
static bool fits(uintptr_t start, uintptr_t end, uintptr_t size, uintptr_t low, uintptr_t high,
		 uintptr_t *out)
{
	start = max(start, low);
	end = min(end, high);
	if (end < start || end - start < size)
		return false;
	*out = end - size;
	return true;
}

static bool subtree_has(const struct rbtree_node *node, uintptr_t size)
{
	return node && region_of(node)->largest_gap >= size;
}

/* The last region in order of a subtree (that has a large gap) whose own gap is large enough. */
static struct rbtree_node *last_in_subtree(struct rbtree_node *node, uintptr_t size)
{
	for (;;) {
		if (subtree_has(node->right, size))
			node = node->right;
		else if (region_of(node)->gap_before >= size)
			return node;
		else
			node = node->left;
	}
}

/* The next lower region with a large enough gap, or NULL. */
static struct rbtree_node *previous_gap(struct rbtree_node *node, uintptr_t size)
{
	if (subtree_has(node->left, size))
		return last_in_subtree(node->left, size);
	for (;;) {
		struct rbtree_node *parent = rbtree_parent(node);

		if (!parent)
			return NULL;
		if (parent->right == node) {
			if (region_of(parent)->gap_before >= size)
				return parent;
			if (subtree_has(parent->left, size))
				return last_in_subtree(parent->left, size);
		}
		node = parent;
	}
}

bool region_find_gap(struct address_space *space, uintptr_t size, uintptr_t low, uintptr_t high,
		     uintptr_t *out)
{
	struct rbtree_node *node = rbtree_last(&space->regions);

	/* The room above the last region belongs to no node. */
	if (!node)
		return fits(low, high, size, low, high, out);
	if (fits(region_of(node)->end, high, size, low, high, out))
		return true;
	node = space->regions.node;
	node = subtree_has(node, size) ? last_in_subtree(node, size) : NULL;
	for (; node; node = previous_gap(node, size)) {
		const struct region *region = region_of(node);
		uintptr_t end = gap_end(region);

		if (fits(end - region->gap_before, end, size, low, high, out))
			return true;
		if (end < low)
			break;
	}
	return false;
}
