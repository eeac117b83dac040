/*
 * Notices of what happens in a directory (dnotify), on top of vfs's watches.
 *
 * There is one notice for each open file and descriptor table that asked. It watches the directory,
 * and tells the file's owner (proc/file_owner.h) of what it asked for. It ends when any descriptor
 * of its table for the file is closed, after its first event unless it is for many, or with the
 * directory.
 *
 * Locks. notices_lock keeps the list, and a notice's file while it is told: who closes a file takes
 * it off first. Only spinlocks are taken inside.
 */
#include "proc/directory_notice.h"

#include "mem/kmalloc.h"
#include "proc/file_owner.h"
#include "proc/process.h"
#include "sched/mutex.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/file.h"
#include "vfs/notify.h"

/* [n] notices_lock  [I] immutable */
struct notice {
	struct inode_watch watch;
	struct list_node node;		/* [n] in notices; not there: it has ended */
	struct file *file;		/* [n] not referenced */
	const void *table;		/* [I] */
	int fd;				/* [n] */
	uint32_t kinds;			/* [n] DN_... */
};

static struct mutex notices_lock;
static struct list notices = LIST_INIT(notices);	/* [n] */
static atomic_bool is_enabled = true;

bool directory_notice_is_enabled(void)
{
	return atomic_load_explicit(&is_enabled, memory_order_relaxed);
}

void directory_notice_enable(bool on)
{
	atomic_store_explicit(&is_enabled, on, memory_order_relaxed);
}

void directory_notice_init(void)
{
	mutex_init(&notices_lock, LOCK_RANK_SLEEPING_LEAF, "directory notices");
}

static uint32_t events_of(uint32_t kinds)
{
	return (kinds & DN_ACCESS ? IN_ACCESS : 0) | (kinds & DN_MODIFY ? IN_MODIFY : 0) |
	       (kinds & DN_CREATE ? IN_CREATE | IN_MOVED_TO : 0) |
	       (kinds & DN_DELETE ? IN_DELETE | IN_MOVED_FROM : 0) |
	       (kinds & DN_RENAME ? NOTIFY_RENAMED_INSIDE : 0) |
	       (kinds & DN_ATTRIB ? IN_ATTRIB : 0);
}

/* It hears no more. Returns whether the caller has to put the inode's reference, once unlocked. */
static bool end_locked(struct notice *notice)
{
	mutex_assert_held(&notices_lock);
	if (!list_node_is_linked(&notice->node))
		return false;
	list_remove(&notice->node);
	notice->file = NULL;
	return inode_watch_remove(&notice->watch);
}

/* ---- what vfs calls -------------------------------------------------------------------------- */

static struct notice *notice_of(struct inode_watch *watch)
{
	return container_of(watch, struct notice, watch);
}

static void notice_report(struct inode_watch *watch, uint32_t mask, uint32_t cookie,
			  const char *name, size_t length)
{
	struct notice *notice = notice_of(watch);
	bool has_ended = false;

	(void)cookie;
	(void)name;
	(void)length;
	mutex_lock(&notices_lock);
	if (notice->file && (events_of(notice->kinds) & mask)) {
		file_owner_tell(notice->file, notice->fd, NEWS_MESSAGE);
		if (!(notice->kinds & DN_MULTISHOT))
			has_ended = end_locked(notice);
	}
	mutex_unlock(&notices_lock);
	if (has_ended)
		inode_watch_put(watch);
}

static void notice_ended(struct inode_watch *watch)
{
	bool has_ended;

	mutex_lock(&notices_lock);
	has_ended = end_locked(notice_of(watch));
	mutex_unlock(&notices_lock);
	if (has_ended)
		inode_watch_put(watch);
}

static void notice_release(struct inode_watch *watch)
{
	kfree(notice_of(watch));
}

static const struct inode_watch_ops notice_ops = {
	.report = notice_report,
	.ended = notice_ended,
	.release = notice_release,
};

/* ---- what programs ask ----------------------------------------------------------------------- */

static struct notice *find_locked(const struct file *file, const void *table)
{
	struct notice *notice;

	list_for_each_entry(notice, &notices, node) {
		if (notice->file == file && (!table || notice->table == table))
			return notice;
	}
	return NULL;
}

void directory_notice_end(struct file *file, const void *table)
{
	struct notice *notice;
	bool has_ended;

	do {
		mutex_lock(&notices_lock);
		notice = find_locked(file, table);
		has_ended = notice && end_locked(notice);
		mutex_unlock(&notices_lock);
		if (has_ended)
			inode_watch_put(&notice->watch);
	} while (notice);
}

static void add_locked(struct notice *notice, struct file *file, int fd, const void *table,
		       uint32_t kinds)
{
	notice->file = file;
	notice->table = table;
	notice->fd = fd;
	notice->kinds = kinds;
	notice->watch.inode = file->inode;
	notice->watch.owner = notice;
	notice->watch.ops = &notice_ops;
	list_add_tail(&notices, &notice->node);
	inode_watch_add(&notice->watch, events_of(kinds));
}

int directory_notice_set(struct file *file, int fd, const void *table, uint32_t kinds)
{
	struct notice *fresh, *notice;
	int error;

	if (!directory_notice_is_enabled())
		return -EINVAL;
	if (!(kinds & DN_KINDS)) {
		directory_notice_end(file, table);
		return 0;
	}
	if (!inode_is(file->inode, MODE_DIRECTORY))
		return -ENOTDIR;
	fresh = kzalloc(sizeof(*fresh), 0);
	if (!fresh)
		return -ENOMEM;
	error = file_owner_set_default(file, FILE_OWNER_PROCESS, process_current()->id);
	if (error) {
		kfree(fresh);
		return error;
	}
	mutex_lock(&notices_lock);
	notice = find_locked(file, table);
	if (notice) {
		notice->fd = fd;
		notice->kinds |= kinds;
		inode_watch_change(&notice->watch, events_of(kinds), true);
	} else {
		add_locked(fresh, file, fd, table, kinds);
		fresh = NULL;
	}
	/* Nobody else changes the mode. Who closes the file right now may miss it: see `end`. */
	__atomic_fetch_or(&file->mode, FILE_FLUSHES, __ATOMIC_RELAXED);
	mutex_unlock(&notices_lock);
	kfree(fresh);
	return 0;
}
