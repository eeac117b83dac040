/*
 * Open file descriptions: what open() makes and dup() and fork() share.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/refcount.h"
#include "core/types.h"
#include "lib/list.h"
#include "sched/mutex.h"
#include "sched/rcu.h"
#include "vfs/mount.h"
#include "vm/io_buffer.h"

struct attributes;
struct credentials;
struct file;
struct inode;
struct page_cache;
struct poll_table;
struct vm_map_request;
struct wait_queue;
struct description_sink;
struct directory_sink;
struct walk_context;

/* Linux's si_code of SIGIO. */
enum file_news {
	NEWS_NONE, NEWS_IN = 1, NEWS_OUT = 2, NEWS_MESSAGE = 3, NEWS_ERROR = 4, NEWS_URGENT = 5,
	NEWS_HANG_UP = 6
};

/*
 * What one kind of open file does. Called without locks; may sleep. NULL entries: read/write
 * -EINVAL; seek: ordinary position; ioctl -ENOTTY; poll: always readable and writable; map:
 * -ENODEV; sync -EINVAL; read_directory -ENOTDIR.
 */
struct file_ops {
	int (*open)(struct file *file);		/* after allocation; NULL: nothing to do */
	void (*release)(struct file *file);	/* last reference */
	/* FILE_FLUSHES: each close(). NULL: nothing to do */
	void (*flush)(struct file *file);
	/*
	 * FILE_LETS_GO: any reference goes, and is still there: the last or not. May collect what
	 * only such files hold of each other, and so put other files; may sleep.
	 */
	void (*let_go)(struct file *file);
	ssize_t (*read)(struct file *file, struct io_buffer *buffer, file_offset *position);
	ssize_t (*write)(struct file *file, struct io_buffer *buffer, file_offset *position);
	/* write at the end, whatever O_APPEND says (RWF_APPEND). NULL: -EOPNOTSUPP */
	ssize_t (*append)(struct file *file, struct io_buffer *buffer, file_offset *position);
	int (*seek)(struct file *file, file_offset offset, int whence, file_offset *out);
	/* `command` and `argument` as the program gave them. Result >= 0 or -errno. */
	int (*ioctl)(struct file *file, unsigned int command, uintptr_t argument);
	/*
	 * Poll bits now; registers with `table` first unless it is NULL. Keeps no reference to the
	 * file: epoll may ask when the last one is just gone.
	 */
	uint32_t (*poll)(struct file *file, struct poll_table *table);
	/* Fill in what to map (cache or device flags); checks of modes are done. */
	int (*map)(struct file *file, struct vm_map_request *request);
	int (*sync)(struct file *file, bool data_only);
	/*
	 * Give entries from file->position on to the sink until it is full; the directory is locked
	 * shared.
	 */
	int (*read_directory)(struct file *file, struct directory_sink *sink);
	/* F_SETFL is about to change O_ASYNC, O_DIRECT... NULL: fine */
	int (*set_flags)(struct file *file, uint32_t flags);
	/*
	 * What a wake-up of one of the queues that poll names means to those who wait for SIGIO.
	 * Under the queue's lock, in any context. NULL: the file cannot have O_ASYNC.
	 */
	enum file_news (*news)(struct file *file, const struct wait_queue *queue, uint32_t key);
	/* Lines of its own in /proc/PID/fdinfo; NULL: none */
	void (*describe)(struct file *file, struct description_sink *sink);
	/* no position: pread is -ESPIPE, so is lseek without `seek`, and no position lock */
	bool stream;
};

/* Where describe() puts its text; description_print formats up to 160 bytes. */
struct description_sink {
	void (*put)(struct description_sink *sink, const char *text, size_t length);
};
void description_print(struct description_sink *sink, const char *format, ...) format_printf(2, 3);

/* One entry of a directory for getdents; false: the buffer is full, stop and do not advance. */
struct directory_sink {
	bool (*add)(struct directory_sink *sink, const char *name, size_t length, uint64_t inode,
		    file_offset next_position, unsigned int type /* DT_ */);
};

/*
 * Who is told of news in a file, made by proc, which stands above: proc/file_owner.c. `end`: the
 * file is about to go, before its release. `closed`: a descriptor of it is closed, in a table of
 * descriptors that `owner` stands for; called if it has FILE_FLUSHES.
 */
struct file_watcher {
	void (*end)(struct file_watcher *watcher);
	void (*closed)(struct file_watcher *watcher, const void *owner);
};

/* [I] immutable  [a] atomic  [p] position lock */
struct file {
	struct refcount references;		/* [a] */
	/* [a] O_ flags, Linux's; access mode never changes */
	atomic_uint flags;
	uint32_t mode;				/* [I] enum file_access; but for FILE_FLUSHES */
	struct path path;			/* [I] referenced; what /proc/PID/fd shows */
	struct inode *inode;			/* [I] path.dentry's, which keeps it */
	const struct file_ops *ops;		/* [I] */
	/* LOCK_RANK_FILE_POSITION; for shared descriptions only */
	struct mutex position_lock;
	file_offset position;			/* [p] */
	void *private;				/* [I] after open: of whoever made it */
	const struct credentials *credentials;	/* [I] who opened it; referenced */
	_Atomic(struct file_watcher *) watcher;	/* [a] NULL, until it is set once */
	uint64_t directory_version;		/* [p] for file systems whose directories move */
	/* [epoll_links_lock] of epoll_item.link: who watches it */
	struct list epoll_links;
	/* [a] was in a shared table: freed after an RCU grace period */
	bool seen_by_others;
	struct rcu_head rcu;
};

enum file_access { FILE_READ = 1 << 0, FILE_WRITE = 1 << 1, FILE_PATH_ONLY = 1 << 2,
	FILE_EXECUTE = 1 << 3 /* opened by exec */,
	FILE_LETS_GO = 1 << 4 /* its operations have let_go */,
	FILE_FLUSHES = 1 << 5 /* they have flush, or its watcher hears of close() */,
	FILE_EXCLUSIVE = 1 << 6 /* a block device opened with O_EXCL, which nobody else holds */,
	/* to write to it changes a file system that can be frozen */
	FILE_CHANGES_DISK = 1 << 7 };

/*
 * openat2(2) after the flags were checked: create, truncate, permission, device. `walk_flags`:
 * some of WALK_NO_LINKS, BENEATH, IN_ROOT, NO_CROSS, NO_MAGIC_LINKS. Errors as open(2). May sleep.
 */
must_check int file_open_restricted(const struct walk_context *context, const char *name,
				    uint32_t flags, file_mode mode, uint32_t walk_flags,
				    struct file **out);
/* open(2): the same without restrictions. */
must_check static inline int file_open(const struct walk_context *context, const char *name,
				       uint32_t flags, file_mode mode, struct file **out)
{
	return file_open_restricted(context, name, flags, mode, 0, out);
}
/* Open a place that is already walked to. */
must_check int file_open_path(const struct path *path, uint32_t flags,
			      const struct credentials *credentials, struct file **out);
/*
 * For exec: readable by the kernel whatever the file's read permission says (the caller has checked
 * that it may be executed).
 */
must_check int file_open_exec(const struct path *path, const struct credentials *credentials,
			      struct file **out);

/*
 * A file without a name of its own: each of `name` "socket" has an inode of its own and shows as
 * "socket:[n]"; others ("[eventfd]") share one and show as "anon_inode:[eventfd]". `access`:
 * FILE_READ, FILE_WRITE.
 * Errors: -ENOMEM.
 */
must_check int file_create_anonymous(const char *name, const struct file_ops *ops, void *private,
				     uint32_t flags, uint32_t access, struct file **out);

static inline void file_get(struct file *file) { refcount_get(&file->references); }
void file_put(struct file *file);	/* may sleep, even if it is not the last: see let_go */
size_t file_open_count(void);		/* all there are, for the leak check and file-nr */

/* read_write.c: with mode checks, position, limits, SIGXFSZ rule (-EFBIG), times. May sleep. */
must_check ssize_t file_read(struct file *file, struct io_buffer *buffer);
/* file_write of what is no regular file, so that no limit on its size applies. */
must_check ssize_t file_write_unlimited(struct file *file, struct io_buffer *buffer);
must_check ssize_t file_write(struct file *file, struct io_buffer *buffer, uint64_t size_limit);
must_check ssize_t file_read_at(struct file *file, struct io_buffer *buffer, file_offset offset);
must_check ssize_t file_write_at(struct file *file, struct io_buffer *buffer, file_offset offset,
				 uint64_t size_limit);
/* RWF_APPEND: at the end; the file's position moves there too if `offset` is negative. */
must_check ssize_t file_append(struct file *file, struct io_buffer *buffer, file_offset offset,
			       uint64_t size_limit);
must_check int file_seek(struct file *file, file_offset offset, int whence, file_offset *out);
must_check int file_status(struct file *file, struct file_status *out);
must_check int file_read_directory(struct file *file, struct directory_sink *sink);
/* inode_set_attributes on a path that a system call names: also minds read-only mounts (-EROFS). */
must_check int path_set_attributes(const struct path *path, const struct attributes *attributes,
				   const struct credentials *credentials,
				   uint64_t file_size_limit);
must_check int file_sync(struct file *file, bool data_only);
must_check int file_truncate(struct file *file, uint64_t size, uint64_t size_limit);
/*
 * fallocate(2) after flag checks. Errors: -EBADF, -ENODEV, -ESPIPE, -EISDIR, -EFBIG, -EOPNOTSUPP,
 * -ENOSPC.
 */
must_check int file_allocate(struct file *file, int mode, file_offset offset, file_offset size,
			     uint64_t size_limit);
/*
 * F_SETFL: the changeable flags become those of `flags`, but for O_ASYNC (proc/file_owner.h);
 * `credentials` are the caller's. Errors: -EPERM, -EINVAL, and those of the file's set_flags.
 */
must_check int file_set_flags(struct file *file, uint32_t flags,
			      const struct credentials *credentials);
/* ioctl(2) after what every descriptor has (FIOCLEX...) was handled. */
must_check int file_ioctl(struct file *file, unsigned int command, uintptr_t argument);
/* close(2) of one descriptor of table `owner`, with its reference. May sleep. */
void file_close(struct file *file, const void *owner);
uint32_t file_poll(struct file *file, struct poll_table *table);
/* Plain helper for the kernel itself (exec, initramfs): reads up to `size` bytes at `offset`. */
must_check ssize_t file_read_kernel(struct file *file, void *buffer, size_t size,
				    file_offset offset);

/* A `seek` that stays where it is, whatever it is told: of files made by eventfd and their like. */
must_check int file_seek_nowhere(struct file *file, file_offset offset, int whence,
				 file_offset *out);

/* For regular files of page-cache file systems. */
extern const struct file_ops file_ops_cached;

/*
 * For mmap of an open file: fills request->cache, backing (the file), backing_ops. Checks modes;
 * -EACCES, -ENODEV, -EPERM (noexec).
 */
must_check int file_map(struct file *file, struct vm_map_request *request);
/* After file_map succeeded, once the request was mapped or was not. */
void file_map_end(const struct vm_map_request *request);

/*
 * A regular file in memory without a name: shared anonymous memory, memfd ("memfd:name"). Read and
 * write.
 * Errors: -ENOMEM, -ENOSPC.
 */
must_check int anonymous_file_create(const char *name, uint64_t size, uint32_t flags,
				     struct file **out);
/*
 * memfd_create(2): the same of `credentials`, empty, with `mode`, and with `seals` on it. Those can
 * be added to while F_SEAL_SEAL is not among them.
 */
must_check int memory_file_create(const char *name, uint32_t seals, uint32_t flags, file_mode mode,
				  const struct credentials *credentials, struct file **out);
/* F_GET_SEALS, F_ADD_SEALS. Errors: -EINVAL (no such file, or seal), -EPERM, -EBUSY (mapped). */
must_check int file_get_seals(struct file *file);
must_check int file_add_seals(struct file *file, uint32_t seals);
/* An unnamed file in directory `directory` (O_TMPFILE). Errors: -EOPNOTSUPP, as file_open. */
must_check int file_open_unnamed(const struct path *directory, uint32_t flags, file_mode mode,
				 const struct credentials *credentials, struct file **out);

/*
 * ETXTBSY accounting: exec denies writers while it runs the file, and the other way round.
 * -ETXTBSY.
 */
must_check int file_deny_write(struct file *file);
void file_allow_write(struct file *file);
