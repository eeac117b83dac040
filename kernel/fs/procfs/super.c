/*
 * The procfs instance and its inodes.
 */
#include "fs/procfs/internal.h"
#include "fs/procfs/procfs.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"

#define PROCFS_MAGIC 0x9fa0u /* PROC_SUPER_MAGIC */

static struct slab_cache *inode_cache;

static struct inode *inode_alloc(struct super_block *super)
{
	struct procfs_inode *inode = slab_alloc_zeroed(inode_cache, 0);

	(void)super;
	return inode ? &inode->inode : NULL;
}

static void inode_free(struct inode *inode)
{
	slab_free(inode_cache, procfs_inode(inode));
}

static void inode_release(struct inode *inode)
{
	struct procfs_inode *own = procfs_inode(inode);

	if (own->subject.process)
		process_put(own->subject.process);
	own->subject.process = NULL;
}

static int statistics(struct super_block *super, struct fs_statistics *out)
{
	(void)super;
	out->magic = PROCFS_MAGIC;
	out->block_size = PAGE_SIZE;
	out->name_max = 255;
	return 0;
}

static const struct super_ops procfs_super_ops = {
	.inode_alloc = inode_alloc,
	.inode_free = inode_free,
	.inode_release = inode_release,
	.statistics = statistics,
};

uint64_t procfs_inode_number(const struct procfs_entry *entry, const struct procfs_subject *subject)
{
	uint64_t number = entry->id;

	if (subject->thread)
		number += (uint64_t)(uint32_t)subject->thread << 8 | 1ull << 62;
	else if (subject->process)
		number += (uint64_t)(uint32_t)subject->process->id << 8 | 1ull << 61;
	if (subject->fd >= 0)
		number += (uint64_t)(uint32_t)(subject->fd + 1) << 32;
	/* Programs compare 32 bits. */
	return (uint32_t)(number ^ number >> 32) ? (uint32_t)(number ^ number >> 32) : 1;
}

/*
 * Files about a process belong to whom it acts as, if that may be known; else to root. What all may
 * read of a directory tells nothing.
 */
void procfs_refresh_owner(struct inode *inode)
{
	struct process *process = procfs_inode(inode)->subject.process;
	const struct credentials *credentials;
	bool may_be_known;

	if (!process)
		return;
	may_be_known = atomic_load_explicit(&process->dumpable, memory_order_relaxed) ||
		       inode->mode == (MODE_DIRECTORY | 0555);
	credentials = process_credentials_get(process);
	inode->uid = may_be_known ? credentials->euid : 0;
	inode->gid = may_be_known ? credentials->egid : 0;
	credentials_put(credentials);
}

static int refresh(struct inode *inode)
{
	procfs_refresh_owner(inode);
	return 0;
}

/*
 * A name about a process is right until the process is forgiven; a descriptor's is asked anew
 * each time.
 */
static bool revalidate(struct inode *inode)
{
	const struct procfs_subject *subject = &procfs_inode(inode)->subject;

	if (subject->fd >= 0 || subject->thread)
		return false;
	procfs_refresh_owner(inode);
	return !subject->process || subject->process->state != PROCESS_FORGIVEN;
}

static ssize_t read_link(struct inode *inode, char *buffer, size_t size)
{
	struct procfs_inode *own = procfs_inode(inode);

	return own->entry->read_link(&own->subject, buffer, size);
}

static int follow_link(struct inode *inode, struct path *out)
{
	struct procfs_inode *own = procfs_inode(inode);

	return own->entry->follow_link(&own->subject, out);
}

/* The shell's ">" cuts before it writes: nothing is there to be cut. */
static int truncate(struct inode *inode, uint64_t size)
{
	(void)inode, (void)size;
	return 0;
}

const struct inode_ops procfs_file_inode_ops = {
	.truncate = truncate,
	.refresh = refresh,
	.revalidate = revalidate,
};

const struct inode_ops procfs_link_inode_ops = {
	.read_link = read_link,
	.refresh = refresh,
	.revalidate = revalidate,
};

static const struct inode_ops magic_link_inode_ops = {
	.read_link = read_link,
	.follow_link = follow_link,
	.refresh = refresh,
	.revalidate = revalidate,
};

static const struct inode_ops *default_inode_ops(const struct procfs_entry *entry)
{
	switch (entry->mode & MODE_TYPE_MASK) {
	case MODE_DIRECTORY:
		return &procfs_static_directory_inode_ops;
	case MODE_LINK:
		return entry->follow_link ? &magic_link_inode_ops : &procfs_link_inode_ops;
	default:
		return &procfs_file_inode_ops;
	}
}

int procfs_inode_create(struct super_block *super, const struct procfs_entry *entry,
			const struct procfs_subject *subject, struct inode **out)
{
	struct inode *inode = inode_create(super);
	struct procfs_inode *own;

	if (!inode)
		return -ENOMEM;
	own = procfs_inode(inode);
	own->entry = entry;
	own->subject = *subject;
	if (subject->process)
		process_get(subject->process);
	inode->mode = entry->mode;
	inode->number = procfs_inode_number(entry, subject);
	inode->link_count = inode_is(inode, MODE_DIRECTORY) ? 2 : 1;
	inode->ops = entry->inode_ops ? entry->inode_ops : default_inode_ops(entry);
	if (inode_is(inode, MODE_DIRECTORY))
		inode->file_ops = entry->directory_ops ? entry->directory_ops
						       : &procfs_static_directory_file_ops;
	else
		inode->file_ops = entry->file_ops ? entry->file_ops : &procfs_text_file_ops;
	time_stamp_now(&inode->modified);
	inode->accessed = inode->changed = inode->modified;
	procfs_refresh_owner(inode);
	*out = inode;
	return 0;
}

static int procfs_mount(struct super_block *super, const char *options, struct inode **root)
{
	const struct procfs_subject nobody = { .fd = -1 };

	(void)options; /* Linux's hidepid= and gid= are accepted and do nothing */
	super->ops = &procfs_super_ops;
	super->block_size = 1024;
	super->max_file_size = UINT64_MAX; /* no limits: its files have no size */
	return procfs_inode_create(super, &procfs_root_entry, &nobody, root);
}

static struct file_system_type procfs_type = {
	.name = "proc",
	.single = true,
	.mount = procfs_mount,
};

void procfs_init(void)
{
	inode_cache = slab_cache_create("procfs inode", sizeof(struct procfs_inode), 0);
	file_system_register(&procfs_type);
}
