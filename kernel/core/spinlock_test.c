/* test: with=core/lock_check.c */
#include "core/spinlock.h"
#include <pthread.h>
#include "core/lock_check.h"
#include "lib/compiler.h"
#include "test.h"

enum { THREADS = 4, ROUNDS = 20000 };

static struct spinlock outer = SPINLOCK_INIT(LOCK_RANK_PROCESS_TREE, "outer");
static struct spinlock inner = SPINLOCK_INIT(LOCK_RANK_PAGE_FRAME, "inner");

/* Locks that a test left in a state of their own. */
static void begin(void)
{
	spin_init(&outer, LOCK_RANK_PROCESS_TREE, "outer");
	spin_init(&inner, LOCK_RANK_PAGE_FRAME, "inner");
}

static unsigned int shared_count;	/* [outer] */

static void *count_up(void *argument)
{
	(void)argument;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		spin_lock(&outer);
		shared_count++;
		spin_unlock(&outer);
	}
	return NULL;
}

static void threads_exclude_each_other(struct test *t)
{
	pthread_t threads[THREADS];

	begin();
	shared_count = 0;
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, count_up, NULL);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(t, shared_count, THREADS * ROUNDS);
}

static void preemption_and_interrupts_come_back(struct test *t)
{
	irq_flags flags;

	begin();
	flags = spin_lock_irq(&outer);
	EXPECT(t, !irq_is_enabled());
	EXPECT_EQ(t, stack_header()->preempt_count, 1);
	spin_unlock_irq(&outer, flags);
	EXPECT(t, irq_is_enabled());
	EXPECT_EQ(t, stack_header()->preempt_count, 0);
	irq_disable();
	flags = spin_lock_irq(&outer);
	spin_unlock_irq(&outer, flags);
	EXPECT(t, !irq_is_enabled());
	irq_enable();
}

static void wrong_order_panics(struct test *t)
{
	begin();
	spin_lock(&inner);
	EXPECT_PANIC(t, spin_lock(&outer));
	EXPECT_BYTES(t, test_panic_reason(), "lock outer (rank", 16);
}

/* Around LOCK_RANK_FIRST_IN_INTERRUPT, which is a second name and no rank of its own. */
static void every_rank_has_a_number_of_its_own(struct test *t)
{
	struct spinlock cache = SPINLOCK_INIT(LOCK_RANK_PAGE_CACHE, "cache");
	struct spinlock count = SPINLOCK_INIT(LOCK_RANK_USER_COUNT, "count");

	begin();
	spin_lock(&count);
	spin_lock(&cache);
	spin_unlock(&cache);
	spin_unlock(&count);
	spin_lock(&cache);
	EXPECT_PANIC(t, spin_lock(&count));
}

static void same_rank_needs_a_pair(struct test *t)
{
	struct spinlock other = SPINLOCK_INIT(LOCK_RANK_PROCESS_TREE, "other");

	begin();
	spin_lock_pair(&outer, &other);
	spin_assert_held(&outer);
	spin_assert_held(&other);
	spin_unlock_pair(&other, &outer);
	spin_lock_pair(&outer, &outer);
	spin_unlock_pair(&outer, &outer);
	EXPECT_EQ(t, stack_header()->preempt_count, 0);
	spin_lock(&outer);
	EXPECT_PANIC(t, spin_lock(&other));
}

static void a_lock_taken_twice_panics(struct test *t)
{
	begin();
	spin_lock(&outer);
	EXPECT_PANIC(t, spin_lock(&outer));
	EXPECT_STR(t, test_panic_reason(), "lock outer is taken again by its holder");
}

static void try_lock_may_go_against_the_order(struct test *t)
{
	begin();
	spin_lock(&inner);
	EXPECT(t, spin_try_lock(&outer));
	spin_unlock(&inner);
	spin_unlock(&outer);
	lock_check_nothing_held();
}

static void only_the_holder_holds(struct test *t)
{
	begin();
	EXPECT_PANIC(t, spin_assert_held(&outer));
	EXPECT_PANIC(t, lock_check_release(&outer));
	spin_lock(&outer);
	EXPECT(t, lock_check_is_held(&outer));
	EXPECT_PANIC(t, lock_check_nothing_held());
	EXPECT_PANIC(t, assert_may_sleep());
	spin_unlock(&outer);
	assert_may_sleep();
}

static void handlers_lock_is_never_taken_with_interrupts_on(struct test *t)
{
	begin();
	spin_lock(&outer);
	spin_unlock(&outer);
	stack_header()->interrupt_depth = 1;
	EXPECT_PANIC(t, assert_may_sleep());
	irq_disable();
	EXPECT_PANIC(t, spin_lock(&outer));
}

static struct rwspinlock table = RWSPINLOCK_INIT(LOCK_RANK_PROCESS_TREE, "table");
static unsigned int table_words[2];	/* [table] always equal */
static atomic_uint torn_count;

static void *read_and_write(void *argument)
{
	unsigned int seed = (unsigned int)(uintptr_t)argument;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		irq_flags flags;

		if ((i + seed) % 8 == 0) {
			flags = rwspin_write_lock_irq(&table);
			table_words[0]++;
			table_words[1]++;
			rwspin_write_unlock_irq(&table, flags);
		} else {
			flags = rwspin_read_lock_irq(&table);
			torn_count += table_words[0] != table_words[1];
			rwspin_read_unlock_irq(&table, flags);
		}
	}
	return NULL;
}

static void readers_never_see_half_a_write(struct test *t)
{
	pthread_t threads[THREADS];

	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, read_and_write, (void *)i);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(t, torn_count, 0);
	EXPECT_EQ(t, table_words[0], THREADS * ROUNDS / 8);
	EXPECT_PANIC(t, rwspin_assert_held(&table));
}

const struct test_case test_cases[] = {
	TEST(threads_exclude_each_other),
	TEST(preemption_and_interrupts_come_back),
	TEST(wrong_order_panics),
	TEST(every_rank_has_a_number_of_its_own),
	TEST(same_rank_needs_a_pair),
	TEST(a_lock_taken_twice_panics),
	TEST(try_lock_may_go_against_the_order),
	TEST(only_the_holder_holds),
	TEST(handlers_lock_is_never_taken_with_interrupts_on),
	TEST(readers_never_see_half_a_write),
	TEST_END
};
