/*
 * Timers: order, cancelling, and what expire may do to its own timer. The test rings the alarm
 * itself.
 *
 * test: with=lib/rbtree.c,core/spinlock.c
 */
#include "sched/timer.h"
#include <stdlib.h>
#include "arch/upcall.h"
#include "core/compiler.h"
#include "sched/internal.h"
#include "test.h"

enum { TIMERS = 64 };

static struct timer timers[TIMERS];
static unsigned int order[TIMERS * 4], order_count;

struct run_queue *run_queue_of(unsigned int cpu)
{
	static struct run_queue queue = { .alarm_ns = UINT64_MAX };

	(void)cpu;
	return &queue;
}

uint64_t schedule_tick(uint64_t now_ns)
{
	(void)now_ns;
	return UINT64_MAX;
}

static void note(struct timer *timer)
{
	order[order_count++] = (unsigned int)(timer - timers);
}

static void ring_at(uint64_t ns)
{
	test_clock_set(ns);
	upcall_timer();
}

static void begin(void)
{
	order_count = 0;
	for (unsigned int i = 0; i < TIMERS; i++)
		timer_init(&timers[i], note);
	test_clock_set(0);
}

static void they_expire_in_the_order_of_their_deadlines(struct test *t)
{
	uint32_t random = 5;

	begin();
	for (unsigned int i = 0; i < TIMERS; i++)
		timer_arm(&timers[i], 1000 + test_random(&random) % 100000);
	ring_at(999);
	EXPECT_EQ(t, order_count, 0);
	ring_at(1000000);
	EXPECT_EQ(t, order_count, TIMERS);
	for (unsigned int i = 1; i < order_count; i++)
		EXPECT(t, timers[order[i - 1]].deadline_ns <= timers[order[i]].deadline_ns);
	for (unsigned int i = 0; i < TIMERS; i++)
		EXPECT(t, !timer_cancel(&timers[i]));
}

static void only_those_whose_time_has_come(struct test *t)
{
	begin();
	timer_arm(&timers[0], 100);
	timer_arm(&timers[1], 200);
	timer_arm(&timers[2], 201);
	ring_at(200);
	EXPECT_EQ(t, order_count, 2);
	EXPECT_EQ(t, order[0], 0);
	EXPECT_EQ(t, order[1], 1);
	EXPECT(t, timer_cancel_sync(&timers[2]));
	ring_at(1000);
	EXPECT_EQ(t, order_count, 2);
}

static void equal_deadlines_expire_in_the_order_of_arming(struct test *t)
{
	begin();
	for (unsigned int i = 0; i < 10; i++)
		timer_arm(&timers[i], 500);
	ring_at(500);
	for (unsigned int i = 0; i < 10; i++)
		EXPECT_EQ(t, order[i], i);
}

static void arming_again_moves_it(struct test *t)
{
	begin();
	timer_arm(&timers[0], 100);
	timer_arm(&timers[0], 300);
	ring_at(200);
	EXPECT_EQ(t, order_count, 0);
	timer_arm(&timers[0], 250);
	ring_at(250);
	EXPECT_EQ(t, order_count, 1);
	ring_at(400);
	EXPECT_EQ(t, order_count, 1);
}

static void arm_again(struct timer *timer)
{
	note(timer);
	timer_arm(timer, timer->deadline_ns + 100);
}

static void expire_may_arm_its_own_timer(struct test *t)
{
	begin();
	timer_init(&timers[0], arm_again);
	timer_arm(&timers[0], 100);
	for (uint64_t now = 100; now <= 500; now += 100)
		ring_at(now);
	EXPECT_EQ(t, order_count, 5);
	EXPECT(t, timer_cancel_sync(&timers[0]));
	ring_at(2000);
	EXPECT_EQ(t, order_count, 5);
}

static void free_it(struct timer *timer)
{
	free(timer);
	order_count++;
}

static void expire_may_free_its_own_timer(struct test *t)
{
	struct timer *timer = malloc(sizeof(*timer));

	begin();
	timer_init(timer, free_it);
	timer_arm(timer, 100);
	ring_at(100);
	EXPECT_EQ(t, order_count, 1);
}

static void cancel_other(struct timer *timer)
{
	note(timer);
	(void)timer_cancel(&timers[1]);
}

static void expire_may_cancel_another_that_is_due(struct test *t)
{
	begin();
	timer_init(&timers[0], cancel_other);
	timer_arm(&timers[0], 100);
	timer_arm(&timers[1], 100);
	ring_at(100);
	EXPECT_EQ(t, order_count, 1);
	EXPECT(t, !timer_cancel(&timers[1]));
}

const struct test_case test_cases[] = {
	TEST(they_expire_in_the_order_of_their_deadlines),
	TEST(only_those_whose_time_has_come),
	TEST(equal_deadlines_expire_in_the_order_of_arming),
	TEST(arming_again_moves_it),
	TEST(expire_may_arm_its_own_timer),
	TEST(expire_may_free_its_own_timer),
	TEST(expire_may_cancel_another_that_is_due),
	TEST_END
};
