/*
 * Where mmap puts things: the highest gap that is large enough, found in O(log n).
 *
 * Each region remembers the free room just below it, and the tree a bound of such rooms for each
 * subtree. The search walks the gaps from high addresses to low ones and passes by every subtree
 * that cannot have one large enough.
 *
 * Bounds, not sums: what takes room (a mapping) lowers no bound, and what gives room (an unmapping)
 * raises those that are too small, so a region that comes and goes leaves the tree above it alone.
 * A search that a bound disappoints lowers it to what its node and children say, and looks
 * elsewhere. Each mapping makes at most one way up to the root too large, and each disappointment
 * mends one node: O(log n) a mapping in the long run. Gaps that are cut by the limits disappoint
 * too, and there are two of those.
 *
 * Top-down, first fit: new mappings pack below the stack, the heap keeps its room to grow, and
 * holes are filled before fresh address space is used, which keeps page tables few.
 *
 * A search for any place below mmap_top leaves behind where it ended (room_above), and for how
 * much. The next one, for as much or more, looks there first: most find room at once. Room that
 * comes free higher up takes the mark along (region_room_came); what takes room leaves it right,
 * unless it ends the gap that a stack wants below it (link_into_tree).
 *
 * Above mmap_top is where the stack grows to. What finds no room elsewhere goes there, but from the
 * lower end up, as on Linux, so that the stack is the last to feel it.
 */
#include "lib/min_max.h"
#include "vm/internal.h"

static inline struct region *region_of(const struct rbtree_node *node)
{
	return rbtree_entry(node, struct region, node);
}

/* Apart, so that who asks for the usual end does no sum for it. */
noinline uintptr_t region_gap_end_of_stack(const struct region *region)
{
	return region->start > STACK_GUARD_GAP ? region->start - STACK_GUARD_GAP : 0;
}

uintptr_t region_largest_gap(const struct region *region)
{
	const struct rbtree_node *node = &region->node;
	uintptr_t largest = region->gap_before;

	if (node->left)
		largest = max(largest, region_of(node->left)->largest_gap);
	if (node->right)
		largest = max(largest, region_of(node->right)->largest_gap);
	return largest;
}

void region_gap_tighten(struct rbtree_node *node)
{
	struct region *region = region_of(node);

	region->largest_gap = region_largest_gap(region);
}

void region_gap_raise(struct region *region)
{
	uintptr_t gap = region->gap_before;
	struct rbtree_node *node = &region->node;

	do {
		region_of(node)->largest_gap = gap;
		node = rbtree_parent(node);
	} while (node && region_of(node)->largest_gap < gap);
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

/*
 * The last region in order of a subtree whose own gap is large enough; NULL: the bound was wrong,
 * and is right now.
 */
static struct rbtree_node *last_in_subtree(struct rbtree_node *top, uintptr_t size)
{
	struct rbtree_node *node = top;

	for (;;) {
		if (subtree_has(node->right, size)) {
			node = node->right;
		} else if (region_of(node)->gap_before >= size) {
			return node;
		} else if (subtree_has(node->left, size)) {
			node = node->left;
		} else {
			region_gap_tighten(node);
			if (node == top)
				return NULL;
			node = rbtree_parent(node);
		}
	}
}

/* The next lower region with a large enough gap, or NULL. */
static struct rbtree_node *previous_gap(struct rbtree_node *node, uintptr_t size)
{
	struct rbtree_node *found = NULL;

	if (subtree_has(node->left, size))
		found = last_in_subtree(node->left, size);
	while (!found) {
		struct rbtree_node *parent = rbtree_parent(node);

		if (!parent)
			return NULL;
		if (parent->right == node) {
			if (region_of(parent)->gap_before >= size)
				return parent;
			if (subtree_has(parent->left, size))
				found = last_in_subtree(parent->left, size);
		}
		node = parent;
	}
	return found;
}

bool region_find_gap(struct address_space *space, uintptr_t size, uintptr_t low, uintptr_t high,
		     struct room *out)
{
	struct rbtree_node *node = space->regions.node;

	rwlock_assert_held_exclusive(&space->lock);
	/* The room above the last region belongs to no node. */
	out->above = NULL;
	if (!node)
		return fits(low, high, size, low, high, &out->start);
	if (space->last->end < high && fits(space->last->end, high, size, low, high, &out->start))
		return true;
	node = subtree_has(node, size) ? last_in_subtree(node, size) : NULL;
	for (; node; node = previous_gap(node, size)) {
		struct region *region = region_of(node);
		uintptr_t end = region_gap_end(region);

		out->above = region;
		if (fits(end - region->gap_before, end, size, low, high, &out->start))
			return true;
		if (end < low)
			break;
	}
	return false;
}

/* The lowest room that reaches above mmap_top; there is none below. Rare, so a plain walk. */
static noinline bool find_above_top(struct address_space *space, uintptr_t size, struct room *out)
{
	struct region *above = region_find_from(space, space->mmap_top);
	const struct region *below = above ? above->previous : space->last;

	for (;; below = above, above = above->next) {
		uintptr_t start = max_t(uintptr_t, below ? below->end : 0, VM_MAP_LOW);
		uintptr_t end = above ? region_gap_end(above) : USER_END;

		if (end > start && end - start >= size) {
			out->start = start;
			out->above = above;
			return true;
		}
		if (!above)
			return false;
	}
}

bool region_find_room(struct address_space *space, uintptr_t size, struct room *out)
{
	struct region *mark = space->room_above;
	uintptr_t top = space->mmap_top;

	rwlock_assert_held_exclusive(&space->lock);
	if (likely(mark && size >= space->room_size)) {
		uintptr_t end = region_gap_end(mark);

		out->above = mark;
		if (fits(end - mark->gap_before, end, size, VM_MAP_MIN, top, &out->start))
			return true;
	}
	if (!region_find_gap(space, size, VM_MAP_MIN, top, out))
		return find_above_top(space, size, out);
	space->room_above = out->above;
	space->room_size = size;
	return true;
}
