/*
 * Who watches which inode, and how they hear of what happens.
 *
 * Idea. The code that reads, writes, opens and renames says what it has done, when it is done, by
 * one inline call of notify.h. A counter of all watches there are makes that one branch on a word
 * that hardly ever changes; only if it is not 0, the file's inode and its directory's are looked
 * at.
 * So a file needs no mark that its directory is watched, and nothing is to be kept true when files
 * are renamed.
 *
 * A watch lies on its inode's list. The events of all watches of an inode are summed up in
 * inode->watched_events, which is read without a lock: an event at the very moment at which a watch
 * begins or ends may be told or not.
 *
 * Lifetime. A watch keeps its inode. It is removed once (inode_watch_remove), by its owner or
 * because its inode has no name any more, and hears no more from then on; but it stays on the
 * inode's list until its last reference is put, so that whoever goes through the list, without the
 * lock while a watch is told, goes on from where he was. All changes of the count are under
 * the inode's state_lock.
 *
 * Locks: super->table_lock, then inode->state_lock. Nothing is called with them held.
 */
#include "vfs/notify.h"

#include "core/assert.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "vfs/internal.h"

atomic_uint notify_watch_count;

/* What a directory hears of its children; the other events are told to it by who changes it. */
#define EVENTS_OF_CHILDREN \
	(IN_ACCESS | IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_CLOSE_NOWRITE | IN_OPEN)

/* ---- watches --------------------------------------------------------------------------------- */

static uint32_t events_of(const struct inode_watch *watch)
{
	return atomic_load_explicit(&watch->events, memory_order_relaxed);
}

/* State lock held. */
static void sum_up(struct inode *inode)
{
	struct inode_watch *watch;
	uint32_t events = 0;

	list_for_each_entry(watch, &inode->watches, of_inode)
		events |= events_of(watch);
	atomic_store_explicit(&inode->watched_events, events, memory_order_relaxed);
}

void inode_watch_add(struct inode_watch *watch, uint32_t events)
{
	struct inode *inode = watch->inode;

	inode_get(inode);
	watch->references = 1;
	atomic_store_explicit(&watch->events, events, memory_order_relaxed);
	atomic_fetch_add_explicit(&notify_watch_count, 1, memory_order_relaxed);
	spin_lock(&inode->super->table_lock);
	spin_lock(&inode->state_lock);
	if (!inode->watches.head.next)
		list_init(&inode->watches);
	list_add_tail(&inode->watches, &watch->of_inode);
	list_add_tail(&inode->super->watches, &watch->of_super);
	sum_up(inode);
	spin_unlock(&inode->state_lock);
	spin_unlock(&inode->super->table_lock);
}

struct inode_watch *inode_watch_find(struct inode *inode, const void *owner)
{
	struct inode_watch *watch, *found = NULL;

	spin_lock(&inode->state_lock);
	if (inode->watches.head.next) {
		list_for_each_entry(watch, &inode->watches, of_inode) {
			if (watch->owner == owner && events_of(watch)) {
				watch->references++;
				found = watch;
				break;
			}
		}
	}
	spin_unlock(&inode->state_lock);
	return found;
}

void inode_watch_change(struct inode_watch *watch, uint32_t events, bool add)
{
	struct inode *inode = watch->inode;
	uint32_t old;

	spin_lock(&inode->state_lock);
	old = events_of(watch);
	if (old) {
		atomic_store_explicit(&watch->events, add ? old | events : events,
				      memory_order_relaxed);
		sum_up(inode);
	}
	spin_unlock(&inode->state_lock);
}

bool inode_watch_remove(struct inode_watch *watch)
{
	struct inode *inode = watch->inode;
	bool is_first;

	spin_lock(&inode->super->table_lock);
	spin_lock(&inode->state_lock);
	is_first = events_of(watch);
	if (is_first) {
		atomic_store_explicit(&watch->events, 0, memory_order_relaxed);
		list_remove(&watch->of_super);
		sum_up(inode);
	}
	spin_unlock(&inode->state_lock);
	spin_unlock(&inode->super->table_lock);
	if (is_first)
		atomic_fetch_sub_explicit(&notify_watch_count, 1, memory_order_relaxed);
	return is_first;
}

void inode_watch_get(struct inode_watch *watch)
{
	spin_lock(&watch->inode->state_lock);
	assert(watch->references > 0);
	watch->references++;
	spin_unlock(&watch->inode->state_lock);
}

/* State lock held; true: the caller lets go of it with release(). */
static bool put_locked(struct inode_watch *watch)
{
	assert(watch->references > 0);
	if (--watch->references > 0)
		return false;
	assert(!events_of(watch));
	list_remove(&watch->of_inode);
	return true;
}

static void release(struct inode_watch *watch)
{
	struct inode *inode = watch->inode;

	watch->ops->release(watch);
	inode_put(inode);
}

void inode_watch_put(struct inode_watch *watch)
{
	bool is_last;

	spin_lock(&watch->inode->state_lock);
	is_last = put_locked(watch);
	spin_unlock(&watch->inode->state_lock);
	if (is_last)
		release(watch);
}

/*
 * The next watch on `inode` behind `previous` (NULL: the first) that asked for one of `events`, not
 * for one of `except`; referenced, and `previous` put. NULL: no more.
 */
static struct inode_watch *next_watch(struct inode *inode, struct inode_watch *previous,
				      uint32_t events, uint32_t except)
{
	struct inode_watch *found = NULL;
	struct list_node *node;
	bool is_last = false;

	spin_lock(&inode->state_lock);
	node = previous ? previous->of_inode.next : inode->watches.head.next;
	/* No list: nobody ever watched it. */
	for (; node && node != &inode->watches.head; node = node->next) {
		struct inode_watch *watch = container_of(node, struct inode_watch, of_inode);
		uint32_t wanted = events_of(watch);

		if ((wanted & events) && !(wanted & except)) {
			watch->references++;
			found = watch;
			break;
		}
	}
	if (previous)
		is_last = put_locked(previous);
	spin_unlock(&inode->state_lock);
	if (is_last)
		release(previous);
	return found;
}

/* ---- telling --------------------------------------------------------------------------------- */

static bool is_watched(const struct inode *inode, uint32_t event)
{
	return atomic_load_explicit(&inode->watched_events, memory_order_relaxed) & event;
}

/* The caller keeps the inode. */
static void tell(struct inode *inode, uint32_t mask, uint32_t except, uint32_t cookie,
		 const char *name, size_t length)
{
	uint32_t events = mask & (IN_ALL_EVENTS | NOTIFY_RENAMED_INSIDE);
	struct inode_watch *watch = NULL;

	if (!is_watched(inode, events))
		return;
	while ((watch = next_watch(inode, watch, events, except)))
		watch->ops->report(watch, mask, cookie, name, length);
}

static uint32_t directory_bit(const struct inode *inode)
{
	return inode_is(inode, MODE_DIRECTORY) ? IN_ISDIR : 0;
}

static void tell_self(struct inode *inode, uint32_t event)
{
	tell(inode, event | directory_bit(inode), 0, 0, NULL, 0);
}

/*
 * The directory in which `dentry` is, or was until it was removed. Its name and parent may change
 * until the tree is locked.
 */
static void tell_parent(struct dentry *dentry, uint32_t mask, uint32_t except)
{
	char name[NAME_MAX_LENGTH];
	struct dentry *parent;
	size_t length;
	bool is_wanted;

	rcu_read_lock();
	parent = dentry_parent(dentry);
	is_wanted = parent != dentry && is_watched(dentry_inode(parent), mask & EVENTS_OF_CHILDREN);
	rcu_read_unlock();
	if (!is_wanted)
		return;
	spin_lock(&tree_lock);
	parent = dentry_parent(dentry);
	dentry_get(parent);
	length = min_t(size_t, dentry->length, sizeof(name));
	memcpy(name, dentry->name, length);
	spin_unlock(&tree_lock);
	tell(dentry_inode(parent), mask, except, 0, name, length);
	dentry_put(parent);
}

/* Something happened to what `dentry` names: its directory hears of it first. */
static void tell_both(struct dentry *dentry, uint32_t event, uint32_t except)
{
	struct inode *inode = dentry_inode(dentry);
	uint32_t mask = event | directory_bit(inode);

	tell_parent(dentry, mask, except);
	tell(inode, mask, except, 0, NULL, 0);
}

static bool is_special(const struct inode *inode)
{
	return !inode_is(inode, MODE_REGULAR) && !inode_is(inode, MODE_DIRECTORY);
}

void notify_tell_file(struct file *file, uint32_t event)
{
	struct dentry *dentry = file->path.dentry;
	bool is_unlinked = (dentry->flags & DENTRY_UNHASHED) && dentry_parent(dentry) != dentry;

	uint32_t except = is_unlinked ? IN_EXCL_UNLINK : 0;

	/* A mere path is not the file. */
	if (file->mode & FILE_PATH_ONLY)
		return;
	/*
	 * What flows through pipes and devices leaves no trace in their times: who may read just
	 * the directory does not learn of it here either.
	 */
	if ((event & (IN_ACCESS | IN_MODIFY)) && is_special(file->inode))
		tell(file->inode, event, except, 0, NULL, 0);
	else
		tell_both(dentry, event, except);
}

void notify_tell_child(struct inode *dir, const struct dentry *child, uint32_t event)
{
	tell(dir, event | directory_bit(dentry_inode(child)), 0, 0, child->name, child->length);
}

/* Both times at once is utimes(2) and its like; one of them is what reading and writing do. */
static uint32_t events_of_change(uint32_t valid)
{
	bool accessed = valid & (ATTRIBUTE_ACCESSED | ATTRIBUTE_ACCESSED_NOW);
	bool modified = valid & (ATTRIBUTE_MODIFIED | ATTRIBUTE_MODIFIED_NOW);
	uint32_t events = 0;

	if (valid & (ATTRIBUTE_UID | ATTRIBUTE_GID | ATTRIBUTE_MODE))
		events |= IN_ATTRIB;
	if (valid & ATTRIBUTE_SIZE)
		events |= IN_MODIFY;
	if (accessed && modified)
		events |= IN_ATTRIB;
	else if (accessed)
		events |= IN_ACCESS;
	else if (modified)
		events |= IN_MODIFY;
	return events;
}

void notify_tell_attributes(struct dentry *dentry, const struct attributes *attributes)
{
	uint32_t events = events_of_change(attributes->valid);

	if (events)
		tell_both(dentry, events, 0);
}

void notify_tell_extended(struct dentry *dentry)
{
	tell_both(dentry, IN_ATTRIB, 0);
}

void notify_tell_links(struct inode *inode)
{
	tell_self(inode, IN_ATTRIB);
}

void notify_renamed(struct inode *from, const char *old_name, size_t old_length, struct inode *to,
		    const struct dentry *moved, struct inode *replaced)
{
	static atomic_uint last_cookie;
	struct inode *inode = dentry_inode(moved);
	uint32_t directory = directory_bit(inode), cookie;

	if (!notify_is_wanted())
		return;
	cookie = atomic_fetch_add_explicit(&last_cookie, 1, memory_order_relaxed) + 1;
	if (from == to)
		tell(from, NOTIFY_RENAMED_INSIDE, 0, 0, NULL, 0);
	tell(from, IN_MOVED_FROM | directory, 0, cookie, old_name, old_length);
	tell(to, IN_MOVED_TO | directory, 0, cookie, moved->name, moved->length);
	if (replaced)
		tell_self(replaced, IN_ATTRIB);
	tell_self(inode, IN_MOVE_SELF);
}

/* ---- the end of an inode --------------------------------------------------------------------- */

void notify_tell_gone(struct inode *inode)
{
	struct inode_watch *watch = NULL;

	if (atomic_load_explicit(&inode->link_count, memory_order_relaxed) > 0)
		return;
	tell_self(inode, IN_DELETE_SELF);
	while ((watch = next_watch(inode, watch, UINT32_MAX, 0)))
		watch->ops->ended(watch);
}

/* As on Linux, an inode that nobody has open goes before its directory hears of its name. */
void notify_tell_removed(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = dentry_inode(dentry);

	if (!inode_is(inode, MODE_DIRECTORY))
		notify_tell_links(inode);
	if (refcount_read(&dentry->references) == 1)
		notify_tell_gone(inode);
	notify_tell_child(dir, dentry, IN_DELETE);
}

void notify_unmounted(struct super_block *super)
{
	struct inode_watch *watch;

	for (;;) {
		spin_lock(&super->table_lock);
		watch = list_first_entry(&super->watches, struct inode_watch, of_super);
		if (watch)
			inode_watch_get(watch); /* not removed yet: it has the inode's reference */
		spin_unlock(&super->table_lock);
		if (!watch)
			return;
		watch->ops->report(watch, IN_UNMOUNT | directory_bit(watch->inode), 0, NULL, 0);
		watch->ops->ended(watch);
		inode_watch_put(watch);
	}
}
