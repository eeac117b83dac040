/*
 * File locks as /proc tells them: some at a time.
 *
 * A cursor stands at a place in the order of all locks: states as they came, of each the flocks and
 * then the records, by place, and behind each lock who waits for it. It names that place by numbers
 * alone, so the spinlock is dropped between one look and the next, and whatever changes meanwhile,
 * the walk goes on behind what it has told. A lock that comes or goes meanwhile is told or not; one
 * that stays as it is is told once. Who waits for it is only counted: if one goes of those that are
 * told, another one may be left out.
 */
#include "vfs/file_lock_internal.h"
#include "vfs/inode.h"

enum { PART_FLOCKS, PART_RECORDS, PART_COUNT };

/* The cursor goes to the beginning of that part. */
static void begin_part(struct file_lock_cursor *cursor, uint64_t state, unsigned int part)
{
	*cursor = (struct file_lock_cursor){
		.inode = cursor->inode, .state = state, .part = part
	};
}

/* The state at the cursor, or behind it; NULL: none. */
static const struct file_lock_state *state_at(const struct file_lock_cursor *cursor)
{
	const struct file_lock_state *state;

	if (!cursor->inode)
		return file_lock_state_at(cursor->state);
	state = atomic_load_explicit(&cursor->inode->locks, memory_order_relaxed);
	return state && state->number >= cursor->state ? state : NULL;
}

/* To that lock, of which nothing is told yet if the cursor was not there. */
static void move_to(struct file_lock_cursor *cursor, const struct file_lock *lock)
{
	uintptr_t owner = (uintptr_t)lock->claim.owner;

	if (lock->claim.start != cursor->start || owner != cursor->owner)
		cursor->told = 0;
	cursor->start = lock->claim.start;
	cursor->owner = owner;
}

/* The lock at the cursor, or the next one, to which that goes; NULL: there are no more. */
static const struct file_lock *lock_at(struct file_lock_cursor *cursor, const struct inode **inode)
{
	const struct file_lock_state *state;

	while ((state = state_at(cursor))) {
		const struct file_lock *lock;

		if (state->number != cursor->state)
			begin_part(cursor, state->number, PART_FLOCKS);
		lock = lock_table_at(cursor->part == PART_FLOCKS ? &state->flocks : &state->records,
				     cursor->start, cursor->owner);
		if (lock) {
			move_to(cursor, lock);
			*inode = state->inode;
			return lock;
		}
		if (cursor->part + 1 < PART_COUNT)
			begin_part(cursor, state->number, cursor->part + 1);
		else
			begin_part(cursor, state->number + 1, PART_FLOCKS);
	}
	return NULL;
}

static struct file_lock_view view_of(const struct lock_claim *lock, const struct inode *inode,
				     bool is_waiting)
{
	static const char *const kinds[] = {
		[KIND_POSIX] = "POSIX", [KIND_OFD] = "OFDLCK", [KIND_FLOCK] = "FLOCK"
	};

	return (struct file_lock_view){
		.kind = kinds[lock->kind], .is_waiting = is_waiting, .type = lock->type,
		.pid = lock->kind == KIND_OFD ? -1 : lock->pid,
		.owner = lock->owner, .file = lock->file,
		.device = inode->super->device_number, .inode_number = inode->number,
		.start = lock->start, .end = lock->end,
	};
}

/*
 * What is still to be told of a lock and of who waits for it, as far as there is room. Returns how
 * many that are; the cursor goes behind the lock if that is all.
 */
static size_t view_lock(struct file_lock_cursor *cursor, const struct file_lock *lock,
			const struct inode *inode, struct file_lock_view *views, size_t room)
{
	const struct lock_waiter *waiter;
	size_t position = 1, count = 0;

	if (cursor->told == 0)
		views[count++] = view_of(&lock->claim, inode, false);
	list_for_each_entry(waiter, &lock->waiters, node) {
		if (position++ < cursor->told)
			continue;
		if (count == room)
			goto no_room;
		views[count++] = view_of(waiter->wanted, inode, true);
	}
	cursor->owner++;
	cursor->told = 0;
	return count;

no_room:
	cursor->told += count;
	return count;
}

size_t file_lock_view_next(struct file_lock_cursor *cursor, struct file_lock_view *views,
			   size_t room)
{
	const struct file_lock *lock;
	const struct inode *inode;
	size_t count = 0;

	spin_lock(&file_lock_spinlock);
	while (count < room && (lock = lock_at(cursor, &inode)))
		count += view_lock(cursor, lock, inode, views + count, room - count);
	spin_unlock(&file_lock_spinlock);
	return count;
}
