/*
 * The queue of a disk: what a flush waits for.
 *
 * test: with=block/block_device.c,block/block_fail.c,block/page_io.c
 * test: with=block/partition.c,block/partition_table.c
 * test: with=block/block_cache.c,block/io_group.c,vm/page_cache.c,vm/page_cache_io.c,vm/writeback.c
 * test: with=vm/truncate.c,vm/readahead.c,vm/reclaim.c,vm/io_buffer.c,vm/reverse_map.c
 * test: with=vm/page_table.c,vm/page_table_unmap.c,vm/region.c,vm/region_gap.c,vm/address_space.c
 * test: with=vm/commit.c,vm/futex.c
 */
#include "block/block_device.h"
#include "test.h"
#include "vm/internal.h"

static struct block_request *given[4];	/* what the disk was given, in order */
static unsigned int given_count, done_count;

static void submit(struct block_device *disk, struct block_request *request)
{
	(void)disk;
	given[given_count++] = request;
}

static void done(struct block_request *request)
{
	(void)request;
	done_count++;
}

static const struct block_device_ops ops = { .submit = submit };

static struct block_request *ask(struct block_device *disk, enum block_operation operation)
{
	struct block_request *request = block_request_alloc(disk, 0);

	request->operation = operation;
	request->sector_count = operation == BLOCK_FLUSH ? 0 : 1;
	request->done = done;
	block_submit(request);
	return request;
}

/* Somebody who flushes wants to know that what was written before is on the medium. */
static void flush_waits_for_writes(struct test *t, bool has_cache)
{
	static struct block_device disk;
	struct block_request *write, *flush, *later;

	disk = (struct block_device){ .name = "test", .sector_count = 100, .ops = &ops,
				      .depth = 4, .has_write_cache = has_cache };
	page_cache_setup();
	writeback_setup();
	block_device_register(&disk);
	given_count = done_count = 0;
	write = ask(&disk, BLOCK_WRITE);
	flush = ask(&disk, BLOCK_FLUSH);
	later = ask(&disk, BLOCK_WRITE);
	EXPECT_EQ(t, given_count, 1);
	EXPECT_EQ(t, done_count, 0);
	block_request_complete(write, 0);
	if (has_cache) {
		EXPECT_EQ(t, done_count, 1);
		EXPECT_POINTER(t, given[1], flush);
		block_request_complete(flush, 0);
	}
	EXPECT_EQ(t, done_count, 2);
	EXPECT_POINTER(t, given[given_count - 1], later);
	block_request_complete(later, 0);
	EXPECT_EQ(t, done_count, 3);
	EXPECT_EQ(t, flush->error, 0);
	block_request_free(write);
	block_request_free(flush);
	block_request_free(later);
	writeback_unregister(&disk.writeback);
	list_remove(&disk.list_node);
}

static void flush_with_a_write_cache(struct test *t)
{
	flush_waits_for_writes(t, true);
}

static void flush_without_a_write_cache(struct test *t)
{
	flush_waits_for_writes(t, false);
}

const struct test_case test_cases[] = {
	TEST(flush_with_a_write_cache),
	TEST(flush_without_a_write_cache),
	TEST_END
};
