#include "core/failpoint.h"
#include "core/stack_header.h"
#include "test.h"

/* This test links the real failpoint.c, so the fakes' allocations are not armed here. */
static void only_the_nth_hit_of_the_armed_thread_fails(struct test *t)
{
	unsigned int hits;

	failpoint_arm(FAILPOINT_SLAB, thread_current(), 3, 1);
	EXPECT(t, !failpoint_should_fail(FAILPOINT_SLAB));
	EXPECT(t, !failpoint_should_fail(FAILPOINT_FRAME));
	EXPECT(t, !failpoint_should_fail(FAILPOINT_SLAB));
	EXPECT(t, !failpoint_has_struck(FAILPOINT_SLAB, &hits));
	stack_header()->interrupt_depth = 1;
	EXPECT(t, !failpoint_should_fail(FAILPOINT_SLAB));
	stack_header()->interrupt_depth = 0;
	EXPECT(t, failpoint_should_fail(FAILPOINT_SLAB));
	EXPECT(t, !failpoint_should_fail(FAILPOINT_SLAB));
	EXPECT(t, failpoint_has_struck(FAILPOINT_SLAB, &hits));
	EXPECT_EQ(t, hits, 4);
}

static void several_fail_one_after_another(struct test *t)
{
	failpoint_arm(FAILPOINT_SLAB, thread_current(), 2, 3);
	EXPECT(t, !failpoint_should_fail(FAILPOINT_SLAB));
	for (unsigned int i = 0; i < 3; i++)
		EXPECT(t, failpoint_should_fail(FAILPOINT_SLAB));
	EXPECT(t, !failpoint_should_fail(FAILPOINT_SLAB));
}

static void disarmed_or_foreign_never_fails(struct test *t)
{
	unsigned int hits;

	failpoint_arm(FAILPOINT_FRAME, (struct thread *)&hits, 1, 1);
	EXPECT(t, !failpoint_should_fail(FAILPOINT_FRAME));
	failpoint_arm(FAILPOINT_FRAME, thread_current(), 1, 1);
	failpoint_arm(FAILPOINT_FRAME, thread_current(), 0, 1);
	EXPECT(t, !failpoint_should_fail(FAILPOINT_FRAME));
}

const struct test_case test_cases[] = {
	TEST(only_the_nth_hit_of_the_armed_thread_fails),
	TEST(several_fail_one_after_another),
	TEST(disarmed_or_foreign_never_fails),
	TEST_END
};
