/*
 * Inodes of tmpfs, and how much memory an instance uses.
 *
 * The page cache is the storage: its pages are made dirty by the first write and, as there is no
 * place to write them back to, stay until they are truncated. A directory entry holds a reference
 * to its inode, so an inode lives as long as it has a name or is open.
 *
 * The size limit. Pages come and go in the cache without asking us, so each file remembers how many
 * of its pages are counted; before a page is written to, and when a file shrinks or goes, that is
 * corrected. Pages that were only read (holes) are counted late or never; reclaim can take them
 * back. What else takes memory counts too, since nobody's death would give it back: a second name
 * of a file as an inode, the target of a symbolic link, unless it is short, as a page.
 */
#include "fs/tmpfs/internal.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "mem/slab.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/char_device.h"
#include "vfs/file.h"
#include "vfs/pipe.h"

enum { SHORT_TARGET = 128 }; /* Linux's number */

static struct slab_cache *inode_slab;

void tmpfs_inode_init(void)
{
	inode_slab = slab_cache_create("tmpfs inode", sizeof(struct tmpfs_inode), 0);
}

static struct inode *inode_alloc(struct super_block *super)
{
	struct tmpfs_inode *inode = slab_alloc_zeroed(inode_slab, 0);

	(void)super;
	return inode ? &inode->inode : NULL;
}

/* A walk may have been reading the link's text until now. */
static void inode_free(struct inode *inode)
{
	kfree(tmpfs_inode(inode)->target);
	slab_free(inode_slab, tmpfs_inode(inode));
}

/* Bring what is counted for `inode` up to date. */
static void recount(struct inode *inode, size_t pages)
{
	struct tmpfs *tmpfs = tmpfs_of(inode);
	atomic_size_t *charged = &tmpfs_inode(inode)->charged_pages;
	size_t old;

	if (atomic_load_explicit(charged, memory_order_relaxed) == pages)
		return;
	old = atomic_exchange_explicit(charged, pages, memory_order_relaxed);

	/* Unsigned wrap-around makes this right for shrinking too. */
	atomic_fetch_add_explicit(&tmpfs->used_pages, pages - old, memory_order_relaxed);
}

int tmpfs_charge_inode(struct tmpfs *tmpfs)
{
	if (atomic_fetch_add_explicit(&tmpfs->inode_count, 1, memory_order_relaxed) <
	    tmpfs->inode_limit)
		return 0;
	tmpfs_uncharge_inode(tmpfs);
	return -ENOSPC;
}

void tmpfs_uncharge_inode(struct tmpfs *tmpfs)
{
	atomic_fetch_sub_explicit(&tmpfs->inode_count, 1, memory_order_relaxed);
}

int tmpfs_charge_target(struct tmpfs *tmpfs, const char *target)
{
	if (strlen(target) < SHORT_TARGET ||
	    atomic_fetch_add_explicit(&tmpfs->used_pages, 1, memory_order_relaxed) <
		    tmpfs->page_limit)
		return 0;
	tmpfs_uncharge_target(tmpfs, target);
	return -ENOSPC;
}

void tmpfs_uncharge_target(struct tmpfs *tmpfs, const char *target)
{
	if (strlen(target) >= SHORT_TARGET)
		atomic_fetch_sub_explicit(&tmpfs->used_pages, 1, memory_order_relaxed);
}

static void inode_release(struct inode *inode)
{
	struct tmpfs *tmpfs = tmpfs_of(inode);

	recount(inode, 0);
	if (inode_is(inode, MODE_DIRECTORY))
		tmpfs_directory_fini(inode);
	tmpfs_attributes_fini(inode);
	if (tmpfs_inode(inode)->target)
		tmpfs_uncharge_target(tmpfs, tmpfs_inode(inode)->target);
	tmpfs_uncharge_inode(tmpfs);
}

/* Before a page is written to: is there room for it, if it is not there yet? */
static int prepare_write(struct page_cache *cache, uint32_t index)
{
	struct inode *inode = cache->owner;
	struct tmpfs *tmpfs = tmpfs_of(inode);
	struct page_frame *frame;

	if (likely(tmpfs->page_limit == SIZE_MAX))
		return 0;
	recount(inode, cache->frame_count);
	if (atomic_load_explicit(&tmpfs->used_pages, memory_order_relaxed) < tmpfs->page_limit)
		return 0;
	frame = page_cache_find(cache, index);
	if (!frame)
		return -ENOSPC;
	page_frame_put(frame);
	return 0;
}

const struct page_cache_ops tmpfs_cache_ops = { .prepare_write = prepare_write };

int tmpfs_refresh(struct inode *inode)
{
	size_t pages = inode->cache.frame_count;

	recount(inode, pages);
	spin_lock(&inode->state_lock);
	inode->block_count = (uint64_t)pages * (PAGE_SIZE / 512);
	spin_unlock(&inode->state_lock);
	return 0;
}

static int statistics(struct super_block *super, struct fs_statistics *out)
{
	const struct tmpfs *tmpfs = super->private;

	memset(out, 0, sizeof(*out));
	out->magic = 0x01021994;	/* TMPFS_MAGIC */
	out->block_size = PAGE_SIZE;
	out->fragment_size = PAGE_SIZE;
	out->name_max = 255;
	if (tmpfs->page_limit != SIZE_MAX) {
		size_t used = tmpfs->used_pages;

		out->blocks = tmpfs->page_limit;
		out->blocks_free = used < tmpfs->page_limit ? tmpfs->page_limit - used : 0;
		out->blocks_available = out->blocks_free;
	}
	if (tmpfs->inode_limit != SIZE_MAX) {
		size_t used = tmpfs->inode_count;

		out->inodes = tmpfs->inode_limit;
		out->inodes_free = used < tmpfs->inode_limit ? tmpfs->inode_limit - used : 0;
	}
	return 0;
}

static void set_kind(struct inode *inode, dev_number device)
{
	switch (inode->mode & MODE_TYPE_MASK) {
	case MODE_REGULAR:
		inode->ops = &tmpfs_file_ops;
		inode->file_ops = &file_ops_cached;
		inode->seals = INODE_SEALABLE | F_SEAL_SEAL; /* memfd_create lifts that */
		break;
	case MODE_DIRECTORY:
		inode->ops = &tmpfs_directory_ops;
		inode->file_ops = &tmpfs_directory_file_ops;
		break;
	case MODE_LINK:
		inode->ops = &tmpfs_link_ops;
		break;
	case MODE_FIFO:
		inode->ops = &tmpfs_special_ops;
		inode->file_ops = &pipe_fifo_ops;
		break;
	case MODE_CHARACTER:
		inode->ops = &tmpfs_special_ops;
		inode->file_ops = &char_device_open_ops;
		inode->device = device;
		break;
	case MODE_BLOCK:
		inode->ops = &tmpfs_special_ops;
		inode->file_ops = &block_device_file_ops;
		inode->device = device;
		break;
	default:
		inode->ops = &tmpfs_special_ops; /* a socket's name: cannot be opened */
	}
}

int tmpfs_inode_create(struct super_block *super, file_mode mode, dev_number device, user_id uid,
		       group_id gid, struct inode **out)
{
	struct tmpfs *tmpfs = super->private;
	struct tmpfs_inode *own;
	struct inode *inode;
	int error = tmpfs_charge_inode(tmpfs);

	if (error)
		return error;
	inode = inode_create(super);
	if (!inode) {
		tmpfs_uncharge_inode(tmpfs);
		return -ENOMEM;
	}
	own = tmpfs_inode(inode);
	rbtree_init(&own->names);
	rbtree_init(&own->positions);
	list_init(&own->order);
	list_init(&own->attributes);
	own->next_position = 2;	/* after "." and ".." */
	inode->number = atomic_fetch_add_explicit(&super->next_inode_number, 1,
						  memory_order_relaxed);
	inode->mode = mode;
	inode->uid = uid;
	inode->gid = gid;
	inode->cache.ops = &tmpfs_cache_ops;
	time_stamp_now(&inode->born);
	inode->accessed = inode->modified = inode->changed = inode->born;
	set_kind(inode, device);
	*out = inode;
	return 0;
}

const struct super_ops tmpfs_super_ops = {
	.inode_alloc = inode_alloc,
	.inode_free = inode_free,
	.inode_release = inode_release,
	.statistics = statistics,
	.remount = tmpfs_remount,
	.unmount = tmpfs_unmount,
	.show_options = tmpfs_show_options,
};
