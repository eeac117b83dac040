/*
 * Lock tables against a model: for each owner an array that says of each place of the file how it
 * is locked.
 *
 * test: bits=64
 */
#include "vfs/lock_table.h"
#include "core/compiler.h"
#include "test.h"

/* A place stands for many bytes, so that numbers pass 32 bits; the last one has no end. */
enum { OWNERS = 5, PLACES = 40, LOCKS = 2 * OWNERS * PLACES, WAITERS = 12, STEPS = 30000 };
#define PLACE_BYTES (1ull << 30)

struct waiter {
	struct list_node node;		/* linked while it waits */
	struct lock_claim wanted;
};

static struct lock_table table;
static struct file_lock memory[LOCKS];
static bool is_used[LOCKS];
static enum file_lock_type model[OWNERS][PLACES];
static struct waiter waiters[WAITERS];
static char owners[OWNERS];

static struct file_lock *take(void)
{
	for (unsigned int i = 0;; i++) {
		if (!is_used[i]) {
			is_used[i] = true;
			memory[i].payer = (struct user_count *)&is_used[i];
			return &memory[i];
		}
	}
}

static void give_back(struct test *t, struct file_lock *lock)
{
	if (!lock)
		return;
	EXPECT(t, is_used[lock - memory]);
	EXPECT_POINTER(t, lock->payer, &is_used[lock - memory]);
	is_used[lock - memory] = false;
}

static unsigned int used_count(void)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < LOCKS; i++)
		count += is_used[i];
	return count;
}

static uint64_t byte_of(unsigned int place)
{
	return place == PLACES ? UINT64_MAX : place * PLACE_BYTES;
}

static unsigned int place_of(uint64_t byte)
{
	return byte == UINT64_MAX ? PLACES : (unsigned int)(byte / PLACE_BYTES);
}

static unsigned int number_of(const struct lock_claim *claim)
{
	return (unsigned int)((const char *)claim->owner - owners);
}

static struct lock_claim wish(unsigned int owner, enum file_lock_type type, unsigned int start,
			      unsigned int end)
{
	return (struct lock_claim){
		.owner = &owners[owner], .type = type, .start = byte_of(start),
		.end = byte_of(end), .pid = (process_id)owner
	};
}

static bool is_in_way(const struct lock_claim *wanted, unsigned int owner, unsigned int place)
{
	enum file_lock_type type = model[owner][place];

	return wanted->type != FILE_LOCK_NONE && owner != number_of(wanted) &&
	       type != FILE_LOCK_NONE &&
	       (type == FILE_LOCK_WRITE || wanted->type == FILE_LOCK_WRITE);
}

/* The first place at which a lock of `owner` begins that is in the way; PLACES: there is none. */
static unsigned int first_in_way(const struct lock_claim *wanted, unsigned int owner)
{
	for (unsigned int place = place_of(wanted->start); place < place_of(wanted->end); place++) {
		if (is_in_way(wanted, owner, place)) {
			while (place && model[owner][place - 1] == model[owner][place])
				place--;
			return place;
		}
	}
	return PLACES;
}

static struct file_lock *expect_conflict(struct test *t, const struct lock_claim *wanted)
{
	struct file_lock *found = lock_table_conflict(&table, wanted);
	unsigned int first = PLACES;

	for (unsigned int owner = 0; owner < OWNERS; owner++) {
		unsigned int place = first_in_way(wanted, owner);

		first = place < first ? place : first;
	}
	EXPECT_EQ(t, found ? place_of(found->claim.start) : PLACES, first);
	if (found)
		EXPECT_EQ(t, first_in_way(wanted, number_of(&found->claim)), first);
	return found;
}

/* Each lock is a run of equal places in the model, and each run is a lock. */
static void expect_model(struct test *t)
{
	unsigned int count = 0;

	for (unsigned int owner = 0; owner < OWNERS; owner++) {
		struct file_lock *first = NULL;

		for (unsigned int place = 0, end; place < PLACES; place = end) {
			enum file_lock_type type = model[owner][place];
			struct file_lock *lock;

			for (end = place; end < PLACES && model[owner][end] == type; end++)
				;
			if (type == FILE_LOCK_NONE)
				continue;
			count++;
			lock = lock_table_at(&table, byte_of(place), (uintptr_t)&owners[owner]);
			if (!first)
				first = lock;
			EXPECT(t, lock && lock->claim.owner == &owners[owner] &&
					  lock->claim.type == type &&
					  lock->claim.start == byte_of(place) &&
					  lock->claim.end == byte_of(end) &&
					  lock->claim.pid == (process_id)owner);
		}
		EXPECT_POINTER(t, lock_table_of_owner(&table, &owners[owner]), first);
	}
	EXPECT_EQ(t, used_count(), count);
	EXPECT(t, lock_table_check(&table));
}

/* Who waits hangs on a lock that is in the way. */
static void expect_waiters(struct test *t)
{
	for (unsigned int i = 0; i < LOCKS; i++) {
		struct waiter *waiter;

		if (!is_used[i])
			continue;
		list_for_each_entry(waiter, &memory[i].waiters, node) {
			const struct lock_claim *wanted = &waiter->wanted;
			const struct lock_claim *held = &memory[i].claim;

			EXPECT(t, held->owner != wanted->owner && held->start < wanted->end &&
					  wanted->start < held->end &&
					  (held->type == FILE_LOCK_WRITE ||
					   wanted->type == FILE_LOCK_WRITE));
		}
	}
}

static void finish(struct test *t, struct lock_change *change)
{
	struct file_lock *lock;

	while ((lock = change->dropped)) {
		change->dropped = lock->next_dropped;
		give_back(t, lock);
	}
	give_back(t, change->own);
	give_back(t, change->spare);
	while (!list_is_empty(&change->released))
		list_pop_head(&change->released);
}

/* Does it leave something of one lock on both sides? */
static bool splits(const struct lock_claim *wanted)
{
	unsigned int start = place_of(wanted->start), end = place_of(wanted->end);
	const enum file_lock_type *places = model[number_of(wanted)];

	if (start == 0 || end == PLACES || places[start] == wanted->type)
		return false;
	for (unsigned int place = start - 1; place <= end; place++) {
		if (places[place] == FILE_LOCK_NONE || places[place] != places[start])
			return false;
	}
	return true;
}

static void apply(struct test *t, const struct lock_claim *wanted)
{
	enum lock_applied applied;
	struct lock_change change;

	lock_change_init(&change);
	if (wanted->type != FILE_LOCK_NONE)
		change.own = take();
	applied = lock_table_apply(&table, wanted, &change);
	EXPECT_EQ(t, applied == LOCK_LACKS_SPARE, splits(wanted));
	if (applied == LOCK_LACKS_SPARE) {
		change.spare = take();
		applied = lock_table_apply(&table, wanted, &change);
	}
	EXPECT_EQ(t, applied, LOCK_APPLIED);
	EXPECT_POINTER(t, change.own, NULL);
	EXPECT_POINTER(t, change.spare, NULL);
	finish(t, &change);
	for (unsigned int i = place_of(wanted->start); i < place_of(wanted->end); i++)
		model[number_of(wanted)][i] = wanted->type;
}

static void wait_for(struct file_lock *blocker, const struct lock_claim *wanted)
{
	for (unsigned int i = 0; i < WAITERS; i++) {
		if (!list_node_is_linked(&waiters[i].node)) {
			waiters[i].wanted = *wanted;
			list_add_tail(&blocker->waiters, &waiters[i].node);
			return;
		}
	}
}

/* Mostly short ranges; now and then all, as a close gives it up. */
static struct lock_claim random_wish(uint32_t *seed)
{
	unsigned int owner = test_random(seed) % OWNERS, start = test_random(seed) % PLACES;
	unsigned int length = test_random(seed) % (test_random(seed) % PLACES + 1) + 1;
	enum file_lock_type type = test_random(seed) % 3;

	if (test_random(seed) % 40 == 0)
		return wish(owner, FILE_LOCK_NONE, 0, PLACES);
	/* Readers, for the most part: so many may lie over each other. */
	if (type == FILE_LOCK_WRITE && test_random(seed) % 2)
		type = FILE_LOCK_READ;
	return wish(owner, type, start, start + length < PLACES ? start + length : PLACES);
}

static void random_changes_agree_with_a_model(struct test *t)
{
	uint32_t seed = test_setting("SEED", 7);

	lock_table_init(&table);
	for (unsigned int owner = 0; owner < OWNERS; owner++) {
		for (unsigned int place = 0; place < PLACES; place++)
			model[owner][place] = FILE_LOCK_NONE;
	}
	for (unsigned int step = 0; step < STEPS && !t->failure_count; step++) {
		struct lock_claim wanted = random_wish(&seed);
		struct file_lock *blocker = expect_conflict(t, &wanted);

		if (blocker)
			wait_for(blocker, &wanted);
		else
			apply(t, &wanted);
		expect_model(t);
		expect_waiters(t);
	}
	for (unsigned int owner = 0; owner < OWNERS; owner++) {
		struct lock_claim all = wish(owner, FILE_LOCK_NONE, 0, PLACES);

		apply(t, &all);
	}
	EXPECT(t, lock_table_is_empty(&table));
	EXPECT_EQ(t, used_count(), 0);
	for (unsigned int i = 0; i < WAITERS; i++)
		EXPECT(t, !list_node_is_linked(&waiters[i].node));
}

/* A lock for each other place, which an unlock of all gives up in several goes. */
static void many_are_unlocked_in_batches(struct test *t)
{
	struct lock_claim all = wish(0, FILE_LOCK_NONE, 0, PLACES), one = all;
	struct lock_change change;
	unsigned int goes = 1;

	lock_table_init(&table);
	lock_change_init(&change);
	for (unsigned int i = 0; i < LOCKS; i++) {
		one.type = FILE_LOCK_WRITE;
		one.start = 2 * i;
		one.end = one.start + 1;
		change.own = take();
		EXPECT_EQ(t, lock_table_apply(&table, &one, &change), LOCK_APPLIED);
	}
	while (lock_table_apply(&table, &all, &change) == LOCK_UNFINISHED)
		goes++;
	EXPECT(t, lock_table_is_empty(&table));
	EXPECT(t, goes > 2 && goes < LOCKS / 8);
	finish(t, &change);
	EXPECT_EQ(t, used_count(), 0);
}

/* What swallows a lock takes over who waits for it, unless it lets readers in. */
static void waiters_stay_with_what_is_in_their_way(struct test *t)
{
	static const enum file_lock_type write = FILE_LOCK_WRITE, read = FILE_LOCK_READ;
	struct lock_claim part = wish(0, write, 2, 3), reader = wish(1, read, 2, 3);
	struct lock_claim more = wish(0, write, 3, 5), weaker = wish(0, read, 0, 9);

	lock_table_init(&table);
	apply(t, &part);
	wait_for(expect_conflict(t, &reader), &reader);
	apply(t, &more);
	EXPECT(t, list_node_is_linked(&waiters[0].node));
	expect_waiters(t);
	apply(t, &weaker);
	EXPECT(t, !list_node_is_linked(&waiters[0].node));
	weaker = wish(0, FILE_LOCK_NONE, 0, PLACES);
	apply(t, &weaker);
	EXPECT_EQ(t, used_count(), 0);
}

const struct test_case test_cases[] = {
	TEST(random_changes_agree_with_a_model),
	TEST(many_are_unlocked_in_batches),
	TEST(waiters_stay_with_what_is_in_their_way),
	TEST_END
};
