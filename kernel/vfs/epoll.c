/*
 * epoll(7): waiting for one of many files without asking all of them.
 *
 * Idea. A watch (struct epoll_item) stays on its file's wait queues with a callback, which puts the
 * watch on the epoll's ready list. epoll_wait asks only the files on that list; an idle file costs
 * nothing. The list is a hint: what was ready may not be any more, so each file is asked before its
 * event is reported. The other way round the hint is complete: a watch whose file is ready is on
 * the list, or, edge-triggered, was reported since.
 *
 * An event travels so, all in the waker's context, perhaps an interrupt handler's:
 *	file's queue -> on_wake -> ready list, `waiters` -> `pollers` -> on_wake of an outer epoll
 * That chain is as deep as epolls are nested: epoll_nesting.c bounds it, and keeps it free of
 * circles. So the locks of `pollers` are taken inner before outer, and the mutexes, when an outer
 * epoll asks an inner one whether it is ready, outer before inner.
 *
 * Taking events (collect). Only the mutex's holder takes watches off the ready list, and looks once
 * at each that was there when it began. A level-triggered watch moves to the tail and stays while
 * its file is ready; if the file says no, the watch goes, unless its callback ran since we began to
 * ask (`triggered`). One that is edge-triggered or ONESHOT leaves the list before the file is
 * asked, so that a later event brings it back.
 *
 * Lifetime. A watch holds no reference to its file; the last file_put() removes the watches
 * (epoll_forget_file), before the file's own release. Until then a file may be asked although its
 * last reference is gone: file_ops.poll takes none. file.epoll_links under epoll_links_lock leads
 * from a file to its watches; a watch is freed only by the holder of its epoll's mutex.
 *
 * Locks, outermost first: nesting mutex (adding a watch that nests), epoll mutexes (outer before
 * inner), epoll_links_lock; a file's wait queue, `pollers`, `waiters`.
 */
#include "vfs/epoll.h"

#include "arch/user_copy.h"
#include "core/assert.h"
#include "core/spinlock_irq_off.h"
#include "mem/slab.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/epoll_internal.h"
#include "vfs/internal.h"
#include "vfs/poll.h"
#include "vfs/user_count.h"

static struct slab_cache *epoll_slab;

void epoll_init(void)
{
	epoll_slab = slab_cache_create("epoll", sizeof(struct epoll), 0);
	epoll_control_init();
	epoll_nesting_init();
}

/* ---- becoming ready -------------------------------------------------------------------------- */

void epoll_make_ready(struct epoll_item *item)
{
	struct epoll *epoll = item->epoll;
	irq_flags flags = spin_lock_irq(&epoll->waiters.lock);

	item->triggered = true;
	if (!list_node_is_linked(&item->ready_node))
		list_add_tail(&epoll->ready, &item->ready_node);
	wait_queue_wake_one_locked(&epoll->waiters, POLL_IN);
	spin_unlock_irq(&epoll->waiters.lock, flags);
	/* Inner before outer: epolls do not watch one another in circles. */
	wait_queue_wake_all_second(&epoll->pollers, POLL_IN | POLL_READ_NORMAL);
}

static inline bool has_ready(const struct epoll *epoll)
{
	return __atomic_load_n(&epoll->ready.head.next, __ATOMIC_RELAXED) != &epoll->ready.head;
}

/* ---- taking events --------------------------------------------------------------------------- */

/*
 * The item was asked and is not ready: off the list, unless something happened since; then behind
 * the others.
 */
static void drop_idle(struct epoll *epoll, struct epoll_item *item)
{
	irq_flags flags = spin_lock_irq(&epoll->waiters.lock);

	if (item->triggered)
		list_move_tail(&epoll->ready, &item->ready_node);
	else
		list_remove(&item->ready_node);
	spin_unlock_irq(&epoll->waiters.lock, flags);
}

static inline uint32_t ask(const struct epoll_item *item)
{
	return file_poll(item->file, NULL) &
	       atomic_load_explicit(&item->events, memory_order_relaxed);
}

/*
 * The next item to look at, or NULL. `*last` NULL: this is the first of a round, whose last item is
 * noted. What comes onto the list later stands behind that one.
 */
static inline struct epoll_item *take_next(struct epoll *epoll, struct epoll_item **last,
					   bool *stays)
{
	irq_flags flags = irq_disable_save();
	struct epoll_item *item = NULL;

	spin_lock_irq_off(&epoll->waiters.lock);
	if (list_is_empty(&epoll->ready))
		goto unlock;
	if (!*last)
		*last = list_entry(epoll->ready.head.previous, struct epoll_item, ready_node);
	item = list_entry(epoll->ready.head.next, struct epoll_item, ready_node);
	*stays = !(atomic_load_explicit(&item->events, memory_order_relaxed) &
		   (EPOLLET | EPOLLONESHOT));
	item->triggered = false;
	if (!*stays)
		list_remove(&item->ready_node);
	else if (item != *last)
		list_move_tail(&epoll->ready, &item->ready_node);
unlock:
	spin_unlock_irq_off(&epoll->waiters.lock);
	irq_restore(flags);
	return item;
}

/* Ask and report one item: 1, 0 (not ready after all), or -EFAULT. */
static inline int report(struct epoll *epoll, struct epoll_item *item, bool stays, user_addr to)
{
	uint32_t events = ask(item);

	_Static_assert(sizeof(struct linux_epoll_event) == 12, "a word and two of data");
	if (!events) {
		if (stays)
			drop_idle(epoll, item);
		return 0;
	}
	if (unlikely(put_user_triple(to, events, (uint32_t)item->data,
				     (uint32_t)(item->data >> 32)))) {
		epoll_make_ready(item);
		return -EFAULT;
	}
	if (!stays && (item->events & EPOLLONESHOT))
		atomic_fetch_and_explicit(&item->events, EPOLL_FLAGS, memory_order_relaxed);
	return 1;
}

/* One round over the ready list: how many events, or -EFAULT if none for that reason. */
static int collect(struct epoll *epoll, user_addr to, unsigned int max)
{
	struct epoll_item *item, *last = NULL;
	unsigned int count = 0;
	int result = 0;
	bool stays;

	mutex_lock(&epoll->mutex);
	do {
		item = take_next(epoll, &last, &stays);
		if (!item)
			break;
		result = report(epoll, item, stays,
				user_addr_add(to, count * sizeof(struct linux_epoll_event)));
		if (result < 0)
			break;
		count += (unsigned int)result;
	} while (item != last && count < max);
	mutex_unlock(&epoll->mutex);
	/* Level-triggered ones are there for everybody; and what did not fit is for the next. */
	if (has_ready(epoll))
		wait_queue_pass_on(&epoll->waiters, POLL_IN);
	return count ? (int)count : result;
}

static int sleep_until_ready(struct epoll *epoll, uint64_t deadline_ns)
{
	struct wait_entry entry;
	int error = 0;

	wait_entry_init(&entry);
	for (;;) {
		wait_begin_exclusive(&epoll->waiters, &entry, THREAD_SLEEPING_INTERRUPTIBLE);
		if (has_ready(epoll) || error)
			break;
		error = wait_step(&entry, THREAD_SLEEPING_INTERRUPTIBLE, deadline_ns);
	}
	wait_end(&entry);
	return has_ready(epoll) ? 0 : error;
}

int epoll_wait(struct file *epoll_file, user_addr to, unsigned int max, uint64_t deadline_ns)
{
	struct epoll *epoll = epoll_of(epoll_file);
	int result, error = 0;

	if (!epoll)
		return -EINVAL;
	for (;;) {
		result = has_ready(epoll) ? collect(epoll, to, max) : 0;
		if (result || deadline_ns == 0)
			return result;
		if (error)
			return error == -ETIMEDOUT ? 0 : error;
		/* Events win over a signal or the end of time, if they are really there. */
		if (thread_is_interrupted(thread_current()))
			return -EINTR;
		error = sleep_until_ready(epoll, deadline_ns);
	}
}

/* ---- being a file ---------------------------------------------------------------------------- */

/* The first item of the list, which stays where it is; `last` as in take_next. */
static struct epoll_item *look_at_first(struct epoll *epoll, struct epoll_item **last)
{
	irq_flags flags = spin_lock_irq(&epoll->waiters.lock);
	struct epoll_item *item = NULL;

	if (!list_is_empty(&epoll->ready)) {
		if (!*last)
			*last = list_entry(epoll->ready.head.previous, struct epoll_item,
					   ready_node);
		item = list_entry(epoll->ready.head.next, struct epoll_item, ready_node);
		item->triggered = false;
	}
	spin_unlock_irq(&epoll->waiters.lock, flags);
	return item;
}

/* Readable if some item is ready. What is on the list in vain is thrown off it on the way. */
static uint32_t epoll_poll(struct file *file, struct poll_table *table)
{
	struct epoll *epoll = file->private;
	struct epoll_item *item, *last = NULL;
	bool found = false;

	poll_register(table, &epoll->pollers);
	/* Outer before inner: an outer epoll may be asking. */
	mutex_lock_second(&epoll->mutex);
	do {
		item = look_at_first(epoll, &last);
		if (!item)
			break;
		found = ask(item);
		if (!found)
			drop_idle(epoll, item);
	} while (!found && item != last);
	mutex_unlock(&epoll->mutex);
	return found ? POLL_IN | POLL_READ_NORMAL : 0;
}

void epoll_put(struct epoll *epoll)
{
	if (!refcount_put(&epoll->references))
		return;
	user_count_put(epoll->user);
	slab_free(epoll_slab, epoll);
}

static void epoll_release(struct file *file)
{
	struct epoll *epoll = file->private;
	struct rbtree_node *node;

	mutex_lock(&epoll->mutex);
	while ((node = epoll->items.node))
		epoll_item_remove(rbtree_entry(node, struct epoll_item, node));
	mutex_unlock(&epoll->mutex);
	epoll_put(epoll);
}

const struct file_ops epoll_ops = {
	.release = epoll_release,
	.seek = file_seek_nowhere,
	.poll = epoll_poll,
	.describe = epoll_describe,
	.stream = true,
};

int epoll_create(const struct credentials *credentials, struct file **out)
{
	struct epoll *epoll = slab_alloc_zeroed(epoll_slab, 0);
	int error = -ENOMEM;

	if (!epoll)
		return -ENOMEM;
	epoll->user = user_count_get(credentials->uid);
	if (!epoll->user)
		goto free_epoll;
	mutex_init(&epoll->mutex, LOCK_RANK_EPOLL, "epoll");
	rbtree_init(&epoll->items);
	wait_queue_init_ranked(&epoll->waiters, LOCK_RANK_EPOLL_READY, "epoll ready list");
	wait_queue_init_ranked(&epoll->pollers, LOCK_RANK_EPOLL_QUEUE, "epoll pollers");
	list_init(&epoll->ready);
	refcount_set(&epoll->references, 1);
	error = file_create_anonymous("[eventpoll]", &epoll_ops, epoll, O_RDWR,
				      FILE_READ | FILE_WRITE, &epoll->file);
	if (error)
		goto put_user;
	*out = epoll->file;
	return 0;

put_user:
	user_count_put(epoll->user);
free_epoll:
	slab_free(epoll_slab, epoll);
	return error;
}
