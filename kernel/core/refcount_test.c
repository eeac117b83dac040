#include "core/refcount.h"
#include "test.h"

static void last_put_says_so(struct test *t)
{
	struct refcount count = REFCOUNT_INIT(1);

	refcount_get(&count);
	EXPECT(t, refcount_try_get(&count));
	EXPECT(t, !refcount_put(&count));
	EXPECT(t, !refcount_put(&count));
	EXPECT(t, refcount_put(&count));
	EXPECT(t, !refcount_try_get(&count));
}

static void use_after_the_last_put_panics(struct test *t)
{
	struct refcount count = REFCOUNT_INIT(0);

	EXPECT_PANIC(t, refcount_get(&count));
	EXPECT_EQ(t, refcount_read(&count), REFCOUNT_LIMIT);
	refcount_set(&count, 0);
	EXPECT_PANIC(t, (void)!refcount_put(&count));
	EXPECT_EQ(t, refcount_read(&count), REFCOUNT_LIMIT);
	refcount_set(&count, REFCOUNT_LIMIT);
	EXPECT_PANIC(t, refcount_get(&count));
}

const struct test_case test_cases[] = {
	TEST(last_put_says_so),
	TEST(use_after_the_last_put_panics),
	TEST_END
};
