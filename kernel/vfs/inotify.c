/*
 * inotify(7).
 *
 * An instance has watches, found by number, and a queue of events. (How events come to watches:
 * notify.c.) An event that equals the last one in the queue is not queued again. An event for which
 * there is no room, or no memory, becomes the overflow event: it is part of the instance, lies in
 * the queue once at most, and needs no memory.
 *
 * A watch ends once: by inotify_rm_watch, with its inode, after its first event if it is ONESHOT,
 * or when the file is closed. Who wins inode_watch_remove says IN_IGNORED, takes it out of the tree
 * and puts the reference that the inode had.
 *
 * Numbers rise and are not used again until all others have been, so a reader of old events does
 * not take them for those of a new watch.
 *
 * Locks. `control` makes adding and removing by number one after another: a watch in the tree that
 * is not on its inode yet is seen by no one else. `lock` protects the tree. The wait queue's own
 * lock protects the queue of events; memory is taken before and given back after.
 */
#include "vfs/inotify.h"

#include "arch/user_copy.h"
#include "core/assert.h"
#include "lib/min_max.h"
#include "lib/rbtree.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "mem/slab.h"
#include "sched/mutex.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "uapi/linux/termios.h"
#include "vfs/internal.h"
#include "vfs/notify.h"
#include "vfs/poll.h"
#include "vfs/user_count.h"

enum {
	DEFAULT_EVENTS = 16384,
	DEFAULT_INSTANCES = 128,
	/* Linux takes a hundredth of memory, at about this much for a watch and its inode. */
	WATCH_MEMORY_SHARE = 100,
	WATCH_COST = 720,
	WATCHES_LEAST = 8192,
	WATCHES_MOST = 1048576,
};

struct event {
	struct list_node node;	/* [q] */
	struct linux_inotify_event head;	/* length: of the name as it is read, filled up */
	size_t name_length;
	char name[];
};

/* [I] immutable [q] queue.lock [t] lock [c] control */
struct inotify {
	struct wait_queue queue;
	struct list events;		/* [q] */
	unsigned int event_count;	/* [q] */
	size_t byte_count;		/* [q] of all events, as they are read */
	struct mutex control;		/* LOCK_RANK_SLEEPING_LEAF */
	struct spinlock lock;		/* LOCK_RANK_NOTIFY */
	struct rbtree watches;		/* [t] by number */
	int last_number;		/* [c] */
	unsigned int event_limit;	/* [I] */
	struct user_count *user;	/* [I] referenced */
	struct refcount references;	/* [a] the file's, and one for each watch */
	struct event overflow;		/* [q] */
};

struct watch {
	struct inode_watch watch;
	struct inotify *inotify;	/* [I] referenced */
	struct rbtree_node node;	/* [t] */
	int number;			/* [I] */
};

static struct slab_cache *inotify_slab, *watch_slab;
static atomic_uint limits[INOTIFY_LIMIT_COUNT]; /* [a] */

void inotify_init(void)
{
	struct frame_counts counts;
	size_t watches;

	inotify_slab = slab_cache_create("inotify", sizeof(struct inotify), 0);
	watch_slab = slab_cache_create("inotify watch", sizeof(struct watch), 0);
	page_frame_count(&counts);
	watches = counts.total / WATCH_MEMORY_SHARE * (PAGE_SIZE / WATCH_COST);
	watches = min_t(size_t, max_t(size_t, watches, WATCHES_LEAST), WATCHES_MOST);
	inotify_set_limit(INOTIFY_EVENTS, DEFAULT_EVENTS);
	inotify_set_limit(INOTIFY_INSTANCES, DEFAULT_INSTANCES);
	inotify_set_limit(INOTIFY_WATCHES, (unsigned int)watches);
}

unsigned int inotify_limit(enum inotify_limit which)
{
	return atomic_load_explicit(&limits[which], memory_order_relaxed);
}

void inotify_set_limit(enum inotify_limit which, unsigned int value)
{
	atomic_store_explicit(&limits[which], value, memory_order_relaxed);
}

/* ---- the queue ------------------------------------------------------------------------------- */

static size_t event_size(const struct event *event)
{
	return sizeof(event->head) + event->head.length;
}

static void append_locked(struct inotify *inotify, struct event *event)
{
	spin_assert_held(&inotify->queue.lock);
	list_add_tail(&inotify->events, &event->node);
	inotify->event_count++;
	inotify->byte_count += event_size(event);
	wait_queue_wake_all_locked(&inotify->queue, POLL_IN);
}

static void remove_locked(struct inotify *inotify, struct event *event)
{
	spin_assert_held(&inotify->queue.lock);
	list_remove(&event->node);
	inotify->event_count--;
	inotify->byte_count -= event_size(event);
}

/* The cookie does not count: two renames of one name to and fro are not one behind the other. */
static bool is_equal(const struct event *a, const struct event *b)
{
	return a->head.mask == b->head.mask && a->head.watch == b->head.watch &&
	       a->name_length == b->name_length && memcmp(a->name, b->name, a->name_length) == 0;
}

/* `event` NULL: there was no memory for it. Returns what is to be freed. */
static struct event *append(struct inotify *inotify, struct event *event)
{
	irq_flags flags = spin_lock_irq(&inotify->queue.lock);
	struct event *last = list_last_entry(&inotify->events, struct event, node);
	struct event *rest = event;

	if (!event || inotify->event_count >= inotify->event_limit) {
		if (!list_node_is_linked(&inotify->overflow.node))
			append_locked(inotify, &inotify->overflow);
	} else if (!last || (event->head.mask & IN_IGNORED) || !is_equal(last, event)) {
		append_locked(inotify, event);
		rest = NULL;
	}
	spin_unlock_irq(&inotify->queue.lock, flags);
	return rest;
}

/* Names are read with at least one zero behind them, in multiples of the head's size. */
static uint32_t filled_up(size_t name_length)
{
	size_t unit = sizeof(struct linux_inotify_event);

	return name_length ? (uint32_t)((name_length + 1 + unit - 1) / unit * unit) : 0;
}

static void queue_event(struct watch *watch, uint32_t mask, uint32_t cookie, const char *name,
			size_t length)
{
	struct event *event = kmalloc(sizeof(*event) + length, FRAME_ALLOC_NO_KILL);

	if (event) {
		list_node_init(&event->node);
		event->head.watch = watch->number;
		event->head.mask = mask;
		event->head.cookie = cookie;
		event->head.length = filled_up(length);
		event->name_length = length;
		memcpy(event->name, name, length);
	}
	kfree(append(watch->inotify, event));
}

/* ---- watches --------------------------------------------------------------------------------- */

static void inotify_put(struct inotify *inotify)
{
	struct event *event;

	if (!refcount_put(&inotify->references))
		return;
	assert(rbtree_is_empty(&inotify->watches));
	if (list_node_is_linked(&inotify->overflow.node))
		list_remove(&inotify->overflow.node);
	while ((event = list_pop_head_entry(&inotify->events, struct event, node)))
		kfree(event);
	user_count_put(inotify->user);
	slab_free(inotify_slab, inotify);
}

/* The watch with the lowest number from `number` on, referenced, or NULL. */
static struct watch *get_from(struct inotify *inotify, int number)
{
	struct rbtree_node *node;
	struct watch *best = NULL;

	mutex_lock(&inotify->control); /* none that is not on its inode yet */
	spin_lock(&inotify->lock);
	node = inotify->watches.node;
	while (node) {
		struct watch *watch = rbtree_entry(node, struct watch, node);

		if (watch->number >= number)
			best = watch;
		node = watch->number > number ? node->left : node->right;
		if (watch->number == number)
			break;
	}
	/* Who ends it takes it out of the tree before he puts the inode's reference. */
	if (best)
		inode_watch_get(&best->watch);
	spin_unlock(&inotify->lock);
	mutex_unlock(&inotify->control);
	return best;
}

/* The place of `number` in the tree; false: it is taken. */
static bool find_place(struct inotify *inotify, int number, struct rbtree_node **parent,
		       struct rbtree_node ***link)
{
	*parent = NULL;
	*link = &inotify->watches.node;
	while (**link) {
		const struct watch *watch = rbtree_entry(**link, struct watch, node);

		if (watch->number == number)
			return false;
		*parent = **link;
		*link = number < watch->number ? &(**link)->left : &(**link)->right;
	}
	return true;
}

/* Control held. */
static void number_watch(struct inotify *inotify, struct watch *watch)
{
	struct rbtree_node *parent, **link;
	int number = inotify->last_number;

	mutex_assert_held(&inotify->control);
	spin_lock(&inotify->lock);
	do
		number = number == INT32_MAX ? 1 : number + 1;
	while (!find_place(inotify, number, &parent, &link));
	rbtree_link(&watch->node, parent, link);
	rbtree_insert_fixup(&inotify->watches, &watch->node);
	spin_unlock(&inotify->lock);
	watch->number = inotify->last_number = number;
}

/* False: another has ended it. The caller has a reference of his own. */
static bool end_watch(struct watch *watch, bool is_told)
{
	struct inotify *inotify = watch->inotify;

	if (!inode_watch_remove(&watch->watch))
		return false;
	if (is_told)
		queue_event(watch, IN_IGNORED, 0, NULL, 0);
	spin_lock(&inotify->lock);
	rbtree_remove(&inotify->watches, &watch->node);
	spin_unlock(&inotify->lock);
	user_count_uncharge(inotify->user, USER_INOTIFY_WATCHES);
	inode_watch_put(&watch->watch);
	return true;
}

static void on_report(struct inode_watch *inode_watch, uint32_t mask, uint32_t cookie,
		      const char *name, size_t length)
{
	struct watch *watch = container_of(inode_watch, struct watch, watch);
	uint32_t events = atomic_load_explicit(&inode_watch->events, memory_order_relaxed);

	if (mask & (IN_DELETE_SELF | IN_MOVE_SELF))
		mask &= ~IN_ISDIR;
	queue_event(watch, mask, cookie, name, length);
	if ((events & IN_ONESHOT) && !(mask & IN_UNMOUNT))
		(void)end_watch(watch, true);
}

static void on_ended(struct inode_watch *inode_watch)
{
	(void)end_watch(container_of(inode_watch, struct watch, watch), true);
}

static void on_release(struct inode_watch *inode_watch)
{
	struct watch *watch = container_of(inode_watch, struct watch, watch);
	struct inotify *inotify = watch->inotify;

	slab_free(watch_slab, watch);
	inotify_put(inotify);
}

static const struct inode_watch_ops watch_ops = {
	.report = on_report,
	.ended = on_ended,
	.release = on_release,
};

static struct watch *watch_create(struct inotify *inotify, struct inode *inode)
{
	struct watch *watch = slab_alloc_zeroed(watch_slab, 0);

	if (!watch)
		return NULL;
	refcount_get(&inotify->references);
	watch->inotify = inotify;
	watch->watch.inode = inode;
	watch->watch.owner = inotify;
	watch->watch.ops = &watch_ops;
	return watch;
}

static void watch_destroy(struct watch *watch)
{
	if (watch)
		on_release(&watch->watch);
}

/* What is kept of the mask. Everyone hears of the end, so it is never 0. */
static uint32_t kept(uint32_t mask)
{
	return (mask & (IN_ALL_EVENTS | IN_EXCL_UNLINK | IN_ONESHOT)) | IN_UNMOUNT;
}

static int change_watch(struct watch *watch, uint32_t mask)
{
	int number = watch->number;

	if (mask & IN_MASK_CREATE)
		number = -EEXIST;
	else
		inode_watch_change(&watch->watch, kept(mask), mask & IN_MASK_ADD);
	inode_watch_put(&watch->watch);
	return number;
}

int inotify_add_watch(struct file *file, struct inode *inode, uint32_t mask)
{
	struct inotify *inotify = file->private;
	struct watch *fresh = watch_create(inotify, inode);
	struct inode_watch *existing;
	int result;

	mutex_lock(&inotify->control);
	existing = inode_watch_find(inode, inotify);
	if (existing) {
		result = change_watch(container_of(existing, struct watch, watch), mask);
	} else if (!fresh) {
		result = -ENOMEM;
	} else if (!user_count_charge(inotify->user, USER_INOTIFY_WATCHES,
				      inotify_limit(INOTIFY_WATCHES))) {
		result = -ENOSPC;
	} else {
		number_watch(inotify, fresh);
		result = fresh->number;
		inode_watch_add(&fresh->watch, kept(mask));
		fresh = NULL;
	}
	mutex_unlock(&inotify->control);
	watch_destroy(fresh);
	return result;
}

int inotify_remove_watch(struct file *file, int number)
{
	struct inotify *inotify = file->private;
	struct watch *watch;
	bool is_done = false;

	if (number < 1)
		return -EINVAL;
	watch = get_from(inotify, number);
	if (!watch)
		return -EINVAL;
	if (watch->number == number)
		is_done = end_watch(watch, true);
	inode_watch_put(&watch->watch);
	return is_done ? 0 : -EINVAL;
}

/* ---- the file -------------------------------------------------------------------------------- */

/* A sleeper's look, without the lock: both halves under it would be no better a moment later. */
static size_t bytes_now(struct inotify *inotify)
{
	irq_flags flags = spin_lock_irq(&inotify->queue.lock);
	size_t bytes = inotify->byte_count;

	spin_unlock_irq(&inotify->queue.lock, flags);
	return bytes;
}

/*
 * The first event, if it fits. *out NULL: there is none. The overflow event stays the instance's.
 * Errors: -EINVAL: it does not fit.
 */
static int take(struct inotify *inotify, size_t room, struct event **out)
{
	irq_flags flags = spin_lock_irq(&inotify->queue.lock);
	struct event *event = list_first_entry(&inotify->events, struct event, node);
	int error = event && event_size(event) > room ? -EINVAL : 0;

	if (event && !error)
		remove_locked(inotify, event);
	spin_unlock_irq(&inotify->queue.lock, flags);
	*out = event;
	return error;
}

static int put_event(struct io_buffer *buffer, const struct event *event)
{
	static const char zeros[sizeof(struct linux_inotify_event)];
	int error = io_buffer_put(buffer, &event->head, sizeof(event->head));

	if (!error && event->name_length)
		error = io_buffer_put(buffer, event->name, event->name_length);
	if (!error && event->head.length)
		error = io_buffer_put(buffer, zeros, event->head.length - event->name_length);
	return error;
}

static ssize_t inotify_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	bool may_wait = !(atomic_load_explicit(&file->flags, memory_order_relaxed) & O_NONBLOCK);
	struct inotify *inotify = file->private;
	struct event *event;
	ssize_t done = 0;

	(void)position;
	for (;;) {
		int error = take(inotify, buffer->remaining, &event);

		if (error)
			return done ? done : error;
		if (event) {
			size_t size = event_size(event);

			error = put_event(buffer, event);
			if (event != &inotify->overflow)
				kfree(event);
			/* As on Linux, what cannot be told is lost, what was told not counted. */
			if (error)
				return -EFAULT;
			done += (ssize_t)size;
		} else if (done) {
			return done;
		} else if (!may_wait) {
			return -EAGAIN;
		} else if (wait_event_interruptible(&inotify->queue, bytes_now(inotify) > 0)) {
			return -ERESTARTSYS;
		}
	}
}

static uint32_t inotify_poll(struct file *file, struct poll_table *table)
{
	struct inotify *inotify = file->private;

	poll_register(table, &inotify->queue);
	return bytes_now(inotify) > 0 ? POLL_IN : 0;
}

static enum file_news inotify_news(struct file *file, const struct wait_queue *queue, uint32_t key)
{
	(void)file, (void)queue;
	return key & POLL_IN ? NEWS_IN : NEWS_NONE;
}

static int inotify_ioctl(struct file *file, unsigned int command, uintptr_t argument)
{
	if (command != FIONREAD)
		return -ENOTTY;
	return put_user_u32(user_addr_from(argument), (uint32_t)bytes_now(file->private));
}

static void inotify_release(struct file *file)
{
	struct inotify *inotify = file->private;
	struct watch *watch;

	while ((watch = get_from(inotify, 1))) {
		(void)end_watch(watch, false);
		inode_watch_put(&watch->watch);
	}
	user_count_uncharge(inotify->user, USER_INOTIFY_INSTANCES);
	inotify_put(inotify);
}

static void inotify_describe(struct file *file, struct description_sink *sink)
{
	struct inotify *inotify = file->private;
	struct watch *watch;
	int number = 0;

	while (number < INT32_MAX && (watch = get_from(inotify, number + 1))) {
		const struct inode *inode = watch->watch.inode;
		uint32_t events = atomic_load_explicit(&watch->watch.events, memory_order_relaxed);

		number = watch->number;
		description_print(sink, "inotify wd:%x ino:%llx sdev:%x mask:%x ignored_mask:0\n",
				  (unsigned int)number, (unsigned long long)inode->number,
				  (unsigned int)inode->super->device_number,
				  events & (IN_ALL_EVENTS | IN_EXCL_UNLINK | IN_ONESHOT));
		inode_watch_put(&watch->watch);
	}
}

static const struct file_ops inotify_ops = {
	.release = inotify_release,
	.read = inotify_read,
	.seek = file_seek_nowhere,
	.ioctl = inotify_ioctl,
	.poll = inotify_poll,
	.news = inotify_news,
	.describe = inotify_describe,
	.stream = true,
};

bool file_is_inotify(const struct file *file)
{
	return file->ops == &inotify_ops;
}

static struct inotify *create(struct user_count *user)
{
	struct inotify *inotify = slab_alloc_zeroed(inotify_slab, 0);

	if (!inotify)
		return NULL;
	wait_queue_init(&inotify->queue);
	list_init(&inotify->events);
	inotify->overflow.head.watch = -1;
	inotify->overflow.head.mask = IN_Q_OVERFLOW;
	mutex_init(&inotify->control, LOCK_RANK_SLEEPING_LEAF, "inotify control");
	spin_init(&inotify->lock, LOCK_RANK_NOTIFY, "inotify watches");
	rbtree_init(&inotify->watches);
	inotify->event_limit = inotify_limit(INOTIFY_EVENTS);
	inotify->user = user;
	refcount_set(&inotify->references, 1);
	return inotify;
}

int inotify_create(const struct credentials *credentials, uint32_t flags, struct file **out)
{
	struct user_count *user = user_count_get(credentials->uid);
	struct inotify *inotify;
	int error = -EMFILE;

	if (!user)
		return -ENOMEM;
	if (!user_count_charge(user, USER_INOTIFY_INSTANCES, inotify_limit(INOTIFY_INSTANCES)))
		goto put_user;
	error = -ENOMEM;
	inotify = create(user);
	if (!inotify)
		goto uncharge;
	error = file_create_anonymous("inotify", &inotify_ops, inotify, O_RDONLY | flags,
				      FILE_READ, out);
	if (!error)
		return 0;
	slab_free(inotify_slab, inotify);
uncharge:
	user_count_uncharge(user, USER_INOTIFY_INSTANCES);
put_user:
	user_count_put(user);
	return error;
}
