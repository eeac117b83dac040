/*
 * Regions: the tree of an address space, and what must stay true when pieces are cut and joined.
 *
 * A region is found by address through a red-black tree, with the last one found as a hint: most
 * faults and calls hit the region of the one before. The tree also bounds the free room below each
 * region, so that mmap finds a place without a walk (region_gap.c). Each region knows its
 * neighbours: who has found one has the next, and a place in the tree, without a search.
 *
 * Touched. A region knows an address below which none of its pages was ever entered; what lies
 * there is unmapped without a look at page tables. New mappings go below old ones and become one
 * with them, so the part that nobody has used yet is mostly the lower one. Faults lower the mark
 * before they enter anything (fault_resolve), with the space's lock shared; pieces and copies of a
 * region inherit it.
 *
 * A region with a page cache is also in that cache's tree of regions by the pages that they show,
 * which is how truncation and writeback find the page tables (reverse_map.c). They hold only the
 * cache's regions_lock, from their first region to the last. So a change of a region's edges or
 * offset takes that lock too and gives the region its new place there. Fork alone gives a region
 * page tables without it: so a copy stands right behind its original, and a walk meets what the
 * copy gets in the one or, later, in the other.
 *
 * The sums (mapped, locked, data and committed pages) follow from the regions, and are kept by the
 * functions here alone. Commit charges are the exception: growth is charged by the caller
 * beforehand, because that may fail; shrinking is returned here.
 */
#include "vm/region.h"
#include "core/assert.h"
#include "lib/min_max.h"
#include "mem/slab.h"
#include "uapi/linux/errno.h"
#include "vm/address_space.h"
#include "vm/internal.h"

static struct slab_cache *region_slab;

void region_init(void)
{
	region_slab = slab_cache_create("region", sizeof(struct region), 0);
}

struct region *region_alloc(void)
{
	return slab_alloc(region_slab, 0);
}

void region_free(struct region *region)
{
	slab_free(region_slab, region);
}

static inline struct region *region_of(const struct rbtree_node *node)
{
	return node ? rbtree_entry(node, struct region, node) : NULL;
}

struct region *region_first(struct address_space *space)
{
	return space->first;
}

struct region *region_last(struct address_space *space)
{
	return space->last;
}

struct region *region_find_from(struct address_space *space, uintptr_t address)
{
	/* Relaxed: the region was published by the lock that the caller holds. */
	struct region *best = atomic_load_explicit(&space->last_found, memory_order_relaxed);
	struct rbtree_node *node;

	if (best && address >= best->start && address < best->end)
		return best;
	best = NULL;
	node = space->regions.node;
	while (node) {
		struct region *region = region_of(node);

		if (address < region->end) {
			best = region;
			if (address >= region->start)
				break;
			node = node->left;
		} else {
			node = node->right;
		}
	}
	if (best)
		atomic_store_explicit(&space->last_found, best, memory_order_relaxed);
	return best;
}

struct region *region_find(struct address_space *space, uintptr_t address)
{
	struct region *region = region_find_from(space, address);

	return region && address >= region->start ? region : NULL;
}

bool region_any(struct address_space *space, uintptr_t start, uintptr_t end)
{
	struct region *region = region_find_from(space, start);

	return region && region->start < end;
}

/* ---- the sums ---- */

/* `sign` is 1 or -1; unsigned arithmetic wraps back. */
static void account(struct region *region, size_t pages, size_t sign)
{
	struct address_space *space = region->space;

	space->mapped_pages += sign * pages;
	if (region->flags & REGION_LOCKED)
		space->locked_pages += sign * pages;
	if (flags_are_data(region->flags))
		space->data_pages += sign * pages;
}

static bool is_shared_writable(const struct region *region)
{
	return region->cache && (region->flags & REGION_SHARED) &&
	       (region->flags & REGION_MAY_WRITE);
}

void region_set_flags(struct region *region, uint32_t flags)
{
	account(region, region_pages(region), (size_t)-1);
	region->flags = flags;
	account(region, region_pages(region), 1);
}

/* ---- the tree, and that of the cache ---- */

/*
 * Right before `above`, or behind all if that is NULL. Of two neighbours in a tree one has no child
 * on the side of the other: there it goes.
 */
static inline void link_into_tree(struct address_space *space, struct region *region,
				  struct region *above)
{
	struct region *below = above ? above->previous : space->last;
	struct rbtree_node **link = &space->regions.node, *parent = NULL;

	region->previous = below;
	region->next = above;
	*(below ? &below->next : &space->first) = region;
	*(above ? &above->previous : &space->last) = region;
	if (above && !above->node.left) {
		parent = &above->node;
		link = &parent->left;
	} else if (below) {
		parent = &below->node;
		link = &parent->right;
	}
	assert(!*link && (!below || below->end <= region->start));
	rbtree_link(&region->node, parent, link);
	region->gap_before = region->largest_gap = region_gap_above(region, below);
	if (parent && region_of(parent)->largest_gap < region->gap_before)
		region_gap_raise(region);
	if (above) {
		/* It came into the gap of a stack, and there is more room below it than before. */
		if (unlikely(region->gap_before > above->gap_before))
			region_room_came(space, region);
		region_gap_update(above, region);
	}
	if (rbtree_is_below_red(&region->node))
		rbtree_insert_fixup_bounded(&space->regions, &region->node, region_gap_tighten);
	space->region_count++;
	/* Whoever comes next mostly comes for this one. */
	atomic_store_explicit(&space->last_found, region, memory_order_relaxed);
}

static void unlink_from_tree(struct region *region)
{
	struct address_space *space = region->space;
	struct region *previous = region->previous, *next = region->next;

	rbtree_remove_bounded(&space->regions, &region->node, region_gap_tighten);
	*(previous ? &previous->next : &space->first) = next;
	*(next ? &next->previous : &space->last) = previous;
	if (next)
		region_gap_update(next, previous);
	region_room_came(space, next);
	space->region_count--;
	if (atomic_load_explicit(&space->last_found, memory_order_relaxed) == region)
		atomic_store_explicit(&space->last_found, NULL, memory_order_relaxed);
}

static void count_writable(struct region *region, unsigned int sign)
{
	if (is_shared_writable(region))
		atomic_fetch_add_explicit(&region->cache->writable_mappings, sign,
					  memory_order_relaxed);
}

/* At its place in the tree of its cache; regions_lock held. */
static void place_in_cache(struct region *region)
{
	region->shown.first = region->page_offset;
	region->shown.end = region->page_offset + (uint32_t)region_pages(region);
	interval_tree_insert(&region->cache->regions, &region->shown);
}

static void link_into_cache(struct region *region)
{
	struct page_cache *cache = region->cache;

	if (!cache)
		return;
	mutex_lock(&cache->regions_lock);
	place_in_cache(region);
	count_writable(region, 1);
	mutex_unlock(&cache->regions_lock);
}

static void link_copy_into_cache(struct region *copy, struct region *original)
{
	struct page_cache *cache = copy->cache;

	if (!cache)
		return;
	mutex_lock(&cache->regions_lock);
	interval_tree_insert_copy(&original->shown, &copy->shown);
	count_writable(copy, 1);
	mutex_unlock(&cache->regions_lock);
}

static void unlink_from_cache(struct region *region)
{
	struct page_cache *cache = region->cache;

	if (!cache)
		return;
	mutex_lock(&cache->regions_lock);
	interval_tree_remove(&cache->regions, &region->shown);
	count_writable(region, (unsigned int)-1);
	mutex_unlock(&cache->regions_lock);
}

/* Around each change of edges and offset: those who look do so under the cache's lock alone. */
static void begin_moving_edges(struct region *region)
{
	if (!region->cache)
		return;
	mutex_lock(&region->cache->regions_lock);
	interval_tree_remove(&region->cache->regions, &region->shown);
}

static void end_moving_edges(struct region *region)
{
	if (!region->cache)
		return;
	place_in_cache(region);
	mutex_unlock(&region->cache->regions_lock);
}

void region_insert(struct address_space *space, struct region *region, struct region *above)
{
	rwlock_assert_held_exclusive(&space->lock);
	region->space = space;
	if (region->backing)
		region->backing_ops->get(region->backing);
	link_into_tree(space, region, above);
	link_into_cache(region);
	account(region, region_pages(region), 1);
}

void region_insert_copy(struct address_space *space, struct region *copy, struct region *original)
{
	rwlock_assert_held_exclusive(&space->lock);
	copy->space = space;
	if (copy->backing)
		copy->backing_ops->get(copy->backing);
	link_into_tree(space, copy, NULL);
	link_copy_into_cache(copy, original);
	account(copy, region_pages(copy), 1);
}

void region_detach_all(struct address_space *space, struct list *dead)
{
	rwlock_assert_held_exclusive(&space->lock);
	for (struct region *region = region_first(space); region; region = region_next(region)) {
		unlink_from_cache(region);
		list_add_tail(dead, &region->dead);
	}
	rbtree_init(&space->regions);
	space->first = space->last = space->room_above = NULL;
	atomic_store_explicit(&space->last_found, NULL, memory_order_relaxed);
	commit_return(space, space->committed_pages);
	space->region_count = space->mapped_pages = 0;
	space->locked_pages = space->data_pages = 0;
}

void region_detach(struct region *region)
{
	struct address_space *space = region->space;
	size_t pages = region_pages(region);

	rwlock_assert_held_exclusive(&space->lock);
	unlink_from_cache(region);
	unlink_from_tree(region);
	account(region, pages, (size_t)-1);
	if (region->flags & REGION_ACCOUNTED)
		commit_return(space, pages);
}

static bool has_offset(const struct region *region)
{
	return region->cache || (region->flags & (REGION_DEVICE | REGION_SPECIAL));
}

void region_set_bounds(struct region *region, uintptr_t start, uintptr_t end)
{
	struct address_space *space = region->space;
	uintptr_t old_start = region->start, old_end = region->end;
	size_t old_pages = region_pages(region);
	size_t pages = (end - start) >> PAGE_SHIFT;

	rwlock_assert_held_exclusive(&space->lock);
	begin_moving_edges(region);
	if (has_offset(region))
		region->page_offset += (uint32_t)((start >> PAGE_SHIFT) -
						  (old_start >> PAGE_SHIFT));
	region->start = start;
	region->end = end;
	end_moving_edges(region);
	account(region, pages - old_pages, 1);
	if ((region->flags & REGION_ACCOUNTED) && pages < old_pages)
		commit_return(space, old_pages - pages);
	if (start != old_start) {
		region_gap_update(region, region->previous);
		region_room_came(space, region);
	}
	if (end != old_end) {
		if (region->next)
			region_gap_update(region->next, region);
		region_room_came(space, region->next);
	}
}

/* ---- cutting and joining: the pages stay what they were, so the sums do too ---- */

struct region *region_split_into(struct region *region, uintptr_t address, struct region *upper)
{
	rwlock_assert_held_exclusive(&region->space->lock);
	assert(region->start < address && address < region->end && address % PAGE_SIZE == 0);
	*upper = *region;
	upper->start = address;
	if (has_offset(region))
		upper->page_offset = region_page_index(region, address);
	if (upper->backing)
		upper->backing_ops->get(upper->backing);
	begin_moving_edges(region);
	region->end = address;
	if (upper->cache) {
		place_in_cache(upper);
		count_writable(upper, 1);
	}
	end_moving_edges(region);
	link_into_tree(region->space, upper, region->next);
	return upper;
}

int region_split(struct address_space *space, struct region *region, uintptr_t address)
{
	struct region *upper;

	assert(region->space == space);
	upper = space->region_count < regions_max() ? region_alloc() : NULL;
	if (!upper)
		return -ENOMEM;
	region_split_into(region, address, upper);
	return 0;
}

bool region_can_merge(const struct region *left, const struct region *right)
{
	if (left->end != right->start || left->flags != right->flags ||
	    (left->flags & (REGION_DEVICE | REGION_SPECIAL | REGION_GROWS_DOWN)))
		return false;
	if (left->cache != right->cache || left->backing != right->backing)
		return false;
	return !left->cache ||
	       left->page_offset + (uint32_t)region_pages(left) == right->page_offset;
}

/* `left` takes over the pages of `right`, which goes. */
static void merge(struct region *left, struct region *right)
{
	void *backing = right->backing;

	region_note_touch(left, max(region_touched_from(right), right->start));
	unlink_from_tree(right);
	begin_moving_edges(left);
	left->end = right->end;
	if (right->cache) {
		interval_tree_remove(&right->cache->regions, &right->shown);
		count_writable(right, (unsigned int)-1);
	}
	end_moving_edges(left);
	/*
	 * The next region's room below has not changed: it was told of the wrong neighbour
	 * meanwhile.
	 */
	if (left->next)
		region_gap_update(left->next, left);
	/* Never the last reference: `left` has one. */
	if (backing)
		right->backing_ops->put(backing);
	region_free(right);
}

void region_merge_range(struct address_space *space, uintptr_t start, uintptr_t end)
{
	struct region *region = region_find_from(space, start > 0 ? start - 1 : 0);

	while (region && region->start < end) {
		struct region *next = region_next(region);

		if (!next || next->start > end)
			break;
		if (region_can_merge(region, next))
			merge(region, next);
		else
			region = next;
	}
}

void region_release(struct region *region)
{
	if (region->backing)
		region->backing_ops->put(region->backing);
	region_free(region);
}

void region_release_list(struct list *dead)
{
	struct region *region;

	while ((region = list_pop_head_entry(dead, struct region, dead)))
		region_release(region);
}
