/*
 * File locks.
 *
 * Two sorts that know nothing of each other. Record locks cover ranges of bytes; their owner is a
 * process (POSIX) or an open file description (OFD); what one owner sets replaces what it had
 * there, and neighbours of one type become one. flock's cover the file, one for each description.
 * Locks of different owners conflict if one of them is for writing.
 *
 * An inode has a state while it has locks, or while a call that may set one is under way: `users`
 * counts those calls, and whoever leaves a state with neither takes it from the inode and frees it.
 * One spinlock protects all states: locks are rare, and looking for a deadlock has to see them all.
 * Without the spinlock inode->locks is only a hint that there may be something to release.
 * Who must wait remembers the state's generation, which every release changes, and sleeps until it
 * differs; then everything is looked at anew.
 *
 * Deadlock. A process that would wait for another which waits, over however many others, for it, is
 * refused. Only POSIX locks: an OFD lock's owner may be in several processes, so no cycle is
 * certain. The search follows CHAIN_MAX waiters and then gives up: a spinlock is held, and whoever
 * builds a longer cycle waits in it until a signal comes.
 *
 * Record locks take memory that does not count when a process is to die for want of it. So each is
 * charged to a user, who may have as many as fill a small part of all memory. Those of flock are
 * bounded by descriptors.
 *
 * Invariant: an owner's record locks on one inode are disjoint, and two that touch differ in type.
 */
#include "vfs/file_lock.h"

#include "core/assert.h"
#include "core/spinlock.h"
#include "lib/list.h"
#include "mem/kmalloc.h"
#include "mem/page_frame.h"
#include "mem/slab.h"
#include "sched/wait_queue.h"
#include "uapi/linux/errno.h"
#include "vfs/internal.h"
#include "vfs/user_count.h"

enum {
	CHAIN_MAX = 64,
	MEMORY_SHARE = 32,	/* a user's record locks may take this part of memory, */
	LOCK_COST = 128,	/* if each is about so large */
};

enum lock_kind { KIND_POSIX, KIND_OFD, KIND_FLOCK };

struct file_lock {
	struct list_node node;
	enum lock_kind kind;
	enum file_lock_type type;	/* READ or WRITE */
	uint64_t start, end;
	const void *owner;
	const struct file *file;	/* through which it was set */
	process_id pid;
	struct user_count *payer;	/* reference, or NULL */
};

/* One sleeper, on its stack. */
struct lock_waiter {
	struct list_node node;		/* in waiters */
	const struct inode *inode;
	struct file_lock wanted;
	const void *blocked_by;		/* an owner */
	bool is_reached;		/* by the search for a cycle, */
	struct lock_waiter *next_reached; /* which goes on with these */
};

/* All [lock_lock] */
struct file_lock_state {
	struct list_node node;		/* in states */
	struct inode *inode;
	unsigned int users;		/* calls that may drop the spinlock and come back */
	struct list records, flocks;
	atomic_uint generation;		/* counts releases; read without the lock by sleepers */
	struct wait_queue queue;
};

static struct spinlock lock_lock = SPINLOCK_INIT(LOCK_RANK_FILE_LOCK, "file locks");
static struct list states = LIST_INIT(states);		/* [lock_lock] */
static struct list waiters = LIST_INIT(waiters);	/* [lock_lock] */
static struct slab_cache *lock_slab;
static uint64_t lock_limit;	/* [I] record locks of one user */

void file_lock_init(void)
{
	struct frame_counts counts;

	lock_slab = slab_cache_create("file_lock", sizeof(struct file_lock), 0);
	page_frame_count(&counts);
	lock_limit = (uint64_t)counts.total / MEMORY_SHARE * (PAGE_SIZE / LOCK_COST);
}

/* NULL: no memory, or `payer` has too many. */
static struct file_lock *lock_alloc(struct user_count *payer)
{
	struct file_lock *lock;

	if (payer && !user_count_charge(payer, USER_FILE_LOCKS, lock_limit))
		return NULL;
	lock = slab_alloc(lock_slab, 0);
	if (lock)
		lock->payer = payer;
	if (payer && lock)
		user_count_hold(payer);
	else if (payer)
		user_count_uncharge(payer, USER_FILE_LOCKS);
	return lock;
}

static void lock_free(struct file_lock *lock)
{
	if (lock && lock->payer) {
		user_count_uncharge(lock->payer, USER_FILE_LOCKS);
		user_count_put(lock->payer);
	}
	slab_free(lock_slab, lock);
}

/* All but who pays, and the place in a list. */
static void lock_copy(struct file_lock *to, const struct file_lock *from)
{
	struct user_count *payer = to->payer;

	*to = *from;
	to->payer = payer;
	list_node_init(&to->node);
}

/* The inode's state, or NULL. Without lock_lock only a hint. */
static struct file_lock_state *state_of(const struct inode *inode)
{
	return atomic_load_explicit(&inode->locks, memory_order_acquire);
}

static struct file_lock_state *state_create(struct inode *inode)
{
	struct file_lock_state *state = kzalloc(sizeof(*state), 0);

	if (!state)
		return NULL;
	state->inode = inode;
	list_init(&state->records);
	list_init(&state->flocks);
	wait_queue_init(&state->queue);
	return state;
}

/* The inode's state, which gets one more user; NULL if it has none. */
static struct file_lock_state *state_find_get(const struct inode *inode)
{
	struct file_lock_state *state;

	spin_lock(&lock_lock);
	state = state_of(inode);
	if (state)
		state->users++;
	spin_unlock(&lock_lock);
	return state;
}

/* The same, but it is made if need be. NULL: no memory. */
static struct file_lock_state *state_get(struct inode *inode)
{
	struct file_lock_state *state = state_find_get(inode), *fresh;

	if (state)
		return state;
	fresh = state_create(inode);
	if (!fresh)
		return NULL;
	spin_lock(&lock_lock);
	state = state_of(inode);	/* somebody may have been quicker */
	if (!state) {
		state = fresh;
		fresh = NULL;
		list_add_tail(&states, &state->node);
		atomic_store_explicit(&inode->locks, state, memory_order_release);
	}
	state->users++;
	spin_unlock(&lock_lock);
	kfree(fresh);
	return state;
}

static void state_put(struct file_lock_state *state)
{
	bool is_idle;

	spin_lock(&lock_lock);
	state->users--;
	is_idle = state->users == 0 && list_is_empty(&state->records) &&
		  list_is_empty(&state->flocks);
	if (is_idle) {
		list_remove(&state->node);
		atomic_store_explicit(&state->inode->locks, NULL, memory_order_release);
	}
	spin_unlock(&lock_lock);
	if (is_idle)
		kfree(state);
}

static void drop(struct file_lock *lock)
{
	list_remove(&lock->node);
	lock_free(lock);
}

/* A lock went or shrank: who waits may look again, once the spinlock is dropped. */
static void released(struct file_lock_state *state)
{
	atomic_fetch_add_explicit(&state->generation, 1, memory_order_release);
}

static void unlock_and_wake(struct file_lock_state *state, unsigned int generation_before)
{
	bool changed = state->generation != generation_before;

	spin_unlock(&lock_lock);
	if (changed)
		wait_queue_wake_all(&state->queue, 0);
}

static bool overlaps(const struct file_lock *a, const struct file_lock *b)
{
	return a->start < b->end && b->start < a->end;
}

static struct file_lock *find_conflict(const struct list *list, const struct file_lock *wanted)
{
	struct file_lock *lock;

	list_for_each_entry(lock, list, node) {
		if (lock->owner != wanted->owner && overlaps(lock, wanted) &&
		    (lock->type == FILE_LOCK_WRITE || wanted->type == FILE_LOCK_WRITE))
			return lock;
	}
	return NULL;
}

/* ---- deadlock -------------------------------------------------------------------------------- */

/* Those that wait in the name of `owner` and were not reached yet: to the end of the list. */
static struct lock_waiter **reach(const void *owner, struct lock_waiter **end)
{
	struct lock_waiter *waiter;

	list_for_each_entry(waiter, &waiters, node) {
		if (waiter->wanted.kind != KIND_POSIX || waiter->wanted.owner != owner ||
		    waiter->is_reached)
			continue;
		waiter->is_reached = true;
		waiter->next_reached = NULL;
		*end = waiter;
		end = &waiter->next_reached;
	}
	return end;
}

/* Would `owner`, waiting for `blocker`, wait for itself in the end? */
static bool would_deadlock(const void *owner, const void *blocker)
{
	struct lock_waiter *waiter, *first = NULL, **end;

	list_for_each_entry(waiter, &waiters, node)
		waiter->is_reached = false;
	end = reach(blocker, &first);
	waiter = first;
	for (unsigned int steps = 0; waiter && steps < CHAIN_MAX; steps++) {
		if (waiter->blocked_by == owner)
			return true;
		end = reach(waiter->blocked_by, end);
		waiter = waiter->next_reached;
	}
	return false;
}

/* Sleep until something is released. lock_lock is held, and dropped. */
static int wait_for_release(struct file_lock_state *state, const struct file_lock *wanted,
			    const void *blocked_by)
{
	struct lock_waiter waiter = {
		.inode = state->inode, .wanted = *wanted, .blocked_by = blocked_by
	};
	unsigned int seen = state->generation;
	int error;

	list_add_tail(&waiters, &waiter.node);
	spin_unlock(&lock_lock);
	error = wait_event_interruptible(&state->queue,
					 atomic_load_explicit(&state->generation,
							      memory_order_acquire) != seen);
	spin_lock(&lock_lock);
	list_remove(&waiter.node);
	spin_unlock(&lock_lock);
	return error ? -ERESTARTSYS : 0;
}

/* ---- record locks ---------------------------------------------------------------------------- */

/*
 * What `wanted` does to `old`, a lock of the same owner: it is cut, split, or swallowed. `*spare`
 * is used up by a split. True: swallowed, `wanted` covers its range.
 */
static bool give_way(struct file_lock_state *state, struct file_lock *old,
		     struct file_lock *wanted, struct file_lock **spare)
{
	if (old->type == wanted->type) {
		if (old->end < wanted->start || wanted->end < old->start)
			return false;
		if (old->start < wanted->start)
			wanted->start = old->start;
		if (old->end > wanted->end)
			wanted->end = old->end;
		return true;
	}
	if (!overlaps(old, wanted))
		return false;
	if (old->type == FILE_LOCK_WRITE || wanted->type == FILE_LOCK_NONE)
		released(state);
	if (old->start < wanted->start && old->end > wanted->end) {
		struct file_lock *right = *spare;

		*spare = NULL;
		lock_copy(right, old);
		right->start = wanted->end;
		old->end = wanted->start;
		list_add_tail(&state->records, &right->node);
		return false;
	}
	if (old->start < wanted->start)
		old->end = wanted->start;
	else if (old->end > wanted->end)
		old->start = wanted->end;
	else
		return true;
	return false;
}

/* Is a lock of the same owner to be cut in two? */
static bool splits(const struct file_lock_state *state, const struct file_lock *wanted)
{
	const struct file_lock *lock;

	list_for_each_entry(lock, &state->records, node) {
		if (lock->owner == wanted->owner && lock->type != wanted->type &&
		    lock->start < wanted->start && lock->end > wanted->end)
			return true;
	}
	return false;
}

/*
 * No conflict stands in the way: make it so. Uses `own` for the new lock and `spare` for a split;
 * what is left is NULL or not.
 */
static void apply(struct file_lock_state *state, struct file_lock *wanted, struct file_lock **own,
		  struct file_lock **spare)
{
	struct file_lock *lock, *next;

	list_for_each_entry_safe(lock, next, &state->records, node) {
		if (lock->owner == wanted->owner && give_way(state, lock, wanted, spare))
			drop(lock);
	}
	if (wanted->type == FILE_LOCK_NONE)
		return;
	lock_copy(*own, wanted);
	list_add_tail(&state->records, &(*own)->node);
	*own = NULL;
}

/*
 * Once: 0, or the owner that is in the way (then lock_lock is still held). *error: it needs a spare
 * lock that there is not.
 */
static const void *try_set(struct file_lock_state *state, struct file_lock *wanted,
			   struct file_lock **own, struct file_lock **spare, int *error)
{
	unsigned int generation;
	struct file_lock *conflict;

	spin_lock(&lock_lock);
	generation = state->generation;
	conflict = wanted->type == FILE_LOCK_NONE ? NULL : find_conflict(&state->records, wanted);
	if (conflict)
		return conflict->owner;
	if (unlikely(!*spare) && splits(state, wanted))
		*error = -ENOLCK;
	else
		apply(state, wanted, own, spare);
	unlock_and_wake(state, generation);
	return NULL;
}

static int set_record(struct file_lock_state *state, struct file_lock *wanted, bool wait,
		      struct file_lock **own, struct file_lock **spare)
{
	for (;;) {
		int error = 0;
		const void *blocker = try_set(state, wanted, own, spare, &error);

		if (!blocker)
			return error;
		if (!wait)
			error = -EAGAIN;
		else if (wanted->kind == KIND_POSIX && would_deadlock(wanted->owner, blocker))
			error = -EDEADLK;
		if (error) {
			spin_unlock(&lock_lock);
			return error;
		}
		error = wait_for_release(state, wanted, blocker);
		if (error)
			return error;
	}
}

static struct file_lock lock_from(const struct file *file, const struct file_lock_request *request)
{
	return (struct file_lock){
		.kind = request->owner == file ? KIND_OFD : KIND_POSIX,
		.type = request->type, .start = request->start, .end = request->end,
		.owner = request->owner, .file = file, .pid = request->pid,
	};
}

int file_lock_set(struct file *file, const struct file_lock_request *request, bool wait)
{
	struct file_lock wanted = lock_from(file, request);
	struct file_lock *own, *spare;
	struct file_lock_state *state;
	int error = -ENOLCK;

	if ((request->type == FILE_LOCK_READ && !(file->mode & FILE_READ)) ||
	    (request->type == FILE_LOCK_WRITE && !(file->mode & FILE_WRITE)))
		return -EBADF;
	if (request->type == FILE_LOCK_NONE && !state_of(file->inode))
		return 0;
	state = state_get(file->inode);
	if (!state)
		return -ENOLCK;
	/* Who gives one up needs none, but for what is cut in two. */
	own = request->type == FILE_LOCK_NONE ? NULL : lock_alloc(request->payer);
	spare = lock_alloc(request->payer);
	if (request->type == FILE_LOCK_NONE || (own && spare))
		error = set_record(state, &wanted, wait, &own, &spare);
	lock_free(own);
	lock_free(spare);
	state_put(state);
	return error;
}

int file_lock_test(struct file *file, struct file_lock_request *request)
{
	struct file_lock wanted = lock_from(file, request);
	struct file_lock_state *state;
	struct file_lock *conflict;

	spin_lock(&lock_lock);
	state = state_of(file->inode);
	conflict = state ? find_conflict(&state->records, &wanted) : NULL;
	request->type = FILE_LOCK_NONE;
	if (conflict) {
		request->type = conflict->type;
		request->start = conflict->start;
		request->end = conflict->end;
		request->pid = conflict->kind == KIND_OFD ? -1 : conflict->pid;
	}
	spin_unlock(&lock_lock);
	return 0;
}

/* ---- flock ----------------------------------------------------------------------------------- */

static struct file_lock *find_flock(struct file_lock_state *state, const struct file *file)
{
	struct file_lock *lock;

	list_for_each_entry(lock, &state->flocks, node) {
		if (lock->owner == file)
			return lock;
	}
	return NULL;
}

/*
 * Once: NULL if done, else the owner in the way (then lock_lock is still held). A change of type
 * gives the old lock up first, as Linux says it may: somebody else may get in between.
 */
static const void *try_flock(struct file_lock_state *state, struct file_lock *wanted,
			     struct file_lock **own)
{
	struct file_lock *old, *conflict;
	unsigned int generation;

	spin_lock(&lock_lock);
	generation = state->generation;
	old = find_flock(state, wanted->file);
	if (old && old->type == wanted->type) {
		spin_unlock(&lock_lock);
		return NULL;
	}
	if (old) {
		drop(old);
		released(state);
	}
	conflict = wanted->type == FILE_LOCK_NONE ? NULL : find_conflict(&state->flocks, wanted);
	if (conflict && old) {
		unlock_and_wake(state, generation);
		spin_lock(&lock_lock);
		conflict = find_conflict(&state->flocks, wanted);
		generation = state->generation;
	}
	if (conflict)
		return conflict->owner;
	if (wanted->type != FILE_LOCK_NONE) {
		lock_copy(*own, wanted);
		list_add_tail(&state->flocks, &(*own)->node);
		*own = NULL;
	}
	unlock_and_wake(state, generation);
	return NULL;
}

int file_lock_whole(struct file *file, enum file_lock_type type, process_id pid, bool wait)
{
	struct file_lock wanted = { .kind = KIND_FLOCK, .type = type, .end = UINT64_MAX,
				    .owner = file, .file = file, .pid = pid };
	struct file_lock_state *state;
	struct file_lock *own;
	int error = 0;

	if (type == FILE_LOCK_NONE && !state_of(file->inode))
		return 0;
	state = state_get(file->inode);
	if (!state)
		return -ENOLCK;
	own = lock_alloc(NULL);
	if (!own)
		error = -ENOLCK;
	while (!error) {
		const void *blocker = try_flock(state, &wanted, &own);

		if (!blocker)
			break;
		if (!wait) {
			spin_unlock(&lock_lock);
			error = -EWOULDBLOCK;
		} else {
			error = wait_for_release(state, &wanted, blocker);
		}
	}
	lock_free(own);
	state_put(state);
	return error;
}

/* ---- going away ------------------------------------------------------------------------------ */

static void drop_matching(struct file_lock_state *state, struct list *list, const void *owner,
			  const struct file *file)
{
	struct file_lock *lock, *next;

	list_for_each_entry_safe(lock, next, list, node) {
		bool matches = file ? lock->file == file
				    : lock->owner == owner && lock->kind == KIND_POSIX;

		if (matches) {
			drop(lock);
			released(state);
		}
	}
}

void file_lock_release_owner(struct inode *inode, const void *owner)
{
	struct file_lock_state *state = state_find_get(inode);
	unsigned int generation;

	if (!state)
		return;
	spin_lock(&lock_lock);
	generation = state->generation;
	drop_matching(state, &state->records, owner, NULL);
	unlock_and_wake(state, generation);
	state_put(state);
}

/*
 * The description goes: its own locks, and what a thread set through it just while another closed
 * it.
 */
void file_lock_release_file(struct file *file)
{
	struct file_lock_state *state = state_find_get(file->inode);
	unsigned int generation;

	if (!state)
		return;
	spin_lock(&lock_lock);
	generation = state->generation;
	drop_matching(state, &state->records, NULL, file);
	drop_matching(state, &state->flocks, NULL, file);
	unlock_and_wake(state, generation);
	state_put(state);
}

/* ---- /proc/locks ----------------------------------------------------------------------------- */

/* Where views go: as many as there is room for are kept, all are counted. */
struct view_list {
	struct file_lock_view *views;
	size_t room, count;
};

static void view_lock(struct view_list *list, const struct file_lock *lock,
		      const struct inode *inode, bool is_waiting)
{
	static const char *const kinds[] = {
		[KIND_POSIX] = "POSIX", [KIND_OFD] = "OFDLCK", [KIND_FLOCK] = "FLOCK"
	};

	if (list->count++ >= list->room)
		return;
	list->views[list->count - 1] = (struct file_lock_view){
		.kind = kinds[lock->kind], .is_waiting = is_waiting, .type = lock->type,
		.pid = lock->kind == KIND_OFD ? -1 : lock->pid,
		.owner = lock->owner, .file = lock->file,
		.device = inode->super->device_number, .inode_number = inode->number,
		.start = lock->start, .end = lock->end,
	};
}

/* Each lock of a list, and behind it who waits for its owner there. */
static void view_locks(struct view_list *views, const struct list *locks,
		       const struct inode *inode)
{
	const struct lock_waiter *waiter;
	const struct file_lock *lock;

	list_for_each_entry(lock, locks, node) {
		view_lock(views, lock, inode, false);
		list_for_each_entry(waiter, &waiters, node) {
			if (waiter->inode == inode && waiter->blocked_by == lock->owner &&
			    (waiter->wanted.kind == KIND_FLOCK) == (lock->kind == KIND_FLOCK))
				view_lock(views, &waiter->wanted, inode, true);
		}
	}
}

size_t file_lock_view_all(const struct inode *inode, struct file_lock_view *views, size_t room)
{
	struct view_list list = { .views = views, .room = room };
	const struct file_lock_state *state;

	spin_lock(&lock_lock);
	list_for_each_entry(state, &states, node) {
		if (inode && state->inode != inode)
			continue;
		view_locks(&list, &state->flocks, state->inode);
		view_locks(&list, &state->records, state->inode);
	}
	spin_unlock(&lock_lock);
	return list.count;
}
