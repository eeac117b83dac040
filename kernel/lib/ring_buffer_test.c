#include "lib/ring_buffer.h"
#include "lib/string.h"
#include "test.h"

static uint8_t bytes[8];

static void bytes_come_out_in_order_and_all_places_are_used(struct test *t)
{
	struct ring_buffer ring;

	ring_buffer_init(&ring, bytes, sizeof(bytes));
	EXPECT_EQ(t, ring_buffer_get(&ring), -1);
	for (unsigned int i = 0; i < 8; i++)
		EXPECT(t, ring_buffer_put(&ring, (uint8_t)('a' + i)));
	EXPECT(t, ring_buffer_is_full(&ring));
	EXPECT(t, !ring_buffer_put(&ring, 'x'));
	EXPECT_EQ(t, ring_buffer_peek(&ring, 2), 'c');
	EXPECT_EQ(t, ring_buffer_unput(&ring), 'h');
	for (unsigned int i = 0; i < 7; i++)
		EXPECT_EQ(t, ring_buffer_get(&ring), 'a' + (int)i);
	EXPECT(t, ring_buffer_is_empty(&ring));
	EXPECT_EQ(t, ring_buffer_unput(&ring), -1);
}

/* The counters pass 2^32 on the way. */
static void blocks_wrap_around_the_end(struct test *t)
{
	struct ring_buffer ring;
	char out[8];

	ring_buffer_init(&ring, bytes, sizeof(bytes));
	ring.head = ring.tail = UINT32_MAX - 20;
	for (unsigned int i = 0; i < 20; i++) {
		EXPECT_EQ(t, ring_buffer_write(&ring, "12345", 5), 5);
		EXPECT_EQ(t, ring_buffer_write(&ring, "67890", 5), 3);
		EXPECT_EQ(t, ring_buffer_free(&ring), 0);
		EXPECT_EQ(t, ring_buffer_read(&ring, out, 6), 6);
		EXPECT_BYTES(t, out, "123456", 6);
		EXPECT_EQ(t, ring_buffer_read(&ring, out, 6), 2);
		EXPECT_BYTES(t, out, "78", 2);
		ring_buffer_put(&ring, 'z');
		ring_buffer_clear(&ring);
		EXPECT(t, ring_buffer_is_empty(&ring));
	}
}

static void spans_are_contiguous(struct test *t)
{
	struct ring_buffer ring;
	size_t size;

	ring_buffer_init(&ring, bytes, sizeof(bytes));
	ring.head = ring.tail = 6;
	EXPECT_POINTER(t, ring_buffer_write_span(&ring, &size), bytes + 6);
	EXPECT_EQ(t, size, 2);
	memcpy(bytes + 6, "ab", 2);
	ring_buffer_produce(&ring, 2);
	EXPECT_POINTER(t, ring_buffer_write_span(&ring, &size), bytes);
	EXPECT_EQ(t, size, 6);
	EXPECT_POINTER(t, ring_buffer_read_span(&ring, &size), bytes + 6);
	EXPECT_EQ(t, size, 2);
	ring_buffer_consume(&ring, 2);
	EXPECT(t, ring_buffer_is_empty(&ring));
}

const struct test_case test_cases[] = {
	TEST(bytes_come_out_in_order_and_all_places_are_used),
	TEST(blocks_wrap_around_the_end),
	TEST(spans_are_contiguous),
	TEST_END
};
