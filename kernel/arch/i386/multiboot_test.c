#include "arch/i386/multiboot.h"
#include "lib/compiler.h"
#include "lib/string.h"
#include "test.h"

enum { RAM = 1, RESERVED = 2 };

static uint8_t map[256];

static uint32_t put(uint32_t at, uint32_t size, uint64_t start, uint64_t length, uint32_t type)
{
	memcpy(map + at, &size, 4);
	memcpy(map + at + 4, &start, 8);
	memcpy(map + at + 12, &length, 8);
	memcpy(map + at + 20, &type, 4);
	return at + 4 + size;
}

static unsigned int count_ranges(uint32_t size, struct boot_range *last)
{
	unsigned int count = 0;
	uint32_t at = 0;

	/* One that went round for ever would be stopped here. */
	while (count < 100 && multiboot_next_range(map, size, &at, last))
		count++;
	return count;
}

static void ram_is_found_between_other_ranges(struct test *t)
{
	struct boot_range last;
	uint32_t end = put(0, 20, 0x100000, 0x200000, RAM);

	end = put(end, 24, 0x300000, 0x1000, RESERVED);	/* longer entries exist */
	end = put(end, 20, 0x400000, 0, RAM);
	end = put(end, 20, 0x100000000, 0x5000, RAM);
	EXPECT_EQ(t, count_ranges(end, &last), 2);
	EXPECT(t, last.start == 0x100000000 && last.end == 0x100005000);
}

static void a_size_that_wraps_ends_the_map(struct test *t)
{
	struct boot_range last;
	uint32_t end;

	/* With 4 for itself it comes to 0: the same entry again, for ever. */
	end = put(0, 20, 0x100000, 0x1000, RAM);
	put(end, UINT32_MAX - 3, 0x200000, 0x1000, RAM);
	EXPECT_EQ(t, count_ranges(end + 24, &last), 1);
	/* And one that goes backwards. */
	put(end, UINT32_MAX - 27, 0x200000, 0x1000, RAM);
	EXPECT_EQ(t, count_ranges(end + 24, &last), 1);
	put(end, 0, 0x200000, 0x1000, RAM);
	EXPECT_EQ(t, count_ranges(end + 24, &last), 1);
}

static void an_entry_cut_short_ends_the_map(struct test *t)
{
	struct boot_range last;
	uint32_t end = put(0, 20, 0x100000, 0x1000, RAM);

	put(end, 20, 0x200000, 0x1000, RAM);
	for (uint32_t size = end; size < end + 24; size++)
		EXPECT_EQ(t, count_ranges(size, &last), 1);
	EXPECT_EQ(t, count_ranges(0, &last), 0);
	put(end, 21, 0x200000, 0x1000, RAM);
	EXPECT_EQ(t, count_ranges(end + 24, &last), 1);
}

static void a_range_that_wraps_is_no_ram(struct test *t)
{
	struct boot_range last;
	uint32_t end = put(0, 20, UINT64_MAX - 0xfff, 0x2000, RAM);

	EXPECT_EQ(t, count_ranges(end, &last), 0);
}

static void what_lies_above_the_direct_map_cannot_be_read(struct test *t)
{
	EXPECT(t, multiboot_is_reachable(0x2ffff000, 0x1000));
	EXPECT(t, !multiboot_is_reachable(0x2ffff000, 0x1001));
	EXPECT(t, !multiboot_is_reachable(0x30001000, 0));
	EXPECT(t, !multiboot_is_reachable(UINT32_MAX, 1));
	EXPECT(t, !multiboot_is_reachable(0x1000, UINT64_MAX));
}

const struct test_case test_cases[] = {
	TEST(ram_is_found_between_other_ranges),
	TEST(a_size_that_wraps_ends_the_map),
	TEST(an_entry_cut_short_ends_the_map),
	TEST(a_range_that_wraps_is_no_ram),
	TEST(what_lies_above_the_direct_map_cannot_be_read),
	TEST_END
};
