/*
 * Nodes for a radix tree, got ahead: a tree grows under a spinlock, where nobody waits for memory.
 *
 * First an insertion tries without, since most need no node, and the reserve of memory for those
 * who cannot wait has one mostly. Only when that fails is the lock dropped and a stock filled, with
 * as many nodes as any insertion takes.
 */
#pragma once
#include "lib/radix_tree.h"
#include "mem/slab.h"

/* On the stack of whoever inserts; `radix_tree.context` points to it meanwhile. */
struct tree_stock {
	unsigned int count;
	struct radix_tree_node *nodes[RADIX_TREE_INSERT_NODES];
};

/* A node, or NULL. With no stock it is the cache's, if it has one at once. */
static inline struct radix_tree_node *tree_stock_take(struct tree_stock *stock,
						      struct slab_cache *cache)
{
	if (stock)
		return stock->count > 0 ? stock->nodes[--stock->count] : NULL;
	return slab_alloc(cache, FRAME_ALLOC_ATOMIC);
}

static inline void tree_stock_empty(struct tree_stock *stock, struct slab_cache *cache)
{
	while (stock->count > 0)
		slab_free(cache, stock->nodes[--stock->count]);
}

/* False: there is no memory, and the stock is empty. May sleep, as `flags` say. */
static inline bool tree_stock_fill(struct tree_stock *stock, struct slab_cache *cache,
				   enum frame_alloc_flags flags)
{
	for (stock->count = 0; stock->count < RADIX_TREE_INSERT_NODES; stock->count++) {
		stock->nodes[stock->count] = slab_alloc(cache, flags);
		if (!stock->nodes[stock->count]) {
			tree_stock_empty(stock, cache);
			return false;
		}
	}
	return true;
}
