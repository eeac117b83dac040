/*
 * Lock tables.
 *
 * Each lock is in two red-black trees. By owner and then start, an owner's locks lie side by side,
 * disjoint and in order: setting, giving up and closing find what they change in the logarithm of
 * the number n of all locks, and touch nothing else.
 *
 * By start and then owner, the tree finds who is in the way, as interval trees do (Cormen,
 * Leiserson, Rivest, Stein: "Introduction to Algorithms", 14.3): from the latest end in a subtree
 * follows whether anything in it reaches behind the beginning of what is wanted. But an owner is
 * not in his own way, and readers are not in that of a reader; so what must be known is the latest
 * end of what could be in the way of this very owner, for this very type. Therefore each subtree
 * knows two latest ends, that of all its locks and that of those to write, and of each it knows
 * whose it is and where the last lock of anyone else ends: for one of these two the asking owner
 * is not the owner. So a search goes down one way only, past any number of the owner's own locks
 * and of other readers.
 *
 * Costs, with n locks in the table: the first conflict O(log n), also when there is none; a change
 * O(log n), and O(log n) for each lock of the owner's in or beside the range, which it swallows,
 * cuts, or joins. An unlocked range that holds many is dropped BATCH at a time, so that the
 * caller's spinlock is not held for all of them; a lock that swallows many has to do it at once.
 *
 * Who waits for a lock hangs on it. They stay with what swallows it, if that is in their way as
 * well; if it goes, shrinks, or lets readers in, they are released, to look again.
 *
 * Invariants (lock_table_check):
 *  1. Both trees hold the same locks, each in its order; no two are equal in either.
 *  2. Locks of one owner are disjoint, and two that touch differ in type.
 *  3. Latest ends are exact.
 */
#include "vfs/lock_table.h"
#include "lib/min_max.h"

enum { BATCH = 64 };

static inline struct file_lock *at_place(const struct rbtree_node *node)
{
	return rbtree_entry(node, struct file_lock, by_place);
}

static inline struct file_lock *at_owner(const struct rbtree_node *node)
{
	return rbtree_entry(node, struct file_lock, by_owner);
}

/* ---- latest ends ----------------------------------------------------------------------------- */

/*
 * Make *of hold what it and *more hold together. In line, as those below are: half of what a change
 * costs is here.
 */
static always_inline void add_latest(struct latest_end *of, const struct latest_end *more)
{
	if (of->owner == more->owner) {
		if (more->end > of->end)
			of->end = more->end;
		if (more->end_of_others > of->end_of_others)
			of->end_of_others = more->end_of_others;
	} else if (more->end > of->end) {
		uint64_t end = of->end;

		*of = *more;
		if (end > of->end_of_others)
			of->end_of_others = end;
	} else if (more->end > of->end_of_others) {
		of->end_of_others = more->end;
	}
}

/* The same of a single lock, to which its own latest ends do not belong yet. */
static always_inline void add_lock(struct file_lock *of, const struct file_lock *lock)
{
	const struct latest_end one = { .end = lock->claim.end,
					 .owner = lock->claim.owner };

	add_latest(&of->latest, &one);
	if (lock->claim.type == FILE_LOCK_WRITE)
		add_latest(&of->latest_write, &one);
}

static always_inline void add_subtree(struct file_lock *of, const struct rbtree_node *node)
{
	if (!node)
		return;
	add_latest(&of->latest, &at_place(node)->latest);
	add_latest(&of->latest_write, &at_place(node)->latest_write);
}

static void update(struct rbtree_node *node)
{
	struct file_lock *lock = at_place(node);
	const struct lock_claim *claim = &lock->claim;

	lock->latest = (struct latest_end){ .end = claim->end, .owner = claim->owner };
	lock->latest_write = (struct latest_end){ .end = 0 };
	if (claim->type == FILE_LOCK_WRITE)
		lock->latest_write = lock->latest;
	add_subtree(lock, node->left);
	add_subtree(lock, node->right);
}

/* Where the last in a subtree ends that can be in the way of *wanted; 0: there is none. */
static inline uint64_t latest_in_way(const struct rbtree_node *node,
				     const struct lock_claim *wanted)
{
	const struct latest_end *latest;

	if (!node)
		return 0;
	latest = wanted->type == FILE_LOCK_WRITE ? &at_place(node)->latest
						 : &at_place(node)->latest_write;
	return latest->owner != wanted->owner ? latest->end : latest->end_of_others;
}

/* ---- looking --------------------------------------------------------------------------------- */

static inline bool overlap(const struct lock_claim *a, const struct lock_claim *b)
{
	return a->start < b->end && b->start < a->end;
}

static inline bool is_in_way(const struct lock_claim *lock, const struct lock_claim *wanted)
{
	return lock->owner != wanted->owner && overlap(lock, wanted) &&
	       (lock->type == FILE_LOCK_WRITE || wanted->type == FILE_LOCK_WRITE);
}

struct file_lock *lock_table_conflict(const struct lock_table *table,
				      const struct lock_claim *wanted)
{
	struct rbtree_node *node = table->by_place.node;

	if (wanted->type == FILE_LOCK_NONE || latest_in_way(node, wanted) <= wanted->start)
		return NULL;
	/* Something in this subtree reaches behind the start, and differs in owner and type. */
	for (;;) {
		struct file_lock *lock = at_place(node);

		/* If that is on the left it is the answer, or begins too late: then so does all. */
		if (latest_in_way(node->left, wanted) > wanted->start) {
			node = node->left;
			continue;
		}
		if (lock->claim.start >= wanted->end)
			return NULL;
		if (is_in_way(&lock->claim, wanted))
			return lock;
		node = node->right;
	}
}

/* Is the lock's place before (start, owner)? */
static inline bool is_before_place(const struct file_lock *lock, uint64_t start, uintptr_t owner)
{
	const struct lock_claim *claim = &lock->claim;

	return claim->start != start ? claim->start < start : (uintptr_t)claim->owner < owner;
}

static inline bool is_before_owner(const struct file_lock *lock, uintptr_t owner, uint64_t start)
{
	const struct lock_claim *claim = &lock->claim;

	return (uintptr_t)claim->owner != owner ? (uintptr_t)claim->owner < owner
						: claim->start < start;
}

struct file_lock *lock_table_at(const struct lock_table *table, uint64_t start, uintptr_t owner)
{
	struct rbtree_node *node = table->by_place.node;
	struct file_lock *found = NULL;

	while (node) {
		if (is_before_place(at_place(node), start, owner)) {
			node = node->right;
		} else {
			found = at_place(node);
			node = node->left;
		}
	}
	return found;
}

/* Of the owner's locks the first that ends at `start` or behind it, or NULL. */
static struct file_lock *first_own(const struct lock_table *table, const void *owner,
				   uint64_t start)
{
	struct rbtree_node *node = table->by_owner.node;
	struct file_lock *before = NULL, *behind = NULL;

	while (node) {
		if (is_before_owner(at_owner(node), (uintptr_t)owner, start)) {
			before = at_owner(node);
			node = node->right;
		} else {
			behind = at_owner(node);
			node = node->left;
		}
	}
	/* They are disjoint: of those that begin before, only the last may reach so far. */
	if (before && before->claim.owner == owner && before->claim.end >= start)
		return before;
	return behind && behind->claim.owner == owner ? behind : NULL;
}

static struct file_lock *next_own(const struct file_lock *lock)
{
	struct rbtree_node *node = rbtree_next(&lock->by_owner);

	return node && at_owner(node)->claim.owner == lock->claim.owner ? at_owner(node) : NULL;
}

struct file_lock *lock_table_of_owner(const struct lock_table *table, const void *owner)
{
	return first_own(table, owner, 0);
}

/* Does *wanted make two of the owner's lock that is the first to reach so far? */
static bool is_split(const struct lock_claim *lock, const struct lock_claim *wanted)
{
	return lock->type != wanted->type && lock->start < wanted->start && lock->end > wanted->end;
}

/* ---- changing -------------------------------------------------------------------------------- */

static void insert_by_place(struct lock_table *table, struct file_lock *lock)
{
	struct rbtree_node **link = &table->by_place.node, *parent = NULL;
	uintptr_t owner = (uintptr_t)lock->claim.owner;

	while (*link) {
		struct file_lock *other = at_place(*link);

		parent = *link;
		add_lock(other, lock);
		link = is_before_place(other, lock->claim.start, owner)
			       ? &parent->right
			       : &parent->left;
	}
	rbtree_link(&lock->by_place, parent, link);
	update(&lock->by_place);
	rbtree_insert_fixup_bounded(&table->by_place, &lock->by_place, update);
}

static void insert(struct lock_table *table, struct file_lock *lock)
{
	struct rbtree_node **link = &table->by_owner.node, *parent = NULL;
	uintptr_t owner = (uintptr_t)lock->claim.owner;

	while (*link) {
		parent = *link;
		link = is_before_owner(at_owner(parent), owner, lock->claim.start)
			       ? &parent->right
			       : &parent->left;
	}
	rbtree_link(&lock->by_owner, parent, link);
	rbtree_insert_fixup(&table->by_owner, &lock->by_owner);
	insert_by_place(table, lock);
}

static void take_out(struct lock_table *table, struct file_lock *lock)
{
	rbtree_remove(&table->by_owner, &lock->by_owner);
	rbtree_remove_summed(&table->by_place, &lock->by_place, update);
}

static void add_dropped(struct file_lock *lock, struct lock_change *change)
{
	lock->next_dropped = change->dropped;
	change->dropped = lock;
}

void lock_table_drop(struct lock_table *table, struct file_lock *lock, struct lock_change *change)
{
	take_out(table, lock);
	list_splice_tail(&change->released, &lock->waiters);
	add_dropped(lock, change);
}

/* A new lock in the table that says what *claim says, but for its range. */
static void insert_new(struct lock_table *table, struct file_lock *lock,
		       const struct lock_claim *claim, uint64_t start, uint64_t end)
{
	lock->claim = *claim;
	lock->claim.start = start;
	lock->claim.end = end;
	list_init(&lock->waiters);
	insert(table, lock);
}

/* `old`, of another type, gives way to *wanted, which covers a part of it. */
static void cut(struct lock_table *table, struct file_lock *old, const struct lock_claim *wanted,
		struct lock_change *change)
{
	list_splice_tail(&change->released, &old->waiters);
	take_out(table, old);
	if (is_split(&old->claim, wanted)) {
		insert_new(table, change->spare, &old->claim, wanted->end, old->claim.end);
		change->spare = NULL;
	}
	if (old->claim.start < wanted->start)
		old->claim.end = wanted->start;
	else
		old->claim.start = wanted->end;
	insert(table, old);
}

/* Does whoever `old` keeps waiting have to wait for a lock of `type` in its place as well? */
static bool keeps_waiting(enum file_lock_type type, const struct lock_claim *old)
{
	return type == FILE_LOCK_WRITE || type == old->type;
}

enum lock_applied lock_table_apply(struct lock_table *table, const struct lock_claim *wanted,
				   struct lock_change *change)
{
	struct file_lock *lock = first_own(table, wanted->owner, wanted->start), *next;
	uint64_t start = wanted->start, end = wanted->end;
	struct list heirs = LIST_INIT(heirs);
	unsigned int dropped = 0;

	if (!change->spare && lock && is_split(&lock->claim, wanted))
		return LOCK_LACKS_SPARE;
	for (; lock && lock->claim.start <= wanted->end; lock = next) {
		const struct lock_claim *old = &lock->claim;

		next = next_own(lock);
		if (old->type == wanted->type) {
			start = min(start, old->start);
			end = max(end, old->end);
		} else if (!overlap(old, wanted)) {
			continue;
		} else if (old->start < wanted->start || old->end > wanted->end) {
			cut(table, lock, wanted, change);
			continue;
		}
		if (wanted->type == FILE_LOCK_NONE && dropped++ == BATCH)
			return LOCK_UNFINISHED;
		if (keeps_waiting(wanted->type, old))
			list_splice_tail(&heirs, &lock->waiters);
		lock_table_drop(table, lock, change);
	}
	if (wanted->type != FILE_LOCK_NONE) {
		insert_new(table, change->own, wanted, start, end);
		list_splice_tail(&change->own->waiters, &heirs);
		change->own = NULL;
	}
	return LOCK_APPLIED;
}

/* ---- checking -------------------------------------------------------------------------------- */

static bool latest_is(const struct latest_end *a, const struct latest_end *b)
{
	/* Two that end together: either may be the one that is named. */
	return a->end == b->end && a->end_of_others == b->end_of_others &&
	       (a->owner == b->owner || a->end == a->end_of_others);
}

static bool places_are_right(const struct lock_table *table, size_t *count)
{
	const struct file_lock *previous = NULL;

	for (struct rbtree_node *node = rbtree_first(&table->by_place); node;
	     node = rbtree_next(node)) {
		const struct file_lock *lock = at_place(node);
		const struct lock_claim *claim = &lock->claim;
		struct file_lock anew = *lock;

		update(&anew.by_place);
		if (!latest_is(&lock->latest, &anew.latest) ||
		    !latest_is(&lock->latest_write, &anew.latest_write) ||
		    claim->start >= claim->end || claim->type == FILE_LOCK_NONE ||
		    (previous &&
		     !is_before_place(previous, claim->start, (uintptr_t)claim->owner)))
			return false;
		previous = lock;
		++*count;
	}
	return true;
}

/* Is each where a search by place finds it? */
static bool owners_are_right(const struct lock_table *table, size_t *count)
{
	const struct file_lock *previous = NULL;

	for (struct rbtree_node *node = rbtree_first(&table->by_owner); node;
	     node = rbtree_next(node)) {
		const struct file_lock *lock = at_owner(node);
		const struct lock_claim *claim = &lock->claim;
		uintptr_t owner = (uintptr_t)claim->owner;

		if (lock_table_at(table, claim->start, owner) != lock)
			return false;
		if (previous && !is_before_owner(previous, owner, claim->start))
			return false;
		if (previous && previous->claim.owner == claim->owner &&
		    (previous->claim.end > claim->start ||
		     (previous->claim.end == claim->start && previous->claim.type == claim->type)))
			return false;
		previous = lock;
		++*count;
	}
	return true;
}

bool lock_table_check(const struct lock_table *table)
{
	size_t by_place = 0, by_owner = 0;

	return rbtree_check(&table->by_place) && rbtree_check(&table->by_owner) &&
	       places_are_right(table, &by_place) && owners_are_right(table, &by_owner) &&
	       by_place == by_owner;
}
