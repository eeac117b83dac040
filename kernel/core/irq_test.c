#include "core/irq.h"
#include "test.h"
#include "uapi/linux/errno.h"

static bool count_and_answer(void *argument)
{
	unsigned int *calls = argument;

	return ++*calls % 2 == 1;
}

static void all_handlers_of_a_shared_line_are_asked(struct test *t)
{
	static unsigned int calls[2];
	static struct irq_handler handlers[2] = {
		{ .name = "disk", .handle = count_and_answer, .argument = &calls[0] },
		{ .name = "net", .handle = count_and_answer, .argument = &calls[1] },
	};
	const char *name;

	EXPECT_EQ(t, irq_register(11, &handlers[0]), 0);
	EXPECT_EQ(t, irq_register(11, &handlers[1]), 0);
	irq_dispatch(11);
	irq_dispatch(11);
	irq_dispatch(10);
	EXPECT_EQ(t, calls[0], 2);
	EXPECT_EQ(t, calls[1], 2);
	EXPECT_EQ(t, irq_count(11, &name), 2);
	EXPECT_STR(t, name, "disk");
	EXPECT_EQ(t, irq_count(10, &name), 1);
	EXPECT_POINTER(t, name, NULL);
}

static void lines_that_do_not_exist_are_refused(struct test *t)
{
	static struct irq_handler handler = { .name = "none", .handle = count_and_answer };
	const char *name;

	EXPECT_EQ(t, irq_register(200, &handler), -EINVAL);
	EXPECT_EQ(t, irq_count(200, &name), 0);
}

const struct test_case test_cases[] = {
	TEST(all_handlers_of_a_shared_line_are_asked),
	TEST(lines_that_do_not_exist_are_refused),
	TEST_END
};
