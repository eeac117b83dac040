#include "core/symbols.h"
#include "test.h"

/* What tools/symbols would have made of a kernel with three functions. */
extern const uint32_t symbol_count;
extern const uint32_t symbol_addresses[];
extern const uint32_t symbol_name_offsets[];
extern const char symbol_names[];

const uint32_t symbol_count = 3;
const uint32_t symbol_addresses[] = { 0xc0100000, 0xc0100040, 0xc0100100 };
const uint32_t symbol_name_offsets[] = { 0, 6, 11 };
const char symbol_names[] = "first\0next\0last";

static void expect_place(struct test *t, uintptr_t address, const char *expected)
{
	char place[40];

	symbol_format(place, sizeof(place), address);
	EXPECT_STR(t, place, expected);
}

static void addresses_belong_to_the_function_before(struct test *t)
{
	expect_place(t, 0xc0100000, "first+0");
	expect_place(t, 0xc010003f, "first+0x3f");
	expect_place(t, 0xc0100040, "next+0");
	expect_place(t, 0xc0100104, "last+0x4");
}

static void addresses_outside_of_text_have_no_name(struct test *t)
{
	expect_place(t, 0xc00fffff, "0xc00fffff");
	expect_place(t, 0xc0200000, "0xc0200000");
	expect_place(t, 0, "0");
}

const struct test_case test_cases[] = {
	TEST(addresses_belong_to_the_function_before),
	TEST(addresses_outside_of_text_have_no_name),
	TEST_END
};
