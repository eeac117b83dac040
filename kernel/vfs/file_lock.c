/*
 * File locks.
 *
 * Two sorts that know nothing of each other. Record locks cover ranges of bytes; their owner is a
 * process (POSIX) or an open file description (OFD); what one owner sets replaces what it had
 * there, and neighbours of one type become one. flock's cover the file, one for each description.
 * Locks of different owners conflict if one of them is for writing. Each sort has a table
 * (lock_table.c), in which the owner of a lock and its place are found in logarithmic time.
 *
 * An inode has a state while it has locks, and only then: what sets the first one brings the state
 * along, and what drops the last one takes it away. Without the spinlock inode->locks is only a
 * hint that there may be something to release.
 *
 * A call allocates what it may need, tries under the spinlock, and tries again if that lacks
 * something or has to wait (file_lock_wait.c). Nothing is kept from one try to the next.
 *
 * Costs, with n locks on the file: setting, asking, unlocking, closing O(log n), and O(log n) for
 * each of the owner's locks that go or change by it. Other owners' are never walked, whether they
 * are in the way or not.
 *
 * One spinlock protects all states and who waits. A lock for each state would need this one just
 * the same: to find the state from its inode while another call may take it away, and to search
 * for deadlocks, which has to see all waiters of all files at once. With what is done under it
 * logarithmic, it is held for so short that two would cost more than they save. What takes long
 * gives it up in between: unlocking and closing many locks, and telling /proc of them. Two things
 * do not: a lock that swallows many of its owner's, which has to happen at once, and waking all
 * who wait for one lock.
 *
 * Record locks take memory that does not count when a process is to die for want of it. So each is
 * charged to a user, who may have as many as fill a small part of all memory. Those of flock are
 * bounded by descriptors.
 *
 * A POSIX lock names the description through which it was set, and does not outlive it: closing any
 * descriptor of the file gives up all of its owner's, and a call that sets one looks whether its
 * descriptor was closed meanwhile (sys_lock.c).
 */
#include "vfs/file_lock.h"

#include "core/assert.h"
#include "mem/kmalloc.h"
#include "mem/page_frame.h"
#include "mem/slab.h"
#include "uapi/linux/errno.h"
#include "vfs/file_lock_internal.h"
#include "vfs/internal.h"
#include "vfs/user_count.h"

enum { MEMORY_SHARE = 32 };	/* a user's record locks may take this part of memory */

/* What came of a try; or an error, below 0. */
enum outcome {
	OUTCOME_DONE,
	OUTCOME_NO_STATE,	/* one is needed */
	OUTCOME_NO_SPARE,	/* a lock is to be cut in two */
	OUTCOME_UNFINISHED,	/* there is more to unlock */
	OUTCOME_WAITING,	/* for a lock in the way */
};

/* A call that sets or clears locks: its thread's own, but for the waiter. */
struct attempt {
	struct inode *inode;
	struct lock_claim wanted;
	struct user_count *payer;
	bool wait;
	struct lock_change change;
	struct file_lock_state *state;	/* to be the inode's; or that was, and is to be freed */
	struct lock_waiter waiter;
};

struct spinlock file_lock_spinlock = SPINLOCK_INIT(LOCK_RANK_FILE_LOCK, "file locks");
static struct rbtree states;		/* [file_lock_spinlock] by number */
static uint64_t state_count;		/* [file_lock_spinlock] that there ever were */
static struct slab_cache *lock_slab;	/* [I] */
static uint64_t lock_limit;		/* [I] record locks of one user */

void file_lock_init(void)
{
	struct frame_counts counts;

	lock_slab = slab_cache_create("file_lock", sizeof(struct file_lock), 0);
	page_frame_count(&counts);
	lock_limit = (uint64_t)counts.total / MEMORY_SHARE * (PAGE_SIZE / sizeof(struct file_lock));
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

/* Those that a change has taken out of the tables. */
static void free_dropped(struct lock_change *change)
{
	struct file_lock *lock;

	while ((lock = change->dropped)) {
		change->dropped = lock->next_dropped;
		lock_free(lock);
	}
}

/* ---- states ---------------------------------------------------------------------------------- */

/* The inode's state, or NULL. Without the spinlock only a hint. */
static struct file_lock_state *state_of(const struct inode *inode)
{
	return atomic_load_explicit(&inode->locks, memory_order_relaxed);
}

static inline struct file_lock_state *state_at_node(const struct rbtree_node *node)
{
	return rbtree_entry(node, struct file_lock_state, node);
}

struct file_lock_state *file_lock_state_at(uint64_t number)
{
	struct rbtree_node *node = states.node;
	struct file_lock_state *found = NULL;

	spin_assert_held(&file_lock_spinlock);
	while (node) {
		if (state_at_node(node)->number < number) {
			node = node->right;
		} else {
			found = state_at_node(node);
			node = node->left;
		}
	}
	return found;
}

static struct file_lock_state *state_create(struct inode *inode)
{
	struct file_lock_state *state = kzalloc(sizeof(*state), 0);

	if (!state)
		return NULL;
	state->inode = inode;
	lock_table_init(&state->records);
	lock_table_init(&state->flocks);
	return state;
}

/* It becomes its inode's, behind all others. */
static void state_attach(struct file_lock_state *state)
{
	struct rbtree_node **link = &states.node, *parent = NULL;

	state->number = state_count++;
	while (*link) {
		parent = *link;
		link = &parent->right;
	}
	rbtree_link(&state->node, parent, link);
	rbtree_insert_fixup(&states, &state->node);
	/* Relaxed: it is only looked into under the spinlock. */
	atomic_store_explicit(&state->inode->locks, state, memory_order_relaxed);
}

/* True: it had no more locks, and is to be freed. */
static bool state_detach_if_empty(struct file_lock_state *state)
{
	if (!lock_table_is_empty(&state->records) || !lock_table_is_empty(&state->flocks))
		return false;
	rbtree_remove(&states, &state->node);
	atomic_store_explicit(&state->inode->locks, NULL, memory_order_relaxed);
	return true;
}

/* ---- setting and clearing -------------------------------------------------------------------- */

static struct lock_table *table_for(struct file_lock_state *state,
				    const struct lock_claim *wanted)
{
	return wanted->kind == KIND_FLOCK ? &state->flocks : &state->records;
}

/* `blocker` is in the way. */
static int meet_conflict(struct attempt *attempt, struct file_lock *blocker)
{
	const struct lock_claim *wanted = &attempt->wanted;

	if (!attempt->wait)
		return -EAGAIN;
	if (wanted->kind == KIND_POSIX &&
	    file_lock_would_deadlock(wanted->owner, blocker->claim.owner))
		return -EDEADLK;
	file_lock_wait_begin(&attempt->waiter, wanted, blocker);
	return OUTCOME_WAITING;
}

/*
 * A description's flock goes before one of another type is looked for, as Linux says it may: who
 * then has to wait has none. True: it has the one that it wants.
 */
static bool give_up_flock(struct lock_table *table, const struct lock_claim *wanted,
			  struct lock_change *change)
{
	struct file_lock *old = lock_table_of_owner(table, wanted->owner);

	if (old && old->claim.type == wanted->type)
		return true;
	if (old)
		lock_table_drop(table, old, change);
	return false;
}

static int change_table(struct attempt *attempt, struct lock_table *table)
{
	const struct lock_claim *wanted = &attempt->wanted;
	struct file_lock *blocker;

	if (wanted->kind == KIND_FLOCK && give_up_flock(table, wanted, &attempt->change))
		return OUTCOME_DONE;
	blocker = lock_table_conflict(table, wanted);
	if (blocker)
		return meet_conflict(attempt, blocker);
	switch (lock_table_apply(table, wanted, &attempt->change)) {
	case LOCK_LACKS_SPARE:
		return OUTCOME_NO_SPARE;
	case LOCK_UNFINISHED:
		return OUTCOME_UNFINISHED;
	default:
		return OUTCOME_DONE;
	}
}

static int try_locked(struct attempt *attempt)
{
	struct file_lock_state *state = state_of(attempt->inode);
	int outcome;

	if (!state) {
		if (attempt->wanted.type == FILE_LOCK_NONE)
			return OUTCOME_DONE;
		if (!attempt->state)
			return OUTCOME_NO_STATE;
		state = attempt->state;
		attempt->state = NULL;
		state_attach(state);
	}
	outcome = change_table(attempt, table_for(state, &attempt->wanted));
	file_lock_wake(&attempt->change.released);
	if (state_detach_if_empty(state)) {
		assert(!attempt->state);
		attempt->state = state;
	}
	return outcome;
}

static int try_once(struct attempt *attempt)
{
	int outcome;

	spin_lock(&file_lock_spinlock);
	outcome = try_locked(attempt);
	spin_unlock(&file_lock_spinlock);
	free_dropped(&attempt->change);
	return outcome;
}

/* What a try lacked, for the next one. Errors: -ENOLCK, -ERESTARTSYS. */
static int make_ready(struct attempt *attempt, enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_NO_STATE:
		attempt->state = state_create(attempt->inode);
		return attempt->state ? 0 : -ENOLCK;
	case OUTCOME_NO_SPARE:
		attempt->change.spare = lock_alloc(attempt->payer);
		return attempt->change.spare ? 0 : -ENOLCK;
	case OUTCOME_WAITING:
		return file_lock_wait(&attempt->waiter);
	default:
		return 0;
	}
}

/* Until it is done, or fails. inode, wanted, payer and wait are filled in. */
static int try_to_set(struct attempt *attempt)
{
	int outcome;

	lock_change_init(&attempt->change);
	attempt->state = NULL;
	if (attempt->wanted.type != FILE_LOCK_NONE) {
		attempt->change.own = lock_alloc(attempt->payer);
		if (!attempt->change.own)
			return -ENOLCK;
		/* A guess that saves a try. */
		if (!state_of(attempt->inode))
			attempt->state = state_create(attempt->inode);
	}
	while ((outcome = try_once(attempt)) > OUTCOME_DONE) {
		int error = make_ready(attempt, outcome);

		if (error) {
			outcome = error;
			break;
		}
	}
	lock_free(attempt->change.own);
	lock_free(attempt->change.spare);
	kfree(attempt->state);
	return outcome;
}

static struct lock_claim claim_from(const struct file *file,
				    const struct file_lock_request *request)
{
	return (struct lock_claim){
		.kind = request->owner == file ? KIND_OFD : KIND_POSIX,
		.type = request->type, .start = request->start, .end = request->end,
		.owner = request->owner, .file = file, .pid = request->pid,
	};
}

int file_lock_set(struct file *file, const struct file_lock_request *request, bool wait)
{
	struct attempt attempt;

	if ((request->type == FILE_LOCK_READ && !(file->mode & FILE_READ)) ||
	    (request->type == FILE_LOCK_WRITE && !(file->mode & FILE_WRITE)))
		return -EBADF;
	if (request->type == FILE_LOCK_NONE && !state_of(file->inode))
		return 0;
	attempt.inode = file->inode;
	attempt.wanted = claim_from(file, request);
	attempt.payer = request->payer;
	attempt.wait = wait;
	return try_to_set(&attempt);
}

int file_lock_whole(struct file *file, enum file_lock_type type, process_id pid, bool wait)
{
	struct attempt attempt;

	if (type == FILE_LOCK_NONE && !state_of(file->inode))
		return 0;
	attempt.inode = file->inode;
	attempt.wanted = (struct lock_claim){ .kind = KIND_FLOCK, .type = type, .end = UINT64_MAX,
					     .owner = file, .file = file, .pid = pid };
	attempt.payer = NULL;
	attempt.wait = wait;
	return try_to_set(&attempt);
}

int file_lock_test(struct file *file, struct file_lock_request *request)
{
	struct lock_claim wanted = claim_from(file, request);
	struct file_lock_state *state;
	struct file_lock *conflict;

	spin_lock(&file_lock_spinlock);
	state = state_of(file->inode);
	conflict = state ? lock_table_conflict(&state->records, &wanted) : NULL;
	request->type = FILE_LOCK_NONE;
	if (conflict) {
		const struct lock_claim *claim = &conflict->claim;

		request->type = claim->type;
		request->start = claim->start;
		request->end = claim->end;
		request->pid = claim->kind == KIND_OFD ? -1 : claim->pid;
	}
	spin_unlock(&file_lock_spinlock);
	return 0;
}

/* ---- going away ------------------------------------------------------------------------------ */

/* Some of what the owner has in one table. True: that was all. */
static bool release_some(struct lock_table *table, const void *owner, struct lock_change *change)
{
	struct lock_claim nothing = { .type = FILE_LOCK_NONE, .end = UINT64_MAX, .owner = owner };

	/* It cuts none in two. */
	return lock_table_apply(table, &nothing, change) == LOCK_APPLIED;
}

/* All that the owner has; `flocks`: of these as well. */
static void release(struct inode *inode, const void *owner, bool flocks)
{
	struct file_lock_state *state, *empty = NULL;
	struct lock_change change;
	bool is_done;

	lock_change_init(&change);
	do {
		spin_lock(&file_lock_spinlock);
		state = state_of(inode);
		is_done = !state || (release_some(&state->records, owner, &change) &&
				     (!flocks || release_some(&state->flocks, owner, &change)));
		file_lock_wake(&change.released);
		if (state && state_detach_if_empty(state))
			empty = state;
		spin_unlock(&file_lock_spinlock);
		free_dropped(&change);
	} while (!is_done);
	kfree(empty);
}

void file_lock_release_owner(struct inode *inode, const void *owner)
{
	release(inode, owner, false);
}

void file_lock_release_file(struct file *file)
{
	release(file->inode, file, true);
}
