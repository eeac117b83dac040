/*
 * Who may have a disk alone, and who may have its table of partitions read again.
 *
 * test: with=block/request_queue.c,block/block_fail.c,block/partition.c,block/page_io.c
 * test: with=block/block_cache.c,block/io_group.c,vm/page_cache.c,vm/page_cache_io.c,vm/writeback.c
 * test: with=vm/truncate.c,vm/readahead.c,vm/reclaim.c,vm/io_buffer.c,vm/reverse_map.c
 * test: with=vm/page_table.c,vm/page_table_unmap.c,vm/region.c,vm/region_gap.c,vm/address_space.c
 * test: with=vm/commit.c,vm/futex.c
 */
#include "block/block_device.h"
#include "test.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"

/* Without a medium nothing is read, and without a cache nothing is flushed. */
static void submit(struct block_device *disk, struct block_request *request)
{
	(void)disk;
	block_request_complete(request, 0);
}

static const struct block_device_ops ops = { .submit = submit };
static struct block_device disk;

static void set_up(void)
{
	disk = (struct block_device){ .name = "test", .ops = &ops, .max_partitions = 4 };
	page_cache_setup();
	writeback_setup();
	block_device_register(&disk);
}

static void tear_down(void)
{
	writeback_unregister(&disk.writeback);
	list_remove(&disk.list_node);
}

static void holders_exclude_each_other(struct test *t)
{
	int first, second;

	set_up();
	EXPECT_EQ(t, block_device_claim(&disk, &first, BLOCK_CLAIM_FILE), 0);
	EXPECT_EQ(t, block_device_claim(&disk, &second, BLOCK_CLAIM_FILE), -EBUSY);
	EXPECT_EQ(t, block_device_claim(&disk, &second, BLOCK_CLAIM_MOUNT), -EBUSY);
	block_device_release(&disk, &first);
	EXPECT_EQ(t, block_device_claim(&disk, &second, BLOCK_CLAIM_MOUNT), 0);
	EXPECT_EQ(t, block_device_claim(&disk, &first, BLOCK_CLAIM_FILE), -EBUSY);
	block_device_release(&disk, &second);
	tear_down();
}

static void mounts_and_writers_exclude_each_other(struct test *t)
{
	struct block_device *reader, *writer;
	int mount;

	set_up();
	EXPECT_EQ(t, block_device_open(disk.number, false, &reader), 0);
	EXPECT_EQ(t, block_device_open(disk.number, true, &writer), 0);
	EXPECT_EQ(t, block_device_claim(&disk, &mount, BLOCK_CLAIM_MOUNT), -EBUSY);
	block_device_close(writer, true);
	EXPECT_EQ(t, block_device_claim(&disk, &mount, BLOCK_CLAIM_MOUNT), 0);
	EXPECT_EQ(t, block_device_open(disk.number, true, &writer), -EBUSY);
	block_device_release(&disk, &mount);
	EXPECT_EQ(t, block_device_open(disk.number, true, &writer), 0);
	block_device_close(writer, true);
	block_device_close(reader, false);
	tear_down();
}

static void no_other_than_the_holder_rereads(struct test *t)
{
	int holder, other;

	set_up();
	EXPECT_EQ(t, block_device_rescan(&disk, &other), 0);
	EXPECT_EQ(t, block_device_claim(&disk, &holder, BLOCK_CLAIM_FILE), 0);
	EXPECT_EQ(t, block_device_rescan(&disk, &other), -EBUSY);
	EXPECT_EQ(t, block_device_rescan(&disk, &holder), 0);
	block_device_release(&disk, &holder);
	disk.max_partitions = 0;
	EXPECT_EQ(t, block_device_rescan(&disk, &other), -EINVAL);
	tear_down();
}

const struct test_case test_cases[] = {
	TEST(holders_exclude_each_other),
	TEST(mounts_and_writers_exclude_each_other),
	TEST(no_other_than_the_holder_rereads),
	TEST_END
};
