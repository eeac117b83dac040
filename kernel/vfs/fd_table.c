/*
 * Descriptor tables.
 *
 * A table is an array of pointers with two bitmaps: which descriptors are taken (open, or reserved
 * for a file that is on its way) and which are closed by exec. The array doubles when it is full; a
 * small one lies in the table itself.
 *
 * Reading. The thread that alone uses its table reads it without lock or reference: who could close
 * anything? In a table that threads share, a reader takes a reference under RCU, and looks again
 * whether the file is still there. So does whoever looks into another process's table, with a
 * reference to the table first. That one is not a use: exec need not copy the table for it (the
 * copy would not own the record locks), and the last thread's end closes the files although it is
 * there.
 *
 * Invariants (fd_table_check):
 *  1. files[fd] != NULL implies that bit fd of `taken` is set.
 *  2. A bit of `close_on_exec` is set only where `taken` is.
 *  3. No descriptor below `lowest_free` is free.
 */
#include "vfs/fd_table.h"

#include "core/assert.h"
#include "core/spinlock_inline.h"
#include "lib/bitmap.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "mem/slab.h"
#include "sched/rcu.h"
#include "uapi/linux/errno.h"
#include "vfs/internal.h"

enum { INLINE_COUNT = FD_TABLE_INLINE_COUNT, COUNT_MAX = 1 << 19 };

static struct slab_cache *table_slab;

void fd_table_init(void)
{
	table_slab = slab_cache_create("fd_table", sizeof(struct fd_table), 0);
}

static inline bool has_other_users(const struct fd_table *table)
{
	return refcount_read(&table->users) > 1;
}

bool fd_table_has_other_users(const struct fd_table *table)
{
	return has_other_users(table);
}

static inline struct fd_array *array_of(const struct fd_table *table)
{
	return atomic_load_explicit(&table->array, memory_order_acquire);
}

static inline struct file *file_at(const struct fd_array *array, unsigned int fd)
{
	return atomic_load_explicit(&array->files[fd], memory_order_acquire);
}

/* ---- arrays ---------------------------------------------------------------------------------- */

static struct fd_array *array_create(unsigned int count)
{
	size_t bitmap_size = count / 8;
	struct fd_array *array =
		kzalloc(sizeof(*array) + count * sizeof(array->files[0]) + 2 * bitmap_size, 0);

	if (!array)
		return NULL;
	array->count = count;
	array->files = (struct file *_Atomic *)(array + 1);
	array->taken = (uint32_t *)(array->files + count);
	array->close_on_exec = array->taken + count / BITMAP_WORD_BITS;
	return array;
}

static void array_free(struct rcu_head *head)
{
	kfree(container_of(head, struct fd_array, rcu));
}

static void array_copy(struct fd_array *to, const struct fd_array *from)
{
	for (unsigned int fd = 0; fd < from->count; fd++)
		atomic_store_explicit(&to->files[fd], file_at(from, fd), memory_order_relaxed);
	memcpy(to->taken, from->taken, from->count / 8);
	memcpy(to->close_on_exec, from->close_on_exec, from->count / 8);
}

/* Room for descriptor `fd`. Errors: -EMFILE, -ENOMEM. May sleep; the lock is not held. */
static int make_room(struct fd_table *table, unsigned int fd)
{
	unsigned int count = INLINE_COUNT;
	struct fd_array *array, *old;

	if (fd >= COUNT_MAX)
		return -EMFILE;
	while (count <= fd)
		count *= 2;
	array = array_create(count);
	if (!array)
		return -ENOMEM;
	spin_lock(&table->lock);
	old = array_of(table);
	if (old->count >= count) { /* another thread was faster */
		spin_unlock(&table->lock);
		kfree(array);
		return 0;
	}
	array_copy(array, old);
	rcu_assign(table->array, array);
	spin_unlock(&table->lock);
	if (old != &table->first)
		rcu_call(&old->rcu, array_free);
	return 0;
}

/* ---- tables ---------------------------------------------------------------------------------- */

int fd_table_create(struct fd_table **out)
{
	struct fd_table *table = slab_alloc_zeroed(table_slab, 0);

	if (!table)
		return -ENOMEM;
	refcount_set(&table->users, 1);
	refcount_set(&table->references, 1);
	spin_init(&table->lock, LOCK_RANK_FD_TABLE, "fd table");
	table->first.count = INLINE_COUNT;
	table->first.files = table->first_files;
	table->first.taken = &table->first_taken;
	table->first.close_on_exec = &table->first_close_on_exec;
	atomic_store_explicit(&table->array, &table->first, memory_order_relaxed);
	*out = table;
	return 0;
}

/* How many descriptors a copy must have room for: up to the highest taken one. Lock held. */
static unsigned int highest_taken(const struct fd_array *array)
{
	unsigned int word = array->count / BITMAP_WORD_BITS;

	while (word > 1 && array->taken[word - 1] == 0)
		word--;
	return word * BITMAP_WORD_BITS - 1;
}

/* Lock of `from` held; `to` is new. Descriptors that are only reserved stay behind. */
static void copy_files(struct fd_table *from, struct fd_array *to)
{
	const struct fd_array *array = array_of(from);
	unsigned int end = min(array->count, to->count);

	for (unsigned int fd = 0; fd < end; fd++) {
		struct file *file = file_at(array, fd);

		if (!file)
			continue;
		file_get(file);
		atomic_store_explicit(&to->files[fd], file, memory_order_relaxed);
		bitmap_set(to->taken, fd);
		if (bitmap_is_set(array->close_on_exec, fd))
			bitmap_set(to->close_on_exec, fd);
	}
}

int fd_table_copy(struct fd_table *table, struct fd_table **out)
{
	struct fd_table *copy;
	unsigned int highest;
	int error = fd_table_create(&copy);

	if (error)
		return error;
	for (;;) {
		spin_lock(&table->lock);
		highest = highest_taken(array_of(table));
		if (highest < array_of(copy)->count)
			break;
		spin_unlock(&table->lock); /* and look again afterwards: it may have grown */
		error = make_room(copy, highest);
		if (error) {
			fd_table_leave(copy);
			return error;
		}
	}
	copy_files(table, array_of(copy));
	spin_unlock(&table->lock);
	*out = copy;
	return 0;
}

int fd_table_copy_if_shared(struct fd_table *table, struct fd_table **out)
{
	*out = NULL;
	return has_other_users(table) ? fd_table_copy(table, out) : 0;
}

void fd_table_join(struct fd_table *table)
{
	refcount_get(&table->users);
	fd_table_mark_shared(table);
}

void fd_table_keep(struct fd_table *table)
{
	refcount_get(&table->references);
}

void fd_table_mark_shared(struct fd_table *table)
{
	struct fd_array *array;

	/* The count is up already: whoever installs a file from now on marks it itself. */
	spin_lock(&table->lock);
	array = array_of(table);
	for (unsigned int fd = 0; fd < array->count; fd++) {
		struct file *file = file_at(array, fd);

		if (file)
			file->seen_by_others = true;
	}
	spin_unlock(&table->lock);
}

/* No user is left. Somebody may still look in: he finds each file either there or closed. */
static void close_all(struct fd_table *table)
{
	struct fd_array *array = array_of(table);

	for (unsigned int fd = 0; fd < array->count; fd++) {
		struct file *file = file_at(array, fd);

		if (!file)
			continue;
		atomic_store_explicit(&array->files[fd], NULL, memory_order_release);
		file_close(file, table);
	}
}

void fd_table_leave(struct fd_table *table)
{
	if (!refcount_put(&table->users))
		return;
	close_all(table);
	fd_table_put(table);
}

void fd_table_put(struct fd_table *table)
{
	struct fd_array *array;

	if (!refcount_put(&table->references))
		return;
	array = array_of(table);
	if (array != &table->first)
		kfree(array);
	slab_free(table_slab, table);
}

/* ---- looking up ------------------------------------------------------------------------------ */

/* In a shared table: the file may go at any moment, and its memory after the grace period. */
struct file *fd_table_get_shared(struct fd_table *table, unsigned int fd)
{
	struct file *file;

	rcu_read_lock();
	for (;;) {
		struct fd_array *array = array_of(table);

		file = fd < array->count ? file_at(array, fd) : NULL;
		if (!file)
			break;
		if (!refcount_try_get(&file->references))
			continue; /* closed just now: by the next look it is gone from the table */
		if (file_at(array_of(table), fd) == file)
			break;
		/* Another came in its place. The reference goes back where sleeping is allowed. */
		rcu_read_unlock();
		file_put(file);
		rcu_read_lock();
	}
	rcu_read_unlock();
	return file;
}

bool fd_table_view(struct fd_table *table, struct fd_view *view)
{
	struct fd_array *array = array_of(table);

	view->files = array->files;
	view->count = array->count;
	return !has_other_users(table);
}

struct file *fd_table_get(struct fd_table *table, int fd)
{
	bool has_reference;
	struct file *file = fd_table_borrow(table, fd, &has_reference);

	if (file && !has_reference)
		file_get(file);
	return file;
}

/* ---- taking and giving back ------------------------------------------------------------------ */

static inline void release_bit(struct fd_table *table, struct fd_array *array, unsigned int fd)
{
	size_t word = fd / BITMAP_WORD_BITS;
	uint32_t others = ~(1u << fd % BITMAP_WORD_BITS);

	spin_assert_held(&table->lock);
	array->taken[word] &= others;
	array->close_on_exec[word] &= others;
	if (fd < table->lowest_free)
		table->lowest_free = fd;
}

/*
 * Take the lowest free descriptor in [lowest, limit). *full: the array has none, it would have to
 * grow to *fd. Lock held.
 */
static inline int take_lowest(struct fd_table *table, struct fd_array *array, unsigned int lowest,
			      unsigned int limit, int *out, bool *full)
{
	unsigned int start = max(lowest, table->lowest_free);
	unsigned int fd = start;

	/* Mostly the lowest that may be free is. */
	if (start < array->count && unlikely(bitmap_is_set(array->taken, start)))
		fd = (unsigned int)bitmap_find_clear(array->taken, array->count, start);
	*full = fd >= array->count;
	*out = (int)fd;
	if (unlikely(fd >= limit))
		return -EMFILE;
	if (likely(!*full)) {
		bitmap_set(array->taken, fd);
		if (start == table->lowest_free)
			table->lowest_free = fd + 1;
	}
	return 0;
}

int fd_table_reserve(struct fd_table *table, int lowest, unsigned int limit, unsigned int count,
		     int *fds)
{
	unsigned int from = (unsigned int)lowest;

	for (unsigned int i = 0; i < count; i++) {
		bool full;
		int error;

		do {
			spin_lock(&table->lock);
			error = take_lowest(table, array_of(table), from, limit, &fds[i], &full);
			spin_unlock(&table->lock);
			if (!error && full)
				error = make_room(table, (unsigned int)fds[i]);
		} while (!error && full);
		if (error) {
			fd_table_unreserve(table, i, fds);
			return error;
		}
		from = (unsigned int)fds[i] + 1;
	}
	return 0;
}

void fd_table_unreserve(struct fd_table *table, unsigned int count, const int *fds)
{
	spin_lock(&table->lock);
	for (unsigned int i = 0; i < count; i++)
		release_bit(table, array_of(table), (unsigned int)fds[i]);
	spin_unlock(&table->lock);
}

/* Lock held. The descriptor was free, so its bit of close_on_exec is clear (invariant 2). */
static inline void put_in(struct fd_table *table, struct fd_array *array, unsigned int fd,
			  struct file *file, bool close_on_exec)
{
	if (has_other_users(table) || refcount_read(&table->references) > 1)
		file->seen_by_others = true;
	if (close_on_exec)
		bitmap_set(array->close_on_exec, fd);
	atomic_store_explicit(&array->files[fd], file, memory_order_release);
}

void fd_table_install(struct fd_table *table, int fd, struct file *file, bool close_on_exec)
{
	spin_lock(&table->lock);
	assert(bitmap_is_set(array_of(table)->taken, (size_t)fd));
	put_in(table, array_of(table), (unsigned int)fd, file, close_on_exec);
	spin_unlock(&table->lock);
}

static noinline int add_behind_taken(struct fd_table *table, unsigned int lowest,
				     unsigned int limit, struct file *file, bool close_on_exec)
{
	bool full;
	int error, fd;

	for (;;) {
		struct fd_array *array;

		spin_lock(&table->lock);
		array = array_of(table);
		error = take_lowest(table, array, lowest, limit, &fd, &full);
		if (likely(!error && !full))
			put_in(table, array, (unsigned int)fd, file, close_on_exec);
		spin_unlock(&table->lock);
		if (likely(!error && !full))
			return fd;
		if (!error)
			error = make_room(table, (unsigned int)fd);
		if (error)
			return error;
	}
}

int fd_table_add(struct fd_table *table, int lowest, unsigned int limit, struct file *file,
		 bool close_on_exec)
{
	struct fd_array *array;
	unsigned int fd;
	bool is_free;

	/* Mostly the lowest that may be free is: 65 instructions instead of 94. */
	spin_lock_inline(&table->lock);
	array = array_of(table);
	fd = max((unsigned int)lowest, table->lowest_free);
	is_free = false;
	if (likely(fd < limit && fd < array->count)) {
		uint32_t *word = &array->taken[fd / BITMAP_WORD_BITS];
		uint32_t bit = UINT32_C(1) << fd % BITMAP_WORD_BITS;

		is_free = !(*word & bit);
		*word |= bit;
	}
	if (likely(is_free)) {
		if (fd == table->lowest_free)
			table->lowest_free = fd + 1;
		put_in(table, array, fd, file, close_on_exec);
	}
	spin_unlock_inline(&table->lock);
	if (likely(is_free))
		return (int)fd;
	return add_behind_taken(table, (unsigned int)lowest, limit, file, close_on_exec);
}

/*
 * A file was taken out of the table, and is to be closed. Full fence: that is seen before the
 * file's record locks and notices are looked for. Pairs with who sets one and then looks whether
 * the descriptor is still there (sys_lock.c, sys_fcntl.c).
 */
static inline void fence_before_close(const struct fd_table *table)
{
	if (has_other_users(table))
		atomic_thread_fence(memory_order_seq_cst);
}

int fd_table_replace(struct fd_table *table, int fd, unsigned int limit, struct file *file,
		     bool close_on_exec)
{
	unsigned int index = (unsigned int)fd;
	struct fd_array *array;
	struct file *old;

	if (fd < 0 || index >= limit)
		return -EBADF;
	if (index >= array_of(table)->count) {
		int error = make_room(table, index);

		if (error)
			return error == -EMFILE ? -EBADF : error;
	}
	spin_lock(&table->lock);
	array = array_of(table);
	old = file_at(array, index);
	if (!old && bitmap_is_set(array->taken, index)) {
		spin_unlock(&table->lock);
		return -EBUSY; /* an open() in another thread is about to put its file there */
	}
	bitmap_set(array->taken, index);
	bitmap_clear(array->close_on_exec, index);
	put_in(table, array, index, file, close_on_exec);
	spin_unlock(&table->lock);
	if (old) {
		fence_before_close(table);
		file_close(old, table);
	}
	return 0;
}

struct file *fd_table_remove(struct fd_table *table, int fd)
{
	struct fd_array *array;
	struct file *file = NULL;

	spin_lock_inline(&table->lock);
	array = array_of(table);
	if ((unsigned int)fd < array->count)
		file = file_at(array, (unsigned int)fd);
	if (file) {
		atomic_store_explicit(&array->files[fd], NULL, memory_order_release);
		release_bit(table, array, (unsigned int)fd);
	}
	spin_unlock_inline(&table->lock);
	fence_before_close(table);
	return file;
}

/* ---- close-on-exec --------------------------------------------------------------------------- */

void fd_table_close_on_exec(struct fd_table *table)
{
	int fd = -1;

	assert(!has_other_users(table));
	while ((fd = fd_table_next(table, fd + 1)) >= 0) {
		struct file *file;

		if (!bitmap_is_set(array_of(table)->close_on_exec, (size_t)fd))
			continue;
		file = fd_table_remove(table, fd);
		if (file)
			file_close(file, table);
	}
}

int fd_table_get_close_on_exec(struct fd_table *table, int fd)
{
	struct fd_array *array;
	int result = -EBADF;

	spin_lock(&table->lock);
	array = array_of(table);
	if ((unsigned int)fd < array->count && file_at(array, (unsigned int)fd))
		result = bitmap_is_set(array->close_on_exec, (size_t)fd);
	spin_unlock(&table->lock);
	return result;
}

int fd_table_set_close_on_exec(struct fd_table *table, int fd, bool set)
{
	struct fd_array *array;
	int error = -EBADF;

	spin_lock(&table->lock);
	array = array_of(table);
	if ((unsigned int)fd < array->count && file_at(array, (unsigned int)fd)) {
		if (set)
			bitmap_set(array->close_on_exec, (size_t)fd);
		else
			bitmap_clear(array->close_on_exec, (size_t)fd);
		error = 0;
	}
	spin_unlock(&table->lock);
	return error;
}

int fd_table_next(struct fd_table *table, int fd)
{
	struct fd_array *array;
	unsigned int next = fd < 0 ? 0 : (unsigned int)fd;

	spin_lock(&table->lock);
	array = array_of(table);
	while (next < array->count) {
		next = (unsigned int)bitmap_find_set(array->taken, array->count, next);
		if (next >= array->count || file_at(array, next))
			break;
		next++;
	}
	fd = next < array->count ? (int)next : -1;
	spin_unlock(&table->lock);
	return fd;
}

unsigned int fd_table_capacity(struct fd_table *table)
{
	unsigned int count;

	rcu_read_lock();
	count = array_of(table)->count;
	rcu_read_unlock();
	return count;
}

bool fd_table_check(struct fd_table *table)
{
	const struct fd_array *array;
	bool is_right = true;

	spin_lock(&table->lock);
	array = array_of(table);
	for (unsigned int fd = 0; fd < array->count; fd++) {
		bool is_taken = bitmap_is_set(array->taken, fd);

		if (file_at(array, fd) && !is_taken)
			is_right = false;
		if (bitmap_is_set(array->close_on_exec, fd) && !is_taken)
			is_right = false;
		if (fd < table->lowest_free && !is_taken)
			is_right = false;
	}
	spin_unlock(&table->lock);
	return is_right;
}
