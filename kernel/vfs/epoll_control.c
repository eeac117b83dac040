/*
 * What an epoll watches: adding, changing and removing watches, and the end of a watched file.
 * (Events and their locks: epoll.c.)
 *
 * A watch is found by file and number, so one file may be watched under several numbers (dup), and
 * a number that was closed and opened anew is another watch. It lies in three structures: the
 * epoll's tree, its file's list of watches, and the queues that the file's poll names.
 */
#include "core/assert.h"
#include "core/spinlock.h"
#include "mem/page_frame.h"
#include "mem/slab.h"
#include "uapi/linux/errno.h"
#include "vfs/epoll_internal.h"
#include "vfs/poll.h"
#include "vfs/user_count.h"

/* What Linux takes 1/25 of low memory for: about as much a watch costs. */
enum { WATCH_MEMORY_SHARE = 25, WATCH_COST = 160 };

/* With EXCLUSIVE, these and the flags may be asked for. */
#define EXCLUSIVE_EVENTS \
	(POLL_IN | POLL_OUT | POLL_ERROR | POLL_HANG_UP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)

struct spinlock epoll_links_lock = SPINLOCK_INIT(LOCK_RANK_EPOLL_LINKS, "epoll links");

static struct slab_cache *item_slab, *hook_slab;
static atomic_uint watch_limit; /* [a] max_user_watches */

void epoll_control_init(void)
{
	struct frame_counts counts;

	item_slab = slab_cache_create("epoll_item", sizeof(struct epoll_item), 0);
	hook_slab = slab_cache_create("epoll_hook", sizeof(struct epoll_hook), 0);
	page_frame_count(&counts);
	epoll_set_watch_limit((unsigned int)(counts.total / WATCH_MEMORY_SHARE) *
			      (PAGE_SIZE / WATCH_COST));
}

unsigned int epoll_watch_limit(void)
{
	return atomic_load_explicit(&watch_limit, memory_order_relaxed);
}

void epoll_set_watch_limit(unsigned int limit)
{
	atomic_store_explicit(&watch_limit, limit, memory_order_relaxed);
}

/* ---- the callback ---------------------------------------------------------------------------- */

/* Which of the wake-ups that are meant for one an EXCLUSIVE watch uses up: those it asked for. */
static bool uses_up(uint32_t key, uint32_t events)
{
	uint32_t direction = key & (POLL_IN | POLL_OUT);

	return direction == 0 || (direction != (POLL_IN | POLL_OUT) && (events & direction));
}

/*
 * Something happened to the file: any context, its queue's lock held. The events are read without
 * a lock: who changes them asks the file afterwards, with a full barrier in between, as there is
 * one between the change of the file and this call.
 */
static bool on_wake(struct wait_entry *entry, uint32_t key)
{
	struct epoll_item *item = container_of(entry, struct epoll_hook, wait)->item;
	uint32_t events = atomic_load_explicit(&item->events, memory_order_relaxed);
	bool somebody_waits;

	/* Disarmed, or not what it asked for. A key of 0 says nothing. */
	if (!(events & ~EPOLL_FLAGS) || (key && !(key & events)))
		return false;
	somebody_waits = !wait_queue_is_empty(&item->epoll->waiters);
	epoll_make_ready(item);
	return somebody_waits && uses_up(key, events);
}

/* ---- hooks on wait queues -------------------------------------------------------------------- */

struct hook_table {
	struct poll_table table;
	struct epoll_item *item;
	int error;
};

static struct epoll_hook *hook_alloc(struct epoll_item *item)
{
	struct epoll_hook *hook;

	if (item->hook_count == 0)
		return &item->first_hook;
	hook = slab_alloc(hook_slab, 0);
	if (!hook)
		return NULL;
	hook->next = item->first_hook.next;
	item->first_hook.next = hook;
	return hook;
}

static void add_queue(struct poll_table *table, struct wait_queue *queue)
{
	struct hook_table *hooks = container_of(table, struct hook_table, table);
	struct epoll_item *item = hooks->item;
	struct epoll_hook *hook = hook_alloc(item);

	if (!hook) {
		hooks->error = -ENOMEM;
		return;
	}
	item->hook_count++;
	hook->item = item;
	wait_entry_init(&hook->wait);
	hook->wait.wake = on_wake;
	if (item->events & EPOLLEXCLUSIVE)
		wait_queue_add_exclusive(queue, &hook->wait);
	else
		wait_queue_add(queue, &hook->wait);
}

/* After this no callback of the item runs or will run. */
static void remove_hooks(struct epoll_item *item)
{
	struct epoll_hook *hook = item->first_hook.next;

	if (item->hook_count > 0)
		wait_queue_remove_rcu(&item->first_hook.wait);
	while (hook) {
		struct epoll_hook *next = hook->next;

		wait_queue_remove_rcu(&hook->wait);
		slab_free(hook_slab, hook);
		hook = next;
	}
}

/* ---- the tree -------------------------------------------------------------------------------- */

static int compare(const struct file *file, int fd, const struct epoll_item *item)
{
	if (file != item->file)
		return (uintptr_t)file < (uintptr_t)item->file ? -1 : 1;
	return fd < item->fd ? -1 : fd > item->fd;
}

static struct epoll_item *find(struct epoll *epoll, const struct file *file, int fd)
{
	struct rbtree_node *node = epoll->items.node;

	while (node) {
		struct epoll_item *item = rbtree_entry(node, struct epoll_item, node);
		int order = compare(file, fd, item);

		if (order == 0)
			return item;
		node = order < 0 ? node->left : node->right;
	}
	return NULL;
}

static void insert(struct epoll *epoll, struct epoll_item *item)
{
	struct rbtree_node **link = &epoll->items.node;
	struct rbtree_node *parent = NULL;

	while (*link) {
		parent = *link;
		link = compare(item->file, item->fd,
			       rbtree_entry(parent, struct epoll_item, node)) < 0
			       ? &parent->left
			       : &parent->right;
	}
	rbtree_link(&item->node, parent, link);
	rbtree_insert_fixup(&epoll->items, &item->node);
}

/* ---- items ----------------------------------------------------------------------------------- */

/* Into the tree and the file's list, with no hooks yet. Errors: -ENOSPC, -ENOMEM. */
static int item_create(struct epoll *epoll, struct file *file, int fd,
		       const struct linux_epoll_event *event, struct epoll_item **out)
{
	struct epoll_item *item;

	if (!user_count_charge(epoll->user, USER_EPOLL_WATCHES, epoll_watch_limit()))
		return -ENOSPC;
	item = slab_alloc_zeroed(item_slab, 0);
	if (!item) {
		user_count_uncharge(epoll->user, USER_EPOLL_WATCHES);
		return -ENOMEM;
	}
	item->epoll = epoll;
	item->file = file;
	item->fd = fd;
	item->data = event->data;
	atomic_store_explicit(&item->events, event->events, memory_order_relaxed);
	insert(epoll, item);
	spin_lock(&epoll_links_lock);
	list_add_tail(&file->epoll_links, &item->link);
	spin_unlock(&epoll_links_lock);
	*out = item;
	return 0;
}

void epoll_item_remove(struct epoll_item *item)
{
	struct epoll *epoll = item->epoll;
	irq_flags flags;

	mutex_assert_held(&epoll->mutex);
	remove_hooks(item);
	spin_lock(&epoll_links_lock);
	list_remove(&item->link);
	spin_unlock(&epoll_links_lock);
	rbtree_remove(&epoll->items, &item->node);
	flags = spin_lock_irq(&epoll->waiters.lock);
	if (list_node_is_linked(&item->ready_node))
		list_remove(&item->ready_node);
	spin_unlock_irq(&epoll->waiters.lock, flags);
	slab_free(item_slab, item);
	user_count_uncharge(epoll->user, USER_EPOLL_WATCHES);
}

/* ---- epoll_ctl ------------------------------------------------------------------------------- */

static int add(struct epoll *epoll, struct file *file, int fd,
	       const struct linux_epoll_event *event, bool nests)
{
	struct hook_table hooks = { .table.add = add_queue };
	struct epoll_item *item;
	int error = item_create(epoll, file, fd, event, &item);

	if (error)
		return error;
	if (nests)
		error = epoll_check_paths(file);
	if (error)
		goto remove;
	hooks.item = item;
	/* The hooks first, then the state: what happens in between finds the callback. */
	if (file_poll(file, &hooks.table) & event->events)
		epoll_make_ready(item);
	error = hooks.error;
	if (error)
		goto remove;
	return 0;

remove:
	epoll_item_remove(item);
	return error;
}

static int modify(struct epoll_item *item, const struct linux_epoll_event *event)
{
	if (item->events & EPOLLEXCLUSIVE)
		return -EINVAL;
	item->data = event->data;
	atomic_store_explicit(&item->events, event->events, memory_order_relaxed);
	/* Pairs with on_wake: either it sees the new events, or we see the new state. */
	atomic_thread_fence(memory_order_seq_cst);
	if (file_poll(item->file, NULL) & event->events)
		epoll_make_ready(item);
	return 0;
}

/* With the epoll's mutex held. */
static int control(struct epoll *epoll, int operation, struct file *file, int fd,
		   struct linux_epoll_event *event, bool nests)
{
	struct epoll_item *item = find(epoll, file, fd);

	event->events |= POLL_ERROR | POLL_HANG_UP;
	switch (operation) {
	case EPOLL_CTL_ADD:
		return item ? -EEXIST : add(epoll, file, fd, event, nests);
	case EPOLL_CTL_DEL:
		if (!item)
			return -ENOENT;
		epoll_item_remove(item);
		return 0;
	case EPOLL_CTL_MOD:
		return item ? modify(item, event) : -ENOENT;
	default:
		return -EINVAL;
	}
}

/* What an EXCLUSIVE watch cannot be or become. */
static bool is_bad_exclusive(int operation, const struct file *file, uint32_t events)
{
	if (operation == EPOLL_CTL_DEL || !(events & EPOLLEXCLUSIVE))
		return false;
	return operation == EPOLL_CTL_MOD ||
	       (operation == EPOLL_CTL_ADD && (epoll_of(file) || (events & ~EXCLUSIVE_EVENTS)));
}

int epoll_control(struct file *epoll_file, int operation, struct file *file, int fd,
		  struct linux_epoll_event event)
{
	struct epoll *epoll = epoll_of(epoll_file);
	bool nests;
	int error = 0;

	if (!file->ops->poll)
		return -EPERM;
	if (epoll_file == file || !epoll)
		return -EINVAL;
	if (is_bad_exclusive(operation, file, event.events))
		return -EINVAL;
	/*
	 * A hint is enough: a plain file that is added while its epoll becomes watched itself is
	 * not counted, and circles need two epolls.
	 */
	nests = operation == EPOLL_CTL_ADD &&
		(epoll_of(file) || !list_is_empty(&epoll_file->epoll_links));
	if (nests) {
		epoll_nesting_lock();
		if (epoll_of(file))
			error = epoll_check_loop(epoll, epoll_of(file));
	}
	if (!error) {
		mutex_lock(&epoll->mutex);
		error = control(epoll, operation, file, fd, &event, nests);
		mutex_unlock(&epoll->mutex);
	}
	if (nests)
		epoll_nesting_unlock();
	return error;
}

/* ---- the end of a watched file --------------------------------------------------------------- */

/* The first watch of `file`, by `epoll` unless that is NULL. A reference to its epoll keeps it. */
static struct epoll_item *find_link(struct file *file, const struct epoll *epoll)
{
	struct epoll_item *item;

	spin_assert_held(&epoll_links_lock);
	list_for_each_entry(item, &file->epoll_links, link) {
		if (!epoll || item->epoll == epoll)
			return item;
	}
	return NULL;
}

/* The epoll of the first watch, with a reference, or NULL. It lives: its release unlinks first. */
static struct epoll *first_epoll(struct file *file)
{
	struct epoll *epoll = NULL;
	struct epoll_item *item;

	spin_lock(&epoll_links_lock);
	item = find_link(file, NULL);
	if (item) {
		epoll = item->epoll;
		refcount_get(&epoll->references);
	}
	spin_unlock(&epoll_links_lock);
	return epoll;
}

/*
 * Nobody can add watches: there is no reference to the file. But its epolls may be closed at the
 * same time, so each watch is looked for again under its epoll's mutex.
 */
void epoll_forget_file(struct file *file)
{
	struct epoll *epoll;
	struct epoll_item *item;

	while ((epoll = first_epoll(file))) {
		mutex_lock(&epoll->mutex);
		do {
			spin_lock(&epoll_links_lock);
			item = find_link(file, epoll);
			spin_unlock(&epoll_links_lock);
			if (item)
				epoll_item_remove(item);
		} while (item);
		mutex_unlock(&epoll->mutex);
		epoll_put(epoll);
	}
}

void epoll_describe(struct file *file, struct description_sink *sink)
{
	struct epoll *epoll = file->private;

	mutex_lock(&epoll->mutex);
	for (struct rbtree_node *node = rbtree_first(&epoll->items); node;
	     node = rbtree_next(node)) {
		const struct epoll_item *item = rbtree_entry(node, struct epoll_item, node);
		const struct inode *inode = item->file->inode;

		description_print(sink, "tfd: %8d events: %8x data: %16llx  pos:%lld ino:%llx "
				  "sdev:%x\n", item->fd, item->events,
				  (unsigned long long)item->data, (long long)item->file->position,
				  (unsigned long long)inode->number,
				  (unsigned int)inode->super->device_number);
	}
	mutex_unlock(&epoll->mutex);
}
