/*
 * What the files of vfs/ share: the tree's sequence, dentries by name, walks in steps.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include "core/seqlock.h"
#include "core/spinlock.h"
#include "lib/string.h"
#include "vfs/credentials.h"
#include "vfs/dentry.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/mount.h"
#include "vfs/path_walk.h"
#include "vfs/permission.h"

/*
 * The shape of the tree. Names and parents of dentries and places of mounts change only between
 * tree_write_begin and tree_write_end. A reader without locks reads the sequence, walks under RCU,
 * and believes what it found only if the sequence is still the same.
 */
extern struct spinlock tree_lock; /* LOCK_RANK_MOUNT_HASH; the writers' side of tree_sequence */
extern struct seqcount tree_sequence;

static inline unsigned int tree_read_begin(void)
{
	return seq_read_begin(&tree_sequence);
}

static inline bool tree_read_retry(unsigned int start)
{
	return seq_read_retry(&tree_sequence, start);
}

void tree_write_begin(void);
void tree_write_end(void);

/* ---- dentry_cache.c: dentries by parent and name --------------------------------------------- */

extern uint32_t dentry_hash_seed;		 /* [I] */
/* [I] the array; its elements under bucket locks */
extern struct dentry *_Atomic *dentry_buckets;
extern unsigned int dentry_bucket_shift;	 /* [I] 32 - log2 of the number of buckets */

/* FNV-1a, begun with the parent: the walk computes it while it looks for the next slash. */
static inline uint32_t dentry_hash_begin(const struct dentry *parent)
{
	return dentry_hash_seed ^ (uint32_t)((uintptr_t)parent >> 4);
}

static inline uint32_t dentry_hash_step(uint32_t hash, char byte)
{
	return (hash ^ (uint8_t)byte) * UINT32_C(0x01000193);
}

uint32_t dentry_hash_name(const struct dentry *parent, const char *name, size_t length);
void dentry_cache_init(void);

/*
 * Relaxed: torn combinations happen only while the tree's sequence is odd, and then nobody believes
 * the result.
 */
static inline bool dentry_is_named(const struct dentry *dentry, const struct dentry *parent,
				   const char *name, size_t length, uint32_t hash)
{
	const char *own;

	if (atomic_load_explicit(&dentry->hash, memory_order_relaxed) != hash ||
	    atomic_load_explicit(&dentry->parent, memory_order_relaxed) != parent ||
	    atomic_load_explicit(&dentry->length, memory_order_relaxed) != length)
		return false;
	own = atomic_load_explicit(&dentry->name, memory_order_acquire);
	return bytes_are_equal(own, name, length);
}

/*
 * Borrowed, or NULL: not cached (or just being moved). Under RCU. Inline: half of a walk is here.
 */
static inline struct dentry *dentry_find_rcu(const struct dentry *parent, const char *name,
					     size_t length, uint32_t hash)
{
	struct dentry *dentry = rcu_read(dentry_buckets[hash >> dentry_bucket_shift]);

	while (dentry && !dentry_is_named(dentry, parent, name, length, hash))
		dentry = rcu_read(dentry->hash_next);
	return dentry;
}
/* The same with a reference and certain: no RCU needed. */
struct dentry *dentry_get_cached(const struct dentry *parent, const char *name, size_t length,
				 uint32_t hash);
/* Make `dentry` findable, unless another of its name is: then that one, referenced; else NULL. */
struct dentry *dentry_insert(struct dentry *dentry);
/* Take it out of the table: nobody finds it any more. Idempotent. */
void dentry_unhash(struct dentry *dentry);
/*
 * Between tree_write_begin and _end: give `dentry` another parent and name; references are the
 * caller's business.
 */
void dentry_rehash(struct dentry *dentry, struct dentry *parent, const char *name, size_t length);

/* ---- dentry.c: life -------------------------------------------------------------------------- */

void dentry_init(void);
/*
 * A new one, referenced, not findable yet, that holds a reference to `parent` (NULL: it is a root)
 * and takes over the one to `inode` (NULL: negative) on success. NULL: no memory.
 */
struct dentry *dentry_create(struct super_block *super, struct dentry *parent, const char *name,
			     size_t length, struct inode *inode);
/* A negative dentry gets its inode; takes over the reference. */
void dentry_instantiate(struct dentry *dentry, struct inode *inode);
/*
 * Before it can be found: `dentry` is the one that leads to its directory. False: there is another.
 * Of a negative one, or of any other file, there is nothing to take: true.
 */
must_check bool dentry_take_directory(struct dentry *dentry);

/* Without a reference in hand, under RCU or a lock that keeps the memory: false if it is dying. */
static inline bool dentry_try_get(struct dentry *dentry)
{
	int old = atomic_load_explicit(&dentry->references.count, memory_order_relaxed);

	while (old >= 0) {
		if (atomic_compare_exchange_weak_explicit(&dentry->references.count, &old, old + 1,
							  memory_order_acquire,
							  memory_order_relaxed))
			return true;
	}
	return false;
}

/* Forget unused children (negative ones of a removed directory). May sleep. */
void dentry_prune_children(struct dentry *dentry);
/* Forget all unused dentries of a file system, leaves first. May sleep. */
void dentry_prune_super(struct super_block *super);

/* Rename: memory for the new name first, then the move, which cannot fail. May sleep. */
must_check int dentry_name_create(const char *name, size_t length, const char **out);
void dentry_name_destroy(const char *name);
void dentry_move(struct dentry *dentry, struct dentry *parent, const char *name, size_t length);
void dentry_exchange(struct dentry *a, const char *name_a, struct dentry *b, const char *name_b);
/*
 * Is `ancestor` the same as `dentry` or above it, within one file system? Renames excluded by the
 * caller.
 */
bool dentry_is_ancestor(const struct dentry *ancestor, const struct dentry *dentry);

/* ---- mount_table.c --------------------------------------------------------------------------- */

/* The mount directly on (parent, dentry), borrowed, or NULL. Under RCU or tree_lock. */
struct mount *mount_find_child(const struct mount *parent, const struct dentry *dentry);
/*
 * Make the table fit what is in it and one mount more, if there is memory: only speed depends on
 * it. Mount mutex held, tree_lock not.
 */
void mount_table_fit(void);
size_t mount_table_count(void);	/* all but the root. Mount mutex held. */
/* The same before a mount enters, which needs some table. Errors: -ENOMEM: there is none. */
must_check int mount_table_reserve(void);
/*
 * Between tree_write_begin and _end, mount mutex held: into and out of the tree. References are the
 * caller's.
 */
void mount_table_add(struct mount *mount, struct mount *parent, struct dentry *mount_point);
void mount_table_remove(struct mount *mount);

/* ---- mount.c --------------------------------------------------------------------------------- */

extern struct mutex mount_mutex;

/*
 * A mount of `super` (its reference is taken over on success) rooted at `root`. Mount mutex held.
 */
must_check int mount_alloc(struct super_block *super, struct dentry *root, const char *source,
			   uint32_t flags, struct mount **out);
/* Drop the last reference right here. May sleep; no locks held but perhaps the mount mutex. */
void mount_put_now(struct mount *mount);
void mount_init(void);
/*
 * One step up ("..") from `path`, not beyond `root`, and onto what is mounted there; references
 * move along. False: there was nothing to step up to, but something may be mounted on the root
 * itself.
 */
bool mount_step_up(struct path *path, const struct path *root);

/* ---- super_block.c --------------------------------------------------------------------------- */

/* Mount mutex held. The super block for a mount(2): new, or one that exists already. Referenced. */
must_check int super_block_get(const struct file_system_type *type, const char *source,
			       uint32_t flags, const char *options, struct super_block **out);
/* Mount mutex held; the last reference syncs and shuts the file system down. */
void super_block_put(struct super_block *super);
void super_block_for_each(void (*visit)(struct super_block *super, void *argument),
			  void *argument);
/* Write all that is dirty; `wait`: until it is on the device. Errors, which are logged: -EIO. */
must_check int super_block_sync(struct super_block *super, bool wait);
/* Is an inode of it dirty in one of the ways of `what` (enum inode_dirty)? */
bool super_block_is_dirty(struct super_block *super, unsigned int what);
/*
 * super_block_sync() until no inode is dirty in one of those ways; nobody changes anything
 * meanwhile. Errors: -EIO, -ENOMEM (something stays dirty).
 */
must_check int super_block_write_all(struct super_block *super, unsigned int what);
void super_block_inode_freed(struct super_block *super);
void super_block_init(void);
void freeze_init(void);

/* ---- inode.c, inode_table.c ------------------------------------------------------------------ */

void inode_init(void);
/* Throw out `inode`, which is FREEING and belongs to the caller alone. May sleep. */
void inode_evict(struct inode *inode);
/* The rest of it, when its pages are gone; put off if its file system is frozen. */
void inode_delete_and_free(struct inode *inode);
void inode_table_remove(struct inode *inode);
/* Off the list of dirty ones; what was dirty (enum inode_dirty), which is forgotten. */
unsigned int inode_unlist_dirty(struct inode *inode);
void inode_table_fini(struct super_block *super);

/* Programs that do not say O_LARGEFILE know only offsets of 31 bits. */
#define SMALL_FILE_MAX UINT64_C(0x7fffffff)

/* ---- file.c ---------------------------------------------------------------------------------- */

void file_init(void);
/*
 * What is remembered of the flags of open(2): those that fcntl(F_GETFL) shows, and O_NOCTTY until a
 * terminal has seen it.
 */
#define FILE_REMEMBERED_FLAGS (~(uint32_t)(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC))
/*
 * A description of `path` (its references are taken over on success); ops, inode and credentials
 * set, not opened yet.
 */
must_check int file_create(const struct path *path, uint32_t flags, uint32_t access,
			   const struct credentials *credentials, struct file **out);
/*
 * The same in two steps, the first of which may fail and the second not; or back again. NULL: no
 * memory.
 */
struct file *file_alloc(void);
void file_setup(struct file *file, const struct path *path, uint32_t flags, uint32_t access,
		const struct credentials *credentials);
void file_free(struct file *file);
/*
 * For an anonymous file with an inode of its own; takes over the reference to `inode` on success.
 */
must_check int file_create_with_inode(const char *name, struct inode *inode,
				      const struct file_ops *ops, void *private, uint32_t flags,
				      uint32_t access, struct file **out);
void anonymous_init(void);
/* A new inode of the file system of files without names. NULL: no memory. */
struct inode *anonymous_inode_create(file_mode mode);
/* "pipe:[7]" and so on, as /proc/PID/fd shows it. */
size_t anonymous_format(const struct dentry *dentry, char *buffer, size_t size);

/* ---- path_walk.c: a walk that stops before the last part ------------------------------------- */

#define WALK_LINKS_MAX 40 /* as Linux: more are -ELOOP */

struct walk {
	const struct walk_context *context;
	uint32_t flags;
	struct path root;		/* borrowed from the context; what ".." does not pass */
	struct path path;		/* where we are; referenced */
	const char *rest;		/* what is still to be walked */
	const char *name;		/* the last part, when walk_to_last returned */
	size_t length;
	enum last_part type;
	bool trailing_slash;		/* behind the last part, or behind a link that led to it */
	bool jumped;			/* a magic link led here: no text behind it */
	unsigned int sequence;		/* the tree's when the walk began: see go_up() */
	unsigned int link_count;
	unsigned int depth;
	char *text;			/* of the link being walked, or NULL: the caller's name */
	struct { char *text; const char *rest; } saved[WALK_LINKS_MAX];
};

must_check int walk_begin(struct walk *walk, const struct walk_context *context, const char *name,
			  uint32_t flags);
/* On to the directory that holds the last part. */
must_check int walk_to_last(struct walk *walk);
/* The last part's place: referenced, mounts crossed; perhaps negative. Type is LAST_NAME. */
must_check int walk_lookup_last(struct walk *walk, struct path *out);
/* A last part that is no name: the place itself, with a reference taken over from the walk. */
must_check int walk_finish_dots(struct walk *walk, struct path *out);
/*
 * The last part turned out to be link `inode` (kept by the caller meanwhile): go where it leads;
 * then walk_to_last again.
 */
must_check int walk_into_link(struct walk *walk, struct inode *inode);
void walk_end(struct walk *walk);

/* ---- permission ------------------------------------------------------------------------------ */

/*
 * May `credentials` look things up in directory `inode`? Where all may, nobody needs to be asked
 * who he is.
 */
static inline int permission_check_search(const struct inode *inode,
					  const struct credentials *credentials)
{
	if (likely((inode->mode & 0111) == 0111))
		return 0;
	return permission_check(inode, credentials, ACCESS_EXECUTE);
}

/*
 * The contents change: set-id bits go, unless who changes them has CAP_FSETID, and capabilities.
 * Does nothing to what is no regular file. May sleep. Inode lock held exclusive. Errors: -ENOSPC,
 * -EIO, -ENOMEM.
 */
must_check int inode_clear_privileges(struct inode *inode, const struct credentials *credentials);
/* Owner group and mode of something new in `dir`: set-group-id directories pass theirs on. */
file_mode inode_new_mode(const struct inode *dir, file_mode mode,
			 const struct credentials *credentials, group_id *gid);
/* Writers and executions exclude each other (ETXTBSY): one more writer, for as long as put says. */
must_check int inode_get_write_access(struct inode *inode);
void inode_put_write_access(struct inode *inode);
/* Attributes in memory changed under the inode lock: the file system hears of it. */
must_check int inode_record_attributes(struct inode *inode);
/* The size is set, under the inode lock, with everything that truncate(2) does but permission. */
must_check int inode_truncate_locked(struct inode *inode, uint64_t size,
				     const struct credentials *credentials);

/* ---- seals.c, cached_file.c ------------------------------------------------------------------ */

/* Does a seal forbid this size, or this fallocate(2) up to `end`? Inode locked. Error: -EPERM. */
must_check int seals_check_size(const struct inode *inode, uint64_t size);
must_check int seals_check_allocate(const struct inode *inode, int mode, uint64_t end);
/* of regular files whose seals may change */
extern const struct file_ops sealed_file_ops;
/*
 * The operations of cached files, for those that do a little more. Write: inode lock held
 * exclusive; at the file's end if `append`.
 */
must_check int file_open_cached(struct file *file);
must_check ssize_t file_read_cached(struct file *file, struct io_buffer *buffer,
				    file_offset *position);
must_check int file_map_cached(struct file *file, struct vm_map_request *request);
must_check int file_sync_cached(struct file *file, bool data_only);
must_check ssize_t file_write_cached(struct file *file, struct io_buffer *buffer,
				     file_offset *position, bool append);

/* ---- file_lock.c ----------------------------------------------------------------------------- */

void file_lock_init(void);
void file_lock_release_file(struct file *file);

void pipe_init(void);
void fs_context_init(void);
void fd_table_init(void);
