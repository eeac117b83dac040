/*
 * Who may have a disk alone, and who may have its table of partitions read again or its medium
 * taken out; how long disks and partitions live that go; what becomes of what is cached of a disk
 * that becomes smaller; who waits for the last user's going.
 *
 * test: with=block/request_queue.c,block/block_fail.c,block/page_io.c
 * test: with=block/partition.c,block/partition_table.c
 * test: with=block/block_cache.c,block/io_group.c,vm/page_cache.c,vm/page_cache_io.c,vm/writeback.c
 * test: with=vm/truncate.c,vm/readahead.c,vm/reclaim.c,vm/io_buffer.c,vm/reverse_map.c
 * test: with=vm/page_table.c,vm/page_table_unmap.c,vm/region.c,vm/region_gap.c,vm/address_space.c
 * test: with=vm/commit.c,vm/futex.c
 */
#include "block/block_device.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "sched/thread.h"
#include "test.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"

enum { SECTORS = 64, PART_FIRST = 16, PART_COUNT = 32 };

static uint8_t medium[SECTORS * SECTOR_SIZE];	/* begins with a table of one partition */
static struct list under_way = LIST_INIT(under_way);
static unsigned int unused_calls, releases;

static void submit(struct block_device *disk, struct block_request *request)
{
	(void)disk;
	list_add_tail(&under_way, &request->age_node);
}

static void count_unused(struct block_device *disk)
{
	(void)disk;
	unused_calls++;
}

static void count_release(struct block_device *disk)
{
	(void)disk;
	releases++;
}

static const struct block_device_ops ops = {
	.submit = submit, .unused = count_unused, .release = count_release
};
static struct block_device disk, *partition;	/* referenced, if it was looked for */

static void carry_out(struct block_request *request)
{
	uint8_t *at = medium + request->sector * SECTOR_SIZE;

	for (unsigned int i = 0; i < request->segment_count; i++) {
		const struct block_segment *segment = &request->segments[i];
		uint8_t *bytes = (uint8_t *)page_frame_address(segment->frame) + segment->offset;

		if (request->operation == BLOCK_READ)
			memcpy(bytes, at, segment->size);
		else
			memcpy(at, bytes, segment->size);
		at += segment->size;
	}
}

static uint64_t grows_to;	/* sectors that it has from the next request on; 0: it stays */

/* While somebody sleeps the disk does one thing; if it has nothing to do, the workers do theirs. */
static bool go_on(void)
{
	struct block_request *request =
		list_pop_head_entry(&under_way, struct block_request, age_node);
	unsigned int calls = unused_calls;

	if (!request) {
		test_run_deferred();
		return unused_calls != calls;
	}
	if (grows_to > 0)
		block_device_set_size(&disk, grows_to);
	grows_to = 0;
	carry_out(request);
	block_request_complete(request, 0);
	return true;
}

static void set_up(void)
{
	static const uint8_t entry[16] = { [4] = 0x83, [8] = PART_FIRST, [12] = PART_COUNT };

	memset(medium, 0, sizeof(medium));
	memcpy(medium + 446, entry, sizeof(entry));
	memcpy(medium + 510, "\x55\xaa", 2);
	disk = (struct block_device){ .name = "test", .ops = &ops, .max_partitions = 4,
				      .sector_count = SECTORS };
	partition = NULL;
	unused_calls = releases = 0;
	test_set_idle(go_on);
	page_cache_setup();
	reclaim_setup();
	writeback_setup();
	block_device_register(&disk);
}

static void find_partition(void)
{
	if (partition)
		block_device_put(partition);
	partition = block_device_find_name("test1");
}

static void read_table(struct test *t, const void *holder)
{
	EXPECT_EQ(t, block_device_rescan(&disk, holder), 0);
	find_partition();
	EXPECT(t, partition != NULL && partition->sector_count == PART_COUNT);
}

static void put_partition(void)
{
	if (partition)
		block_device_put(partition);
	partition = NULL;
}

static void tear_down(struct test *t)
{
	EXPECT_EQ(t, block_device_remove(&disk), 0);
	block_device_put(&disk);
	put_partition();
	test_run_deferred();
	test_run_deferred(); /* the disk after its partition */
	EXPECT_EQ(t, releases, 1);
	test_set_idle(NULL);
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
	tear_down(t);
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
	tear_down(t);
}

static void no_other_than_the_holder_rereads(struct test *t)
{
	int holder, other;

	set_up();
	read_table(t, &other);
	EXPECT_EQ(t, block_device_claim(&disk, &holder, BLOCK_CLAIM_FILE), 0);
	EXPECT_EQ(t, block_device_rescan(&disk, &other), -EBUSY);
	EXPECT_EQ(t, block_device_rescan(&disk, &holder), 0);
	EXPECT_EQ(t, block_device_remove(&disk), -EBUSY);
	block_device_release(&disk, &holder);
	disk.max_partitions = 0;
	EXPECT_EQ(t, block_device_rescan(&disk, &other), -EINVAL);
	tear_down(t);
}

static void partitions_in_use_stay(struct test *t)
{
	struct block_device *file;
	int mount;

	set_up();
	read_table(t, NULL);
	EXPECT_EQ(t, block_device_claim(partition, &mount, BLOCK_CLAIM_MOUNT), 0);
	EXPECT_EQ(t, block_device_rescan(&disk, NULL), -EBUSY);
	EXPECT_EQ(t, block_device_rescan(&disk, &disk), -EBUSY);
	EXPECT(t, !block_device_withdraw(&disk, 1));
	EXPECT(t, !partition->is_gone);
	EXPECT_EQ(t, block_device_remove(&disk), -EBUSY);
	block_device_release(partition, &mount);
	EXPECT_EQ(t, block_device_open(partition->number, false, &file), 0);
	EXPECT_EQ(t, block_device_rescan(&disk, NULL), -EBUSY);
	EXPECT(t, !block_device_withdraw(&disk, 1));
	EXPECT_EQ(t, block_device_remove(&disk), -EBUSY);
	EXPECT_EQ(t, block_device_sectors(&disk), SECTORS);
	block_device_close(file, false);
	tear_down(t);
}

/* In one step: nobody finds them between the look at the users and the end. */
static void partitions_go_with_the_medium(struct test *t)
{
	struct block_device *file;

	set_up();
	read_table(t, NULL);
	EXPECT_EQ(t, block_device_open(disk.number, false, &file), 0);
	EXPECT(t, !block_device_withdraw(&disk, 0));
	EXPECT(t, block_device_withdraw(&disk, 1));
	EXPECT_EQ(t, block_device_sectors(&disk), 0);
	EXPECT_POINTER(t, block_device_find_name("test1"), NULL);
	EXPECT_EQ(t, block_device_claim(partition, &file, BLOCK_CLAIM_MOUNT), -ENXIO);
	EXPECT_EQ(t, partition->sector_count, PART_COUNT);
	block_device_tell_withdrawn(&disk);
	EXPECT_EQ(t, partition->sector_count, 0);
	block_device_close(file, false);
	tear_down(t);
}

/* A table that is read again makes new ones; who has the old one sees that it has gone. */
static void partitions_do_not_come_back(struct test *t)
{
	struct block_device *old, *next;

	set_up();
	disk.has_extended_numbers = true;
	read_table(t, NULL);
	old = partition;
	block_device_get(old);
	EXPECT_EQ(t, old->number, DEV_NUMBER(BLOCK_MAJOR_EXTENDED, 0));
	read_table(t, NULL);
	test_run_deferred();
	EXPECT(t, partition != old && old->is_gone && !partition->is_gone);
	EXPECT_EQ(t, partition->number, DEV_NUMBER(BLOCK_MAJOR_EXTENDED, 1));
	/* On the way along the list, one that has gone is a place like any other. */
	block_device_get(old);
	next = block_device_next(old);
	EXPECT(t, next == NULL || next == partition);
	if (next)
		block_device_put(next);
	block_device_put(old);
	test_run_deferred();
	read_table(t, NULL);
	EXPECT_EQ(t, partition->number, DEV_NUMBER(BLOCK_MAJOR_EXTENDED, 0));
	tear_down(t);
}

static void removed_disks_live_as_long_as_they_are_used(struct test *t)
{
	struct block_device *file;

	set_up();
	read_table(t, NULL);
	EXPECT_EQ(t, block_device_open(disk.number, false, &file), 0);
	EXPECT_EQ(t, block_device_remove(&disk), -EBUSY);
	block_device_close(file, false);
	EXPECT_EQ(t, block_device_remove(&disk), 0);
	EXPECT_EQ(t, block_device_remove(&disk), -ENXIO);
	EXPECT_EQ(t, block_device_open(disk.number, false, &file), -ENXIO);
	EXPECT_EQ(t, block_device_claim(&disk, &disk, BLOCK_CLAIM_MOUNT), -ENXIO);
	EXPECT_POINTER(t, block_device_next(NULL), NULL);
	block_device_put(&disk);
	test_run_deferred();
	EXPECT(t, partition->is_gone);
	EXPECT_EQ(t, releases, 0);
	put_partition();
	test_run_deferred();
	test_run_deferred();
	EXPECT_EQ(t, releases, 1);
	test_set_idle(NULL);
}

static void put_page(struct test *t, uint32_t index)
{
	struct page_frame *frame;

	EXPECT_EQ(t, page_cache_get(&disk.cache, index, &frame, NULL), 0);
	page_frame_put(frame);
}

static bool has_page(uint32_t index)
{
	struct page_frame *frame = page_cache_find(&disk.cache, index);

	if (frame)
		page_frame_put(frame);
	return frame != NULL;
}

static void what_is_mounted_keeps_its_pages(struct test *t)
{
	enum { PAGE = 5, SECTORS_A_PAGE = PAGE_SIZE / SECTOR_SIZE };
	struct page_frame *frame;
	int mount;

	set_up();
	EXPECT_EQ(t, block_device_claim(&disk, &mount, BLOCK_CLAIM_MOUNT), 0);
	put_page(t, PAGE);
	block_device_set_size(&disk, SECTORS_A_PAGE);
	EXPECT_EQ(t, block_device_sectors(&disk), SECTORS_A_PAGE);
	EXPECT(t, has_page(PAGE));
	/* Others are not there, and this one can be changed, but not be written. */
	EXPECT_EQ(t, page_cache_get(&disk.cache, PAGE + 1, &frame, NULL), -EIO);
	EXPECT_EQ(t, page_cache_get(&disk.cache, 0, &frame, NULL), 0);
	memset(page_frame_address(frame), 'x', PAGE_SIZE);
	page_cache_mark_dirty(&disk.cache, frame);
	page_frame_put(frame);
	EXPECT_EQ(t, page_cache_get(&disk.cache, PAGE, &frame, NULL), 0);
	page_cache_mark_dirty(&disk.cache, frame);
	page_frame_put(frame);
	EXPECT_EQ(t, block_device_sync(&disk), -EIO);
	EXPECT_EQ(t, medium[0], 'x');
	EXPECT(t, has_page(PAGE));
	block_device_release(&disk, &mount);
	/* The next medium has nothing of it. */
	block_device_set_size(&disk, 0);
	block_device_begin_anew(&disk);
	EXPECT(t, !has_page(PAGE));
	EXPECT_EQ(t, block_device_sync(&disk), 0);
	block_device_set_size(&disk, SECTORS);
	put_page(t, PAGE);
	block_device_set_size(&disk, SECTORS_A_PAGE);
	EXPECT(t, !has_page(PAGE));
	tear_down(t);
}

/* A dirty page at the end is not lost with one beyond it. */
static void neighbours_beyond_the_end_fail_alone(struct test *t)
{
	struct page_frame *frame;
	int mount;

	set_up();
	EXPECT_EQ(t, block_device_claim(&disk, &mount, BLOCK_CLAIM_MOUNT), 0);
	for (uint32_t index = 0; index < 3; index++) {
		EXPECT_EQ(t, page_cache_get(&disk.cache, index, &frame, NULL), 0);
		memset(page_frame_address(frame), 'x', PAGE_SIZE);
		page_cache_mark_dirty(&disk.cache, frame);
		page_frame_put(frame);
	}
	block_device_set_size(&disk, (PAGE_SIZE + 512) / SECTOR_SIZE);
	EXPECT_EQ(t, block_device_sync(&disk), -EIO);
	EXPECT_EQ(t, medium[PAGE_SIZE - 1], 'x');
	EXPECT_EQ(t, medium[PAGE_SIZE + 511], 'x');
	EXPECT_EQ(t, medium[PAGE_SIZE + 512], 0);
	EXPECT_EQ(t, page_cache_take_error(&disk.cache), -EIO);
	block_device_release(&disk, &mount);
	tear_down(t);
}

/* The last page is being read: what its frame held before is nobody's to see. */
static void what_grows_shows_no_old_bytes(struct test *t)
{
	enum { SHORT = 512, PAGE_SECTORS = PAGE_SIZE / SECTOR_SIZE };
	struct page_frame *frame;
	const uint8_t *bytes;

	set_up();
	block_device_set_size(&disk, SHORT / SECTOR_SIZE);
	page_cache_drop_range(&disk.cache, 0, UINT32_MAX);
	grows_to = PAGE_SECTORS;
	EXPECT_EQ(t, page_cache_get(&disk.cache, 0, &frame, NULL), 0);
	EXPECT_EQ(t, block_device_sectors(&disk), PAGE_SECTORS);
	bytes = page_frame_address(frame);
	for (unsigned int i = SHORT; i < PAGE_SIZE; i++)
		EXPECT_EQ(t, bytes[i], 0);
	page_frame_put(frame);
	tear_down(t);
}

/* A program waits until it is told that it was the last user; a thread of the kernel does not. */
static void who_waits_for_the_last_user(struct test *t)
{
	struct block_device *file;

	set_up();
	atomic_store(&disk.tells_unused, true);
	EXPECT_EQ(t, block_device_open(disk.number, false, &file), 0);
	block_device_close(file, false);
	EXPECT_EQ(t, unused_calls, 1);
	EXPECT_EQ(t, block_device_open(disk.number, false, &file), 0);
	thread_current()->is_kernel = true;
	block_device_close(file, false);
	thread_current()->is_kernel = false;
	EXPECT_EQ(t, unused_calls, 1);
	test_run_deferred();
	EXPECT_EQ(t, unused_calls, 2);
	tear_down(t);
}

const struct test_case test_cases[] = {
	TEST(holders_exclude_each_other),
	TEST(mounts_and_writers_exclude_each_other),
	TEST(no_other_than_the_holder_rereads),
	TEST(partitions_in_use_stay),
	TEST(partitions_go_with_the_medium),
	TEST(partitions_do_not_come_back),
	TEST(removed_disks_live_as_long_as_they_are_used),
	TEST(what_is_mounted_keeps_its_pages),
	TEST(neighbours_beyond_the_end_fail_alone),
	TEST(what_grows_shows_no_old_bytes),
	TEST(who_waits_for_the_last_user),
	TEST_END
};
