/*
 * Descriptor tables: from small numbers to open file descriptions, with close-on-exec bits.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include "core/compiler.h"
#include "core/refcount.h"
#include "core/spinlock.h"
#include "sched/rcu.h"

struct file;

enum { FD_TABLE_INLINE_COUNT = 32 };

/* [l] table lock  [a] atomic, read under RCU  [I] immutable */
struct fd_array {
	unsigned int count;			/* [I] a multiple of 32 */
	struct file *_Atomic *files;		/* [a] changed under the lock */
	uint32_t *taken, *close_on_exec;	/* [l] */
	struct rcu_head rcu;
};

/* fd_table.c's own; here for fd_table_borrow(), which each call with a descriptor makes. */
struct fd_table {
	struct refcount users;			/* [a] threads whose descriptors these are */
	struct refcount references;		/* [a] 1 for all users, and who looks in */
	struct spinlock lock;			/* LOCK_RANK_FD_TABLE */
	struct fd_array *_Atomic array;		/* [a] changed under the lock */
	unsigned int lowest_free;		/* [l] a lower bound */
	struct fd_array first;			/* while it is enough */
	struct file *_Atomic first_files[FD_TABLE_INLINE_COUNT];
	uint32_t first_taken, first_close_on_exec;
};

must_check int fd_table_create(struct fd_table **out);
/* fork: a copy with the same descriptions. Errors: -ENOMEM. */
must_check int fd_table_copy(struct fd_table *table, struct fd_table **out);
/* exec: *out is a copy if other threads use the table, else NULL. Errors: -ENOMEM. */
must_check int fd_table_copy_if_shared(struct fd_table *table, struct fd_table **out);
bool fd_table_has_other_users(const struct fd_table *table);
void fd_table_join(struct fd_table *table);	/* one thread more uses it */
void fd_table_leave(struct fd_table *table);	/* the last thread closes all; may sleep */
/*
 * For who looks into another process's table: a reference that keeps the table, not its files, for
 * its users' end closes them. In two steps, since the first is taken under a lock: what has to
 * follow before the files are looked at is fd_table_mark_shared.
 */
void fd_table_keep(struct fd_table *table);
void fd_table_mark_shared(struct fd_table *table);
void fd_table_put(struct fd_table *table);
/* exec: close the marked ones. The caller's thread alone uses the table; others may look in. */
void fd_table_close_on_exec(struct fd_table *table);

/*
 * For a table that others use, or by who looks into it: a reference to the description behind `fd`,
 * or NULL.
 */
struct file *fd_table_get_shared(struct fd_table *table, unsigned int fd);
/* By one of its users: a reference to the description of `fd`, or NULL. Fast for the only one. */
struct file *fd_table_get(struct fd_table *table, int fd);

/*
 * The lightest form, for the length of a system call by the table's own thread: *needs_put says
 * whether a reference was taken (the table is shared between threads). Give it back with
 * fd_table_return.
 */
static inline struct file *fd_table_borrow(struct fd_table *table, int fd, bool *needs_put)
{
	struct fd_array *array;

	if (unlikely(refcount_read(&table->users) > 1)) {
		*needs_put = true;
		return fd_table_get_shared(table, (unsigned int)fd);
	}
	*needs_put = false;
	array = atomic_load_explicit(&table->array, memory_order_acquire);
	if (unlikely((unsigned int)fd >= array->count))
		return NULL;
	return atomic_load_explicit(&array->files[fd], memory_order_acquire);
}
static inline void fd_table_return(struct file *file, bool needs_put)
{
	void file_put(struct file *);

	if (needs_put)
		file_put(file);
}

/*
 * For many look-ups within one system call of the table's own thread: the files as an array, as
 * long as no other thread uses the table. Without sleeping in between nobody can close what is in
 * it. False if it is shared: then each descriptor is borrowed.
 */
struct fd_view {
	struct file *_Atomic *files;
	unsigned int count;
};
must_check bool fd_table_view(struct fd_table *table, struct fd_view *view);

static inline struct file *fd_view_find(const struct fd_view *view, unsigned int fd)
{
	return fd < view->count ? atomic_load_explicit(&view->files[fd], memory_order_relaxed)
				: NULL;
}

/*
 * Reserve `count` lowest free descriptors not below `lowest`, below `limit` (RLIMIT_NOFILE).
 * Errors: -EMFILE, -ENOMEM.
 */
must_check int fd_table_reserve(struct fd_table *table, int lowest, unsigned int limit,
				unsigned int count, int *fds);
void fd_table_unreserve(struct fd_table *table, unsigned int count, const int *fds);
/* Takes over the caller's reference. Cannot fail. */
void fd_table_install(struct fd_table *table, int fd, struct file *file, bool close_on_exec);

/*
 * dup: `file` (reference taken over, unless it fails) behind the lowest free descriptor not below
 * `lowest`. The descriptor, or -EMFILE, -ENOMEM.
 */
must_check int fd_table_add(struct fd_table *table, int lowest, unsigned int limit,
			    struct file *file, bool close_on_exec);

/*
 * dup2/dup3: put `file` (reference taken over) at exactly `fd`, closing what was there. -EBADF (fd
 * >= limit), -EBUSY, -ENOMEM.
 */
must_check int fd_table_replace(struct fd_table *table, int fd, unsigned int limit,
				struct file *file, bool close_on_exec);
/* Take out and return the description (flush is the caller's), or NULL: -EBADF. */
struct file *fd_table_remove(struct fd_table *table, int fd);
must_check int fd_table_get_close_on_exec(struct fd_table *table, int fd);	/* 0, 1, -EBADF */
must_check int fd_table_set_close_on_exec(struct fd_table *table, int fd, bool set);
/* The lowest open descriptor >= fd, or -1; for /proc/PID/fd and close_range. */
int fd_table_next(struct fd_table *table, int fd);
/* Tests and debug builds: the invariants of fd_table.c. */
bool fd_table_check(struct fd_table *table);

/* A number above all open descriptors: for select(2), which looks no further. */
unsigned int fd_table_capacity(struct fd_table *table);
