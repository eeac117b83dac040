/*
 * Who waits for file locks, and whether that would be for ever.
 *
 * A waiter hangs on one lock that is in its way, and sleeps on a wait queue of its own: whoever
 * takes that lock away, or makes it less, takes the waiter off it and wakes it, and nobody else.
 * The waiter then looks at everything anew, and may hang on the next lock that is in its way.
 *
 * A waiter is on its sleeper's stack. The sleeper takes the spinlock before it leaves, and is woken
 * under the spinlock: so it is not gone before its waker has let go of it.
 *
 * Deadlock. A process that would wait for another which waits, over however many others, for it, is
 * refused. Only POSIX locks: an OFD lock's owner may be in several processes, so no cycle is
 * certain. Waiters in the name of one owner lie together in a tree, as threads can be many; a
 * search sees each owner once, and gives up after CHAIN_MAX waiters: a spinlock is held, and
 * whoever builds a longer cycle waits in it until a signal comes.
 */
#include "core/assert.h"
#include "uapi/linux/errno.h"
#include "vfs/file_lock_internal.h"

enum { CHAIN_MAX = 512 };

static struct rbtree waiting;	/* [file_lock_spinlock] those of processes, by owner */
static uint64_t search_count;	/* [file_lock_spinlock] */

static inline struct lock_waiter *waiter_of(const struct rbtree_node *node)
{
	return rbtree_entry(node, struct lock_waiter, by_owner);
}

static inline uintptr_t owner_of(const struct rbtree_node *node)
{
	return (uintptr_t)waiter_of(node)->wanted->owner;
}

static void add_waiting(struct lock_waiter *waiter)
{
	struct rbtree_node **link = &waiting.node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = (uintptr_t)waiter->wanted->owner < owner_of(parent) ? &parent->left
									   : &parent->right;
	}
	rbtree_link(&waiter->by_owner, parent, link);
	rbtree_insert_fixup(&waiting, &waiter->by_owner);
}

/* The first of those that wait in the name of `owner`, or NULL. */
static struct lock_waiter *first_waiting(const void *owner)
{
	struct rbtree_node *node = waiting.node, *found = NULL;

	while (node) {
		if (owner_of(node) < (uintptr_t)owner) {
			node = node->right;
		} else {
			found = node;
			node = node->left;
		}
	}
	return found && owner_of(found) == (uintptr_t)owner ? waiter_of(found) : NULL;
}

/* Those that wait in the name of `owner`, if it was not reached yet: to the end of the list. */
static struct lock_waiter **reach(const void *owner, struct lock_waiter **end, unsigned int *room)
{
	struct lock_waiter *waiter = first_waiting(owner);
	struct rbtree_node *next;

	if (!waiter || waiter->reached == search_count)
		return end;
	waiter->reached = search_count;
	while (*room) {
		--*room;
		*end = waiter;
		end = &waiter->next_reached;
		*end = NULL;
		next = rbtree_next(&waiter->by_owner);
		if (!next || owner_of(next) != (uintptr_t)owner)
			break;
		waiter = waiter_of(next);
	}
	return end;
}

bool file_lock_would_deadlock(const void *owner, const void *blocker)
{
	struct lock_waiter *first = NULL, **end;
	unsigned int room = CHAIN_MAX;

	spin_assert_held(&file_lock_spinlock);
	search_count++;
	end = reach(blocker, &first, &room);
	for (struct lock_waiter *waiter = first; waiter; waiter = waiter->next_reached) {
		if (waiter->blocked_by == owner)
			return true;
		end = reach(waiter->blocked_by, end, &room);
	}
	return false;
}

void file_lock_wait_begin(struct lock_waiter *waiter, const struct lock_claim *wanted,
			  struct file_lock *blocker)
{
	spin_assert_held(&file_lock_spinlock);
	waiter->wanted = wanted;
	waiter->blocked_by = blocker->claim.owner;
	waiter->reached = 0;
	atomic_init(&waiter->is_released, false);
	wait_queue_init(&waiter->queue);
	list_add_tail(&blocker->waiters, &waiter->node);
	if (wanted->kind == KIND_POSIX)
		add_waiting(waiter);
}

/* It waits no more. */
static void take_off(struct lock_waiter *waiter)
{
	list_remove(&waiter->node);
	if (waiter->wanted->kind == KIND_POSIX)
		rbtree_remove(&waiting, &waiter->by_owner);
}

int file_lock_wait(struct lock_waiter *waiter)
{
	/* Relaxed: the spinlock, which comes next, is where the waker's writes are met. */
	int error = wait_event_interruptible(
		&waiter->queue,
		atomic_load_explicit(&waiter->is_released, memory_order_relaxed));

	spin_lock(&file_lock_spinlock);
	if (!atomic_load_explicit(&waiter->is_released, memory_order_relaxed))
		take_off(waiter);
	spin_unlock(&file_lock_spinlock);
	return error ? -ERESTARTSYS : 0;
}

void file_lock_wake(struct list *waiters)
{
	spin_assert_held(&file_lock_spinlock);
	while (!list_is_empty(waiters)) {
		struct lock_waiter *waiter = list_first_entry(waiters, struct lock_waiter, node);

		take_off(waiter);
		atomic_store_explicit(&waiter->is_released, true, memory_order_relaxed);
		wait_queue_wake_all(&waiter->queue, 0);
	}
}
