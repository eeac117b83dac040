/*
 * Epolls that watch epolls: no circles, and not too many ways up.
 *
 * An event wakes every epoll that watches its file, then every epoll that watches one of those,
 * and so on, with interrupts off: the waker pays. Two limits, both Linux's, bound that: a chain of
 * epolls has at most NEST_MAX links, and the ways of each length above one file are counted. Those
 * of length one are free: whoever adds them has a descriptor for each.
 *
 * All that makes one epoll watch another, or adds to one that is watched, happens under the nesting
 * mutex, so what a walk found stays true until the watch is in place. A walk downwards takes the
 * epolls' mutexes, outer before inner, and looks at each epoll once (`visit`); one upwards takes
 * epoll_links_lock. Recursion is as deep as epolls nest: at most NEST_MAX + 1.
 */
#include "uapi/linux/errno.h"
#include "vfs/epoll_internal.h"

enum { NEST_MAX = 4, CIRCLE = 1000 };

static struct mutex nesting_mutex; /* LOCK_RANK_EPOLL_NESTING */
static unsigned int current_visit; /* [nesting_mutex] */

void epoll_nesting_init(void)
{
	mutex_init(&nesting_mutex, LOCK_RANK_EPOLL_NESTING, "epoll nesting");
}

void epoll_nesting_lock(void)
{
	mutex_lock(&nesting_mutex);
}

void epoll_nesting_unlock(void)
{
	mutex_unlock(&nesting_mutex);
}

/* ---- circles and depth ----------------------------------------------------------------------- */

/* Links of the longest chain below `epoll`; CIRCLE or more if one leads to `outer`. */
static unsigned int depth_below(struct epoll *epoll, const struct epoll *outer)
{
	unsigned int depth = 0;

	if (epoll->visit == current_visit)
		return epoll->depth;
	epoll->visit = current_visit;
	mutex_lock_second(&epoll->mutex);
	for (struct rbtree_node *node = rbtree_first(&epoll->items); node && depth <= NEST_MAX;
	     node = rbtree_next(node)) {
		struct epoll *inner = epoll_of(rbtree_entry(node, struct epoll_item, node)->file);
		unsigned int below;

		if (!inner)
			continue;
		below = inner == outer ? CIRCLE : 1 + depth_below(inner, outer);
		if (below > depth)
			depth = below;
	}
	mutex_unlock(&epoll->mutex);
	epoll->depth = depth;
	return depth;
}

/* Links of the longest chain above. epoll_links_lock is held. */
static unsigned int depth_above(struct epoll *epoll)
{
	unsigned int depth = 0;
	struct epoll_item *item;

	if (epoll->visit == current_visit)
		return epoll->depth;
	epoll->visit = current_visit;
	list_for_each_entry(item, &epoll->file->epoll_links, link) {
		unsigned int above = 1 + depth_above(item->epoll);

		if (above > depth)
			depth = above;
		if (depth >= NEST_MAX)
			break;
	}
	epoll->depth = depth;
	return depth;
}

int epoll_check_loop(struct epoll *outer, struct epoll *inner)
{
	unsigned int below, above;

	mutex_assert_held(&nesting_mutex);
	current_visit++;
	below = depth_below(inner, outer);
	if (below > NEST_MAX)
		return -ELOOP;
	current_visit++;
	spin_lock(&epoll_links_lock);
	above = depth_above(outer);
	spin_unlock(&epoll_links_lock);
	return below + 1 + above > NEST_MAX ? -ELOOP : 0;
}

/* ---- ways up --------------------------------------------------------------------------------- */

/* How many ways of each length may lead up from a file. */
static const unsigned int way_limits[NEST_MAX + 1] = { 1000, 500, 100, 50, 10 };

struct ways {
	unsigned int of_length[NEST_MAX + 1];
};

/* Counts the ways up from a file whose watches are `links`. False: too many. */
static bool count_ways(struct ways *ways, const struct list *links, unsigned int length)
{
	struct epoll_item *item;

	if (length > NEST_MAX)
		return false;
	list_for_each_entry(item, links, link) {
		const struct list *above = &item->epoll->file->epoll_links;

		if (!list_is_empty(above)) {
			if (!count_ways(ways, above, length + 1))
				return false;
		} else if (length > 0 && ++ways->of_length[length] > way_limits[length]) {
			return false;
		}
	}
	return true;
}

static int check_file(const struct file *file)
{
	struct ways ways = { { 0 } };
	bool ok;

	spin_lock(&epoll_links_lock);
	ok = count_ways(&ways, &file->epoll_links, 0);
	spin_unlock(&epoll_links_lock);
	return ok ? 0 : -EINVAL;
}

static int check_below(struct epoll *epoll)
{
	int error = 0;

	if (epoll->visit == current_visit)
		return 0;
	epoll->visit = current_visit;
	mutex_lock_second(&epoll->mutex);
	for (struct rbtree_node *node = rbtree_first(&epoll->items); node && !error;
	     node = rbtree_next(node)) {
		struct file *file = rbtree_entry(node, struct epoll_item, node)->file;

		error = epoll_of(file) ? check_below(epoll_of(file)) : check_file(file);
	}
	mutex_unlock(&epoll->mutex);
	return error;
}

int epoll_check_paths(struct file *file)
{
	mutex_assert_held(&nesting_mutex);
	if (!epoll_of(file))
		return check_file(file);
	current_visit++;
	return check_below(epoll_of(file));
}
