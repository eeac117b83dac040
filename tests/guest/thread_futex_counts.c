/*
 * futex: whom a call wakes and what it answers. A count below one wakes one; who has real-time
 * priority comes first, the highest of them; REQUEUE counts what it moves. WAKE_OP looks at both
 * addresses before it changes anything, and at its comparison only afterwards.
 */
#include "futex.h"

enum { WAKE_OP = 5, SLEEPERS = 4 };
#define OP(operation, operand, comparison, other) \
	((unsigned int)(operation) << 28 | (comparison) << 24 | (operand) << 12 | (other))

static volatile unsigned int words[4] __attribute__((aligned(16)));
static volatile int woken[2 * SLEEPERS], woken_count;

static void sleep_on_word(struct worker *worker)
{
	worker->result = futex(worker->word, WAIT | PRIVATE, 0, NULL, NULL, 0);
	woken[__atomic_fetch_add(&woken_count, 1, __ATOMIC_SEQ_CST)] = worker->priority;
}

static void start_sleepers(struct worker *sleepers, const int *priorities)
{
	woken_count = 0;
	for (int i = 0; i < SLEEPERS; i++) {
		sleepers[i] = (struct worker){ .body = sleep_on_word, .word = words,
					       .priority = priorities[i] };
		start(&sleepers[i]);
		wait_thread_blocked(sleepers[i].id);
	}
}

static void finish_sleepers(struct worker *sleepers)
{
	for (int i = 0; i < SLEEPERS; i++) {
		join(&sleepers[i]);
		CHECK_EQ(sleepers[i].result, 0);
	}
}

static void small_counts(void)
{
	static const int none[SLEEPERS];
	struct worker sleepers[SLEEPERS];

	CHECK_EQ(futex(words, WAKE | PRIVATE, 0, NULL, NULL, 0), 0);
	start_sleepers(sleepers, none);
	CHECK_EQ(futex(words, WAKE | PRIVATE, 0, NULL, NULL, 0), 1);
	CHECK_EQ(futex(words, WAKE | PRIVATE, -1, NULL, NULL, 0), 1);
	CHECK_EQ(futex(words, WAKE_BITSET | PRIVATE, 0, NULL, NULL, 1), 1);
	CHECK_EQ(futex(words, WAKE_OP | PRIVATE, 0, NULL, words + 1, OP(0, 1, 0, 0)), 1);
	CHECK_EQ(words[1], 1);
	finish_sleepers(sleepers);
	words[1] = 0;
}

static void requeue_counts(void)
{
	static const int none[SLEEPERS];
	struct worker sleepers[SLEEPERS];

	start_sleepers(sleepers, none);
	CHECK_EQ(futex(words, REQUEUE | PRIVATE, 0, (void *)2, words + 1, 0), 2);
	CHECK_EQ(futex(words, REQUEUE | PRIVATE, 1, (void *)9, words + 1, 0), 2);
	CHECK_EQ(futex(words, WAKE | PRIVATE, 9, NULL, NULL, 0), 0);
	CHECK_EQ(futex(words + 1, WAKE | PRIVATE, 9, NULL, NULL, 0), 3);
	finish_sleepers(sleepers);
	CHECK_EQ(futex(words, REQUEUE | PRIVATE, -1, (void *)1, words + 1, 0), -EINVAL);
	CHECK_EQ(futex(words, REQUEUE | PRIVATE, 1, (void *)-1, words + 1, 0), -EINVAL);
}

static void wait_for_woken(int count)
{
	while (woken_count < count)
		sleep_ms(1);
}

static void highest_first(void)
{
	static const int priorities[SLEEPERS] = { 0, 10, 30, 20 };
	struct worker sleepers[SLEEPERS];

	start_sleepers(sleepers, priorities);
	CHECK_EQ(futex(words, WAKE | PRIVATE, 1, NULL, NULL, 0), 1);
	wait_for_woken(1);
	/* Moved, they keep their order. */
	CHECK_EQ(futex(words, REQUEUE | PRIVATE, 0, (void *)9, words + 2, 0), 3);
	for (int i = 2; i <= SLEEPERS; i++) {
		CHECK_EQ(futex(words + 2, WAKE | PRIVATE, 1, NULL, NULL, 0), 1);
		wait_for_woken(i);
	}
	finish_sleepers(sleepers);
	CHECK_EQ(woken[0], 30);
	CHECK_EQ(woken[1], 20);
	CHECK_EQ(woken[2], 10);
	CHECK_EQ(woken[3], 0);
}

/* Those who are moved stand among the sleepers of their new word by priority, then behind them. */
static void moved_among_others(void)
{
	static const int there[SLEEPERS] = { 30, 10, 0, 20 }, moved[SLEEPERS] = { 5, 20, 40, 20 };
	static const int expected[2 * SLEEPERS] = { 40, 30, 20, 20, 20, 10, 5, 0 };
	struct worker sleepers[SLEEPERS], others[SLEEPERS];

	start_sleepers(sleepers, moved);
	CHECK_EQ(futex(words, REQUEUE | PRIVATE, 0, (void *)9, words + 2, 0), 4);
	start_sleepers(others, there);
	/* Back, to where the others are. */
	CHECK_EQ(futex(words + 2, REQUEUE | PRIVATE, 0, (void *)9, words, 0), 4);
	for (int i = 0; i < 2 * SLEEPERS; i++) {
		CHECK_EQ(futex(words, WAKE | PRIVATE, 1, NULL, NULL, 0), 1);
		wait_for_woken(i + 1);
	}
	finish_sleepers(sleepers);
	finish_sleepers(others);
	for (int i = 0; i < 2 * SLEEPERS; i++)
		CHECK_EQ(woken[i], expected[i]);
}

static void wake_op_errors(void)
{
	volatile unsigned int *odd = (void *)((char *)words + 1);
	volatile unsigned int *odd2 = (void *)((char *)words + 9);
	char *constant = map_pages(1);

	CHECK_EQ(futex(odd, WAKE_OP | PRIVATE, 1, (void *)1, words + 2, OP(0, 7, 0, 0)), -EINVAL);
	CHECK_EQ(words[2], 0);
	CHECK_EQ(futex((void *)16, WAKE_OP, 1, (void *)1, words + 2, OP(0, 7, 0, 0)), -EFAULT);
	CHECK_EQ(words[2], 0);
	CHECK_EQ(futex(words, WAKE_OP | PRIVATE, 1, (void *)1, odd2, OP(0, 7, 0, 1)), -EINVAL);
	CHECK_EQ(words[2], 0);
	CHECK_EQ(futex(words, WAKE_OP | PRIVATE, 1, (void *)1, words + 2, OP(5, 7, 0, 0)), -ENOSYS);
	CHECK_EQ(words[2], 0);
	/* The comparison is looked at last. */
	CHECK_EQ(futex(words, WAKE_OP | PRIVATE, 1, (void *)1, words + 2, OP(0, 7, 6, 0)), -ENOSYS);
	CHECK_EQ(words[2], 7);
	CHECK(mprotect(constant, PAGE, PROT_READ) == 0);
	CHECK_EQ(futex(words, WAKE_OP | PRIVATE, 1, (void *)1, (void *)constant, OP(0, 7, 0, 0)),
		 -EFAULT);
	words[2] = 0;
}

int main(void)
{
	wake_op_errors();
	small_counts();
	requeue_counts();
	highest_first();
	moved_among_others();
	return 0;
}
