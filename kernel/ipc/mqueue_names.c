/*
 * POSIX message queues: their names, a file system of one directory.
 *
 * The kernel mounts its one instance where nobody sees it; mq_open() and mq_unlink() are open and
 * unlink in there, so permissions, the sticky bit and names that are busy are vfs's business. What
 * a new queue shall be like cannot be said by open(2): the thread that creates leaves its wish in a
 * list, where create() looks for it. Who creates by open(2) has left none and gets the usual.
 *
 * The directory is a list; names that are in use are found by vfs in its own cache. A name holds a
 * reference to the inode, so a queue lives as long as it has a name or is open.
 */
#include "core/assert.h"
#include "core/panic.h"
#include "ipc/mqueue_internal.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "mem/slab.h"
#include "proc/process.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/credentials.h"
#include "vfs/file.h"
#include "vfs/namespace_ops.h"

enum { MQUEUE_MAGIC = 0x19800202, NAME_SIZE = 20, FILE_SIZE = 80 /* as Linux shows them */ };

struct mqueue_name {
	struct list_node node;		/* [i] the directory's lock */
	uint64_t position;		/* [I] what telldir gives */
	struct inode *inode;		/* [I] reference */
	size_t length;			/* [I] */
	char text[];			/* [I] not terminated */
};

/* What a thread that is just in mqueue_open wants; on its stack. */
struct wish {
	struct list_node node;		/* [wishes_lock] */
	const struct thread *thread;	/* [I] */
	const struct mqueue_attributes *attributes;	/* [I] */
};

static struct slab_cache *inode_slab;
static struct mount *top;		/* [I] */
static atomic_uint queue_count;
static struct spinlock wishes_lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "message queue wishes");
static struct list wishes = LIST_INIT(wishes);

static const struct mqueue_attributes usual = { MQUEUE_MESSAGES_MAX, MQUEUE_SIZE_MAX };

/* ---- inodes ---------------------------------------------------------------------------------- */

static struct inode *inode_alloc(struct super_block *super)
{
	struct mqueue_inode *inode = slab_alloc_zeroed(inode_slab, 0);

	(void)super;
	return inode ? &inode->inode : NULL;
}

static void inode_free(struct inode *inode)
{
	slab_free(inode_slab, mqueue_inode(inode));
}

static void inode_release(struct inode *inode)
{
	if (inode_is(inode, MODE_REGULAR))
		mqueue_clear(&mqueue_inode(inode)->queue);
}

static int statistics(struct super_block *super, struct fs_statistics *out)
{
	memset(out, 0, sizeof(*out));
	out->magic = MQUEUE_MAGIC;
	out->block_size = super->block_size;
	out->fragment_size = super->block_size;
	out->name_max = 255;
	return 0;
}

static const struct super_ops super_ops = {
	.inode_alloc = inode_alloc,
	.inode_free = inode_free,
	.inode_release = inode_release,
	.statistics = statistics,
};

static const struct inode_ops queue_inode_ops, directory_inode_ops;
static const struct file_ops directory_file_ops;

static void set_size(struct inode *inode, uint64_t size)
{
	page_cache_set_size(&inode->cache, size);
}

static struct inode *make_inode(struct super_block *super, file_mode mode, user_id uid,
				group_id gid)
{
	struct inode *inode = inode_create(super);

	if (!inode)
		return NULL;
	inode->number = atomic_fetch_add_explicit(&super->next_inode_number, 1,
						  memory_order_relaxed);
	inode->mode = mode;
	inode->uid = uid;
	inode->gid = gid;
	time_stamp_now(&inode->accessed);
	inode->modified = inode->changed = inode->accessed;
	return inode;
}

/* ---- the directory --------------------------------------------------------------------------- */

static struct mqueue_name *find(struct inode *dir, const char *text, size_t length)
{
	struct mqueue_name *name;

	list_for_each_entry(name, &mqueue_inode(dir)->names, node) {
		if (name->length == length && memcmp(name->text, text, length) == 0)
			return name;
	}
	return NULL;
}

static int lookup(struct inode *dir, const char *text, size_t length, struct inode **out)
{
	struct mqueue_name *name = find(dir, text, length);

	if (!name)
		return -ENOENT;
	inode_get(name->inode);
	*out = name->inode;
	return 0;
}

static const struct mqueue_attributes *wished(void)
{
	const struct mqueue_attributes *found = &usual;
	irq_flags flags = spin_lock_irq(&wishes_lock);
	struct wish *wish;

	list_for_each_entry(wish, &wishes, node) {
		if (wish->thread == thread_current())
			found = wish->attributes;
	}
	spin_unlock_irq(&wishes_lock, flags);
	return found;
}

/* One more queue: within the limit for those who have one? */
static bool count_queue(void)
{
	unsigned int old = atomic_fetch_add_explicit(&queue_count, 1, memory_order_relaxed);

	if (old < MQUEUE_COUNT_MAX || credentials_capable(credentials_current(), CAP_SYS_RESOURCE))
		return true;
	atomic_fetch_sub_explicit(&queue_count, 1, memory_order_relaxed);
	return false;
}

static int create(struct inode *dir, const char *text, size_t length, file_mode mode,
		  dev_number device, user_id uid, group_id gid, struct inode **out)
{
	struct mqueue_name *name;
	struct inode *inode;
	int error = -ENOMEM;

	(void)device;
	if ((mode & MODE_TYPE_MASK) != MODE_REGULAR)
		return -EPERM;
	if (!count_queue())
		return -ENOSPC;
	name = kmalloc(sizeof(*name) + length, 0);
	if (!name)
		goto uncount;
	inode = make_inode(dir->super, mode, uid, gid);
	if (!inode)
		goto free_name;
	error = mqueue_setup(&mqueue_inode(inode)->queue, wished());
	if (error)
		goto put_inode;
	inode->ops = &queue_inode_ops;
	inode->file_ops = &mqueue_file_ops;
	set_size(inode, FILE_SIZE);
	name->inode = inode;
	name->length = length;
	name->position = mqueue_inode(dir)->next_position++;
	memcpy(name->text, text, length);
	list_add_tail(&mqueue_inode(dir)->names, &name->node);
	set_size(dir, inode_size(dir) + NAME_SIZE);
	inode_get(inode);
	*out = inode;
	return 0;

put_inode:
	atomic_store(&inode->link_count, 0);
	inode_put(inode);
free_name:
	kfree(name);
uncount:
	atomic_fetch_sub_explicit(&queue_count, 1, memory_order_relaxed);
	return error;
}

/* As on Linux, a queue without a name no longer counts, even while it is open. */
static int unlink(struct inode *dir, const char *text, size_t length, struct inode *target)
{
	struct mqueue_name *name = find(dir, text, length);

	assert(name && name->inode == target);
	list_remove(&name->node);
	kfree(name);
	set_size(dir, inode_size(dir) - NAME_SIZE);
	atomic_fetch_sub_explicit(&target->link_count, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&queue_count, 1, memory_order_relaxed);
	inode_put(target);
	return 0;
}

static int read_directory(struct file *file, struct directory_sink *sink)
{
	struct inode *dir = file->inode;
	struct mqueue_name *name;

	if (file->position == 0) {
		if (!sink->add(sink, ".", 1, dir->number, 1, DT_DIR))
			return 0;
		file->position = 1;
	}
	if (file->position == 1) {
		if (!sink->add(sink, "..", 2, dir->number, 2, DT_DIR))
			return 0;
		file->position = 2;
	}
	list_for_each_entry(name, &mqueue_inode(dir)->names, node) {
		file_offset next = (file_offset)name->position + 1;

		if (name->position < (uint64_t)file->position)
			continue;
		if (!sink->add(sink, name->text, name->length, name->inode->number, next, DT_REG))
			break;
		file->position = next;
	}
	return 0;
}

static const struct inode_ops queue_inode_ops = { 0 };
static const struct inode_ops directory_inode_ops = {
	.lookup = lookup,
	.create = create,
	.unlink = unlink,
};
static const struct file_ops directory_file_ops = { .read_directory = read_directory };

static int mount_super(struct super_block *super, const char *options, struct inode **root)
{
	struct inode *inode;

	(void)options;
	super->ops = &super_ops;
	super->block_size = PAGE_SIZE;
	inode = make_inode(super, MODE_DIRECTORY | 01777, 0, 0);
	if (!inode)
		return -ENOMEM;
	inode->ops = &directory_inode_ops;
	inode->file_ops = &directory_file_ops;
	inode->link_count = 2;
	list_init(&mqueue_inode(inode)->names);
	mqueue_inode(inode)->next_position = 2;	/* after "." and ".." */
	set_size(inode, 2 * NAME_SIZE);
	*root = inode;
	return 0;
}

static struct file_system_type mqueue_type = {
	.name = "mqueue",
	.single = true,
	.mount = mount_super,
};

void mqueue_init(void)
{
	inode_slab = slab_cache_create("message queue", sizeof(struct mqueue_inode), 0);
	file_system_register(&mqueue_type);
	if (mount_create_internal("mqueue", NULL, &top) != 0)
		panic("no memory for the file system of message queues");
}

/* ---- mq_open, mq_unlink ---------------------------------------------------------------------- */

/* Names are of one part, and of this directory. */
static int check_name(const char *name)
{
	if (!*name)
		return -ENOENT;
	if (strlen(name) > 255)
		return -ENAMETOOLONG;
	if (strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
		return -EACCES;
	return 0;
}

static struct walk_context context_for(const struct credentials *credentials)
{
	struct path root = { .mount = top, .dentry = top->root };

	return (struct walk_context){ .root = root, .start = root, .credentials = credentials };
}

int mqueue_open(const char *name, uint32_t flags, file_mode mode,
		const struct mqueue_attributes *attributes, const struct credentials *credentials,
		struct file **out)
{
	struct walk_context context = context_for(credentials);
	struct wish wish = { .thread = thread_current(), .attributes = attributes };
	irq_flags irq;
	int error = check_name(name);

	if (error)
		return error;
	if (attributes) {
		irq = spin_lock_irq(&wishes_lock);
		list_add_tail(&wishes, &wish.node);
		spin_unlock_irq(&wishes_lock, irq);
	}
	error = file_open(&context, name, flags, mode, out);
	if (attributes) {
		irq = spin_lock_irq(&wishes_lock);
		list_remove(&wish.node);
		spin_unlock_irq(&wishes_lock, irq);
	}
	return error;
}

int mqueue_unlink(const char *name, const struct credentials *credentials)
{
	struct walk_context context = context_for(credentials);
	int error = check_name(name);

	return error ? error : namespace_unlink(&context, name);
}
