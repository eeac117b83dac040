#include "core/boot_args.h"
#include "test.h"

static void words_values_and_repetitions(struct test *t)
{
	static const char line[] = "quartet.elf root=/dev/hda quiet init=\"/bin/sh -c\" mem=0x40 "
				   "root=/dev/vda n=7x";

	boot_args_init(line);
	EXPECT_STR(t, boot_args_get("root"), "/dev/vda");
	EXPECT_STR(t, boot_args_get("quiet"), "");
	EXPECT_STR(t, boot_args_get("init"), "/bin/sh -c");
	EXPECT_POINTER(t, boot_args_get("roo"), NULL);
	EXPECT_POINTER(t, boot_args_get("rootx"), NULL);
	EXPECT_EQ(t, boot_args_number("mem", 1), 64);
	EXPECT_EQ(t, boot_args_number("n", 1), 1);
	EXPECT_EQ(t, boot_args_number("absent", 9), 9);
	EXPECT_STR(t, boot_args_line(), line);
}

static void a_line_that_is_too_long_is_cut(struct test *t)
{
	static char line[4000];

	for (size_t i = 0; i < sizeof(line) - 1; i++)
		line[i] = i % 2 ? ' ' : 'a';
	boot_args_init(line);
	EXPECT_STR(t, boot_args_get("a"), "");
	boot_args_init("");
	EXPECT_POINTER(t, boot_args_get("a"), NULL);
}

const struct test_case test_cases[] = {
	TEST(words_values_and_repetitions),
	TEST(a_line_that_is_too_long_is_cut),
	TEST_END
};
