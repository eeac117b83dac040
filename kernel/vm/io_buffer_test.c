/* I/O buffers: pieces, short moves, and frames against user memory that is not there. */
#include "vm/io_buffer.h"
#include "lib/string.h"
#include "mem/page_frame.h"
#include "test.h"
#include "uapi/linux/errno.h"

static uint8_t user[3 * 4096];

static void bytes_cross_pieces(struct test *t)
{
	struct io_piece pieces[] = {
		{ (uintptr_t)user, 3 }, { (uintptr_t)user + 100, 0 }, { (uintptr_t)user + 200, 5 },
	};
	struct io_buffer buffer;
	char back[8];

	memset(user, 0, sizeof(user));
	io_buffer_init_user_pieces(&buffer, pieces, 3);
	EXPECT_EQ(t, buffer.remaining, 8);
	EXPECT_EQ(t, io_buffer_put(&buffer, "abcdefgh", 8), 0);
	EXPECT_EQ(t, buffer.remaining, 0);
	EXPECT_BYTES(t, user, "abc", 3);
	EXPECT_BYTES(t, user + 200, "defgh", 5);
	io_buffer_init_user_pieces(&buffer, pieces, 3);
	EXPECT_EQ(t, io_buffer_get(&buffer, back, 8), 0);
	EXPECT_BYTES(t, back, "abcdefgh", 8);
	io_buffer_init_user_pieces(&buffer, pieces, 3);
	EXPECT_EQ(t, io_buffer_clear(&buffer, 7), 0);
	EXPECT_EQ(t, user[203], 0);
	EXPECT_EQ(t, user[204], 'h');
}

static void a_fault_stops_where_it_happens(struct test *t)
{
	struct io_buffer buffer;

	memset(user, 0, sizeof(user));
	test_user_absent(user + 10, 100, true);
	io_buffer_init_user(&buffer, user_addr_from((uintptr_t)user), 20);
	EXPECT_EQ(t, io_buffer_put(&buffer, "0123456789abcdefghij", 20), -EFAULT);
	EXPECT_EQ(t, buffer.remaining, 10);
	EXPECT_BYTES(t, user, "0123456789", 10);
	test_user_absent(NULL, 0, false);
}

static void wait_for_absent_memory(struct test *t)
{
	struct page_frame *frame = page_frame_alloc(FRAME_PAGE_CACHE, FRAME_ALLOC_ZEROED);
	struct io_buffer buffer;

	memset(page_frame_address(frame), 'x', PAGE_SIZE);
	memset(user, 0, sizeof(user));
	test_user_absent(user + 4096, 4096, false);
	io_buffer_init_user(&buffer, user_addr_from((uintptr_t)user + 4000), 200);
	EXPECT_EQ(t, io_buffer_put_frame(&buffer, frame, 50, 200), 200);
	EXPECT_EQ(t, user[4199], 'x');
	EXPECT_EQ(t, user[4200], 0);

	test_user_absent(user + 4096, 4096, true);
	io_buffer_init_user(&buffer, user_addr_from((uintptr_t)user + 4000), 200);
	EXPECT_EQ(t, io_buffer_get_frame(&buffer, frame, 0, 200), 96);
	EXPECT_EQ(t, buffer.remaining, 104);
	test_user_absent(NULL, 0, false);

	io_buffer_init_kernel(&buffer, user, 4096);
	memset(user, 'k', 4096);
	EXPECT_EQ(t, io_buffer_get_frame(&buffer, frame, 0, 4096), 4096);
	EXPECT_EQ(t, *(uint8_t *)page_frame_address(frame), 'k');
	page_frame_put(frame);
}

/* In the direct map, and as if it ended before them. */
static void frames_wait_for_absent_memory(struct test *t)
{
	struct page_frame *first_high = page_frame_first_high;

	wait_for_absent_memory(t);
	page_frame_first_high = page_frame_descriptors;
	wait_for_absent_memory(t);
	page_frame_first_high = first_high;
}

static void a_frame_fills_several_pieces(struct test *t)
{
	struct io_piece pieces[] = {
		{ (uintptr_t)user, 3 }, { (uintptr_t)user + 100, 0 }, { (uintptr_t)user + 200, 5 },
	};
	struct page_frame *frame = page_frame_alloc(FRAME_PAGE_CACHE, FRAME_ALLOC_ZEROED);
	struct io_buffer buffer;

	memcpy(page_frame_address(frame), "abcdefgh", 8);
	memset(user, 0, sizeof(user));
	io_buffer_init_user_pieces(&buffer, pieces, 3);
	EXPECT_EQ(t, io_buffer_put_frame(&buffer, frame, 0, 3), 3);
	EXPECT_EQ(t, io_buffer_put_frame(&buffer, frame, 3, 4), 4);
	EXPECT_EQ(t, buffer.remaining, 1);
	EXPECT_BYTES(t, user, "abc", 3);
	EXPECT_BYTES(t, user + 200, "defg", 5);
	io_buffer_init_user_pieces(&buffer, pieces, 3);
	EXPECT_EQ(t, io_buffer_put_frame(&buffer, frame, 1, 5), 5);
	EXPECT_EQ(t, buffer.remaining, 3);
	EXPECT_BYTES(t, user, "bcd", 3);
	EXPECT_BYTES(t, user + 200, "effg", 5);
	page_frame_put(frame);
}

const struct test_case test_cases[] = {
	TEST(bytes_cross_pieces),
	TEST(a_fault_stops_where_it_happens),
	TEST(frames_wait_for_absent_memory),
	TEST(a_frame_fills_several_pieces),
	TEST_END
};
