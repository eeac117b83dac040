/*
 * Where ELF headers put a program; what they must not say.
 */
#include "proc/elf_headers.h"
#include "arch/mmu.h"
#include "lib/string.h"
#include "proc/exec.h"
#include "test.h"
#include "uapi/linux/errno.h"

static struct elf_program load(uint32_t offset, uint32_t address, uint32_t file_size,
			       uint32_t memory_size)
{
	return (struct elf_program){ .type = PT_LOAD, .offset = offset, .address = address,
				     .file_size = file_size, .memory_size = memory_size,
				     .flags = PF_R | PF_W };
}

static void a_segment_has_a_file_part_and_zeros(struct test *t)
{
	struct elf_program program = load(0x1234, 0x08049234, 0x100, 0x2000);
	struct elf_segment segment;

	EXPECT_EQ(t, elf_place_segment(&program, 0, &segment), 0);
	EXPECT_EQ(t, segment.start, 0x08049000);
	EXPECT_EQ(t, segment.file_end, 0x0804a000);
	EXPECT_EQ(t, segment.end, 0x0804c000);
	EXPECT_EQ(t, segment.tail, 0x08049334);
	EXPECT_EQ(t, segment.page_offset, 1);
	program.file_size = 0;
	EXPECT_EQ(t, elf_place_segment(&program, 0x1000, &segment), 0);
	EXPECT_EQ(t, segment.file_end, 0x0804a000);
	EXPECT_EQ(t, segment.tail, 0);
	program.memory_size = 0;
	EXPECT_EQ(t, elf_place_segment(&program, 0, &segment), 0);
	EXPECT_EQ(t, segment.start, segment.end);
}

static void bad_numbers_are_refused(struct test *t)
{
	const struct elf_program bad[] = {
		load(0, 0x1000, 0x2000, 0x1fff),
		load(0, USER_END, 0, 1),
		load(0, 0xffffe000, 0x1000, 0x2000),
		load(0, USER_END - 0x1000, 0, 0x1001),
		load(0, 0x1000, 0, UINT32_MAX),
		load(1, 0x1000, 0x1000, 0x1000),
	};
	struct elf_program last = load(0, USER_END - 0x1000, 0, 0x1000);
	struct elf_segment segment;

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(t, elf_place_segment(&bad[i], 0, &segment), -EINVAL);
	EXPECT_EQ(t, elf_place_segment(&last, 0, &segment), 0);
	EXPECT_EQ(t, segment.end, USER_END);
	EXPECT_EQ(t, elf_place_segment(&last, 0x1000, &segment), -EINVAL);
}

/* A library that was linked at a high address goes where there is room. */
static void a_bias_may_lead_down(struct test *t)
{
	struct elf_program program = load(0, 0x48000000, 0x1000, 0x1000);
	struct elf_headers elf = { .header.program_count = 1, .programs = &program };
	struct elf_segment segment = { .start = 0 };
	struct elf_image image;
	uint32_t bias = 0x00400000 - elf_lowest_page(&elf);

	elf.header.entry = 0x48000010;
	EXPECT_EQ(t, elf_place_segment(&program, bias, &segment), 0);
	EXPECT_EQ(t, segment.start, 0x00400000);
	elf_describe(&elf, bias, &image);
	EXPECT_EQ(t, image.program_entry, 0x00400010);
	EXPECT_EQ(t, image.brk, 0x00401000);
}

const struct test_case test_cases[] = {
	TEST(a_segment_has_a_file_part_and_zeros),
	TEST(bad_numbers_are_refused),
	TEST(a_bias_may_lead_down),
	TEST_END
};
