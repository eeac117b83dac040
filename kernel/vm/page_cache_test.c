/*
 * The page cache: who reads, who waits, what is written when, and what a truncation leaves.
 *
 * test: with=vm/page_cache_io.c,vm/truncate.c,vm/readahead.c,vm/writeback.c,vm/reclaim.c
 * test: with=vm/io_buffer.c,vm/reverse_map.c,vm/page_table.c,vm/page_table_unmap.c,vm/region.c
 * test: with=vm/region_gap.c,vm/address_space.c,vm/commit.c,vm/futex.c
 */
#include "vm/page_cache.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "test.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"
#include "vm/writeback.h"

enum { FILE_PAGES = 400, PENDING_MAX = 64 };

static struct page_cache file;
static uint8_t disk[FILE_PAGES];	/* the byte that fills each page */
static struct page_frame *pending[PENDING_MAX];
static unsigned int pending_count, reads, writes, pages_written;
static bool is_lazy;			/* transfers end only when the machine idles */
static int read_error, submit_error;
static unsigned int became_dirty_count;

static void finish_read(struct page_frame *frame)
{
	if (!read_error)
		memset(page_frame_address(frame), disk[frame->index], PAGE_SIZE);
	page_cache_read_done(frame, read_error);
}

static void finish_write(struct page_frame *frame)
{
	disk[frame->index] = *(uint8_t *)page_frame_address(frame);
	page_cache_write_done(frame, 0);
}

static int read_pages(struct page_cache *cache, struct page_frame **frames, unsigned int count)
{
	(void)cache;
	reads++;
	if (submit_error)
		return submit_error;
	for (unsigned int i = 0; i < count; i++) {
		if (is_lazy)
			pending[pending_count++] = frames[i];
		else
			finish_read(frames[i]);
	}
	return 0;
}

static int write_pages(struct page_cache *cache, struct page_frame **frames, unsigned int count)
{
	(void)cache;
	writes++;
	pages_written += count;
	if (submit_error)
		return submit_error;
	for (unsigned int i = 0; i < count; i++) {
		if (is_lazy)
			pending[pending_count++] = frames[i];
		else
			finish_write(frames[i]);
	}
	return 0;
}

static void note_dirty(struct page_cache *cache)
{
	(void)cache;
	became_dirty_count++;
}

static const struct page_cache_ops disk_ops = {
	.read = read_pages, .write = write_pages, .became_dirty = note_dirty,
};
static const struct page_cache_ops memory_ops = { .read = NULL };

/* The machine idles: the oldest transfer ends. */
static bool end_one_transfer(void)
{
	struct page_frame *frame;

	if (pending_count == 0)
		return false;
	frame = pending[0];
	pending_count--;
	memmove(pending, pending + 1, pending_count * sizeof(pending[0]));
	if (atomic_load(&frame->flags) & FRAME_FILLING)
		finish_read(frame);
	else
		finish_write(frame);
	return true;
}

static void set_up(const struct page_cache_ops *ops)
{
	static bool is_ready;

	if (!is_ready)
		vm_init();
	is_ready = true;
	for (unsigned int i = 0; i < FILE_PAGES; i++)
		disk[i] = (uint8_t)(i + 1);
	page_cache_init(&file, ops, NULL);
	page_cache_set_size(&file, (uint64_t)FILE_PAGES << PAGE_SHIFT);
	reads = writes = pages_written = became_dirty_count = pending_count = 0;
	read_error = submit_error = 0;
	is_lazy = false;
	test_set_idle(end_one_transfer);
}

static void tear_down(struct test *t)
{
	EXPECT(t, page_cache_check(&file));
	page_cache_fini(&file);
	EXPECT_EQ(t, page_cache_dirty_total(), 0);
	test_set_idle(NULL);
}

static uint8_t read_byte(struct test *t, uint64_t offset)
{
	struct io_buffer buffer;
	uint8_t byte = 0;

	io_buffer_init_kernel(&buffer, &byte, 1);
	EXPECT_EQ(t, page_cache_read(&file, &buffer, (file_offset)offset), 1);
	return byte;
}

static ssize_t write_bytes(const void *bytes, size_t size, uint64_t offset)
{
	struct io_buffer buffer;

	io_buffer_init_kernel(&buffer, (void *)bytes, size);
	return page_cache_write(&file, &buffer, (file_offset)offset);
}

static void a_page_is_read_once(struct test *t)
{
	struct page_frame *first, *second;
	bool major = false;

	set_up(&disk_ops);
	is_lazy = true;
	EXPECT_EQ(t, page_cache_get(&file, 7, &first, &major), 0);
	EXPECT(t, major);
	EXPECT_EQ(t, reads, 1);
	EXPECT_EQ(t, page_cache_get(&file, 7, &second, NULL), 0);
	EXPECT_POINTER(t, first, second);
	EXPECT_EQ(t, reads, 1);
	/* Whoever comes while it is under way finds it, and waits instead of reading. */
	while (end_one_transfer())
		continue;
	EXPECT_EQ(t, read_byte(t, 8 << PAGE_SHIFT), 9);
	page_frame_put(first);
	page_frame_put(second);
	tear_down(t);
}

static void sequential_reading_reads_ahead(struct test *t)
{
	set_up(&disk_ops);
	for (unsigned int i = 0; i < FILE_PAGES; i++)
		EXPECT_EQ(t, read_byte(t, (uint64_t)i << PAGE_SHIFT), (uint8_t)(i + 1));
	/* Windows of 4, 8, 16, 32, 32...: not a read a page. */
	EXPECT(t, reads <= 16);
	tear_down(t);
}

static void a_failed_read_leaves_nothing(struct test *t)
{
	struct page_frame *frame;

	set_up(&disk_ops);
	read_error = -EIO;
	is_lazy = true;
	EXPECT_EQ(t, page_cache_get(&file, 3, &frame, NULL), -EIO);
	while (end_one_transfer())
		continue;
	EXPECT_EQ(t, file.frame_count, 0);
	read_error = 0;
	EXPECT_EQ(t, read_byte(t, 3 << PAGE_SHIFT), 4);
	submit_error = -ENOMEM;
	EXPECT_EQ(t, page_cache_get(&file, 100, &frame, NULL), -ENOMEM);
	EXPECT(t, !page_cache_find(&file, 100));
	submit_error = 0;
	while (end_one_transfer())
		continue;
	tear_down(t);
}

static void writing_is_gathered_and_in_order(struct test *t)
{
	uint8_t page[PAGE_SIZE];

	set_up(&disk_ops);
	for (unsigned int i = 0; i < 20; i++) {
		memset(page, 200 + (int)i, sizeof(page));
		EXPECT_EQ(t, write_bytes(page, PAGE_SIZE, (19u - i + 50) << PAGE_SHIFT), PAGE_SIZE);
	}
	EXPECT_EQ(t, reads, 0);		/* whole pages need not be read */
	EXPECT_EQ(t, became_dirty_count, 1);
	EXPECT_EQ(t, atomic_load(&file.dirty_count), 20);
	EXPECT_EQ(t, page_cache_write_back(&file, 0, UINT32_MAX, true), 0);
	EXPECT_EQ(t, writes, 1);
	EXPECT_EQ(t, pages_written, 20);
	EXPECT_EQ(t, disk[50], 219);
	EXPECT_EQ(t, disk[69], 200);
	EXPECT_EQ(t, atomic_load(&file.dirty_count), 0);
	tear_down(t);
}

static void what_is_written_meanwhile_is_written_again(struct test *t)
{
	uint8_t page[PAGE_SIZE];

	set_up(&disk_ops);
	is_lazy = true;
	memset(page, 77, sizeof(page));
	EXPECT_EQ(t, write_bytes(page, PAGE_SIZE, 5 << PAGE_SHIFT), PAGE_SIZE);
	EXPECT_EQ(t, page_cache_write_back(&file, 0, UINT32_MAX, false), 0);
	EXPECT_EQ(t, pending_count, 1);
	memset(page, 78, sizeof(page));
	EXPECT_EQ(t, write_bytes(page, PAGE_SIZE, 5 << PAGE_SHIFT), PAGE_SIZE);
	EXPECT_EQ(t, atomic_load(&file.dirty_count), 1);
	EXPECT_EQ(t, page_cache_write_back(&file, 0, UINT32_MAX, true), 0);
	EXPECT_EQ(t, writes, 2);
	EXPECT_EQ(t, disk[5], 78);
	tear_down(t);
}

/* ---- passes that go in order ---- */

static uint32_t ordered_from;		/* what begin_pass names */
static uint64_t pass_end;		/* what end_pass was told */
static bool cuts_and_grows, grows_at_end;	/* what a program does during the first write */
static bool cuts_first;				/* or as soon as the pass has begun */

static void cut_and_grow(struct page_cache *cache)
{
	static uint8_t page[PAGE_SIZE];

	page_cache_truncate(cache, 0);
	for (uint64_t i = 0; i < 200; i++)
		(void)write_bytes(page, PAGE_SIZE, i << PAGE_SHIFT);
}

static uint32_t begin_pass(struct page_cache *cache, struct page_cache_pass *pass)
{
	page_cache_begin_pass(cache, pass);
	if (cuts_first)
		cut_and_grow(cache);
	cuts_first = false;
	return ordered_from;
}

static void end_pass(struct page_cache *cache, uint64_t end)
{
	pass_end = min(end, page_cache_pass_size(cache));
}

static int write_pages_in_order(struct page_cache *cache, struct page_frame **frames,
				unsigned int count)
{
	static uint8_t page[PAGE_SIZE];
	int error = write_pages(cache, frames, count);

	if (cuts_and_grows) {
		cuts_and_grows = false;
		cut_and_grow(cache);
	}
	if (grows_at_end) {
		grows_at_end = false;
		(void)write_bytes(page, PAGE_SIZE, page_cache_size(cache));
	}
	return error;
}

static const struct page_cache_ops ordered_ops = {
	.read = read_pages, .write = write_pages_in_order,
	.begin_pass = begin_pass, .end_pass = end_pass,
};

static void set_up_ordered(struct test *t)
{
	uint8_t page[PAGE_SIZE] = { 9 };

	set_up(&ordered_ops);
	page_cache_set_size(&file, 0);
	ordered_from = 0;
	pass_end = 0;
	for (uint64_t i = 0; i < 200; i++)
		EXPECT_EQ(t, write_bytes(page, PAGE_SIZE, i << PAGE_SHIFT), PAGE_SIZE);
}

static void pages_beyond_the_known_end_are_written_first(struct test *t)
{
	set_up_ordered(t);
	EXPECT_EQ(t, page_cache_write_back(&file, 90, 100, true), 0);
	EXPECT_EQ(t, pages_written, 100);
	EXPECT_EQ(t, pass_end, 100 << PAGE_SHIFT);
	ordered_from = 100;
	submit_error = -ENOMEM;
	EXPECT_EQ(t, page_cache_write_back(&file, 0, UINT32_MAX, true), -ENOMEM);
	EXPECT_EQ(t, pass_end, 0);
	submit_error = 0;
	EXPECT_EQ(t, page_cache_write_back(&file, 0, UINT32_MAX, true), 0);
	EXPECT_EQ(t, pass_end, 200 << PAGE_SHIFT);
	EXPECT_EQ(t, atomic_load(&file.dirty_count), 0);
	tear_down(t);
}

/* A last page that has grown, and what follows it: the next pass writes them, in order. */
static void a_pass_ends_where_the_file_ended(struct test *t)
{
	uint8_t byte = 9;

	set_up_ordered(t);
	EXPECT_EQ(t, write_bytes(&byte, 1, 200 << PAGE_SHIFT), 1);
	grows_at_end = true;
	EXPECT_EQ(t, page_cache_write_back(&file, 0, UINT32_MAX, true), 0);
	EXPECT_EQ(t, pages_written, 201);
	EXPECT_EQ(t, pass_end, (200 << PAGE_SHIFT) + 1);
	EXPECT_EQ(t, atomic_load(&file.dirty_count), 1);
	tear_down(t);
}

/* The pages that it has after that are others: none of them is written before the first. */
static void a_pass_ends_when_the_file_is_cut(struct test *t)
{
	set_up_ordered(t);
	cuts_and_grows = true;
	EXPECT_EQ(t, page_cache_write_back(&file, 0, UINT32_MAX, true), 0);
	EXPECT_EQ(t, pass_end, 0);
	EXPECT_EQ(t, pages_written, 64);
	EXPECT_EQ(t, atomic_load(&file.dirty_count), 200);
	EXPECT_EQ(t, page_cache_write_back(&file, 0, UINT32_MAX, true), 0);
	EXPECT_EQ(t, pass_end, 200 << PAGE_SHIFT);
	tear_down(t);
}

/* Also if that happens before it has named its first page. */
static void a_pass_hears_of_a_cut_from_its_begin(struct test *t)
{
	set_up_ordered(t);
	ordered_from = 100;
	cuts_first = true;
	EXPECT_EQ(t, page_cache_write_back(&file, 150, 160, true), 0);
	EXPECT_EQ(t, pages_written, 0);
	EXPECT_EQ(t, pass_end, 0);
	EXPECT_EQ(t, atomic_load(&file.dirty_count), 200);
	tear_down(t);
}

static void a_partial_write_keeps_the_rest(struct test *t)
{
	set_up(&disk_ops);
	EXPECT_EQ(t, write_bytes("abc", 3, (9 << PAGE_SHIFT) + 100), 3);
	EXPECT_EQ(t, read_byte(t, (9 << PAGE_SHIFT) + 99), 10);
	EXPECT_EQ(t, read_byte(t, (9 << PAGE_SHIFT) + 100), 'a');
	EXPECT_EQ(t, read_byte(t, (9 << PAGE_SHIFT) + 103), 10);
	/* Behind the end there is nothing to read, and the gap is zeros. */
	reads = 0;
	EXPECT_EQ(t, write_bytes("x", 1, (FILE_PAGES << PAGE_SHIFT) + 10), 1);
	EXPECT_EQ(t, reads, 0);
	EXPECT_EQ(t, page_cache_size(&file), (FILE_PAGES << PAGE_SHIFT) + 11);
	EXPECT_EQ(t, read_byte(t, (FILE_PAGES << PAGE_SHIFT) + 9), 0);
	tear_down(t);
}

static void a_write_that_faults_is_short(struct test *t)
{
	static uint8_t memory[2 * PAGE_SIZE];
	struct io_buffer buffer;

	set_up(&disk_ops);
	memset(memory, 'm', sizeof(memory));
	test_user_absent(memory + 5000, sizeof(memory) - 5000, true);
	io_buffer_init_user(&buffer, user_addr_from((uintptr_t)memory), sizeof(memory));
	EXPECT_EQ(t, page_cache_write(&file, &buffer, (file_offset)FILE_PAGES << PAGE_SHIFT), 5000);
	EXPECT_EQ(t, page_cache_size(&file), (FILE_PAGES << PAGE_SHIFT) + 5000);
	/* Nothing at all could be moved: no page is left beyond the end. */
	io_buffer_init_user(&buffer, user_addr_from((uintptr_t)memory + 6000), 100);
	EXPECT_EQ(t, page_cache_write(&file, &buffer, (file_offset)(FILE_PAGES + 9) << PAGE_SHIFT),
		  -EFAULT);
	EXPECT(t, !page_cache_find(&file, FILE_PAGES + 9));
	test_user_absent(NULL, 0, false);
	/* What came after the fault within the page is zeros, not the allocator's leavings. */
	page_cache_truncate(&file, (uint64_t)(FILE_PAGES + 2) << PAGE_SHIFT);
	EXPECT_EQ(t, read_byte(t, (FILE_PAGES << PAGE_SHIFT) + 4999), 'm');
	EXPECT_EQ(t, read_byte(t, (FILE_PAGES << PAGE_SHIFT) + 5000), 0);
	tear_down(t);
}

static void a_truncated_tail_reads_as_zeros(struct test *t)
{
	set_up(&disk_ops);
	EXPECT_EQ(t, read_byte(t, 100 << PAGE_SHIFT), 101);
	page_cache_truncate(&file, (50 << PAGE_SHIFT) + 10);
	EXPECT(t, !page_cache_find(&file, 100));
	page_cache_truncate(&file, (uint64_t)FILE_PAGES << PAGE_SHIFT);
	EXPECT_EQ(t, read_byte(t, (50 << PAGE_SHIFT) + 9), 51);
	EXPECT_EQ(t, read_byte(t, (50 << PAGE_SHIFT) + 10), 0);
	tear_down(t);
}

static void truncation_waits_for_transfers(struct test *t)
{
	uint8_t page[PAGE_SIZE] = { 9 };

	set_up(&disk_ops);
	is_lazy = true;
	EXPECT_EQ(t, write_bytes(page, PAGE_SIZE, 5 << PAGE_SHIFT), PAGE_SIZE);
	EXPECT_EQ(t, page_cache_write_back(&file, 0, UINT32_MAX, false), 0);
	EXPECT_EQ(t, pending_count, 1);
	page_cache_truncate(&file, 0);
	EXPECT_EQ(t, pending_count, 0);
	EXPECT_EQ(t, file.frame_count, 0);
	tear_down(t);
}

/* Part of the last page is cut off: where that lies on the disk another file may begin at once. */
static void truncation_waits_for_the_page_that_is_cut(struct test *t)
{
	uint8_t page[PAGE_SIZE] = { 9 };

	set_up(&disk_ops);
	is_lazy = true;
	EXPECT_EQ(t, write_bytes(page, PAGE_SIZE, 5 << PAGE_SHIFT), PAGE_SIZE);
	EXPECT_EQ(t, page_cache_write_back(&file, 0, UINT32_MAX, false), 0);
	EXPECT_EQ(t, pending_count, 1);
	page_cache_truncate(&file, (5 << PAGE_SHIFT) + 100);
	EXPECT_EQ(t, pending_count, 0);
	tear_down(t);
}

static void writeback_errors_are_told_once(struct test *t)
{
	uint8_t page[PAGE_SIZE] = { 9 };

	set_up(&disk_ops);
	EXPECT_EQ(t, write_bytes(page, PAGE_SIZE, 0), PAGE_SIZE);
	submit_error = -EIO;
	EXPECT_EQ(t, page_cache_write_back(&file, 0, UINT32_MAX, true), -EIO);
	EXPECT_EQ(t, page_cache_take_error(&file), -EIO);
	EXPECT_EQ(t, page_cache_take_error(&file), 0);
	/* Short of memory is no verdict: the page stays dirty. */
	EXPECT_EQ(t, write_bytes(page, PAGE_SIZE, 0), PAGE_SIZE);
	submit_error = -ENOMEM;
	EXPECT_EQ(t, page_cache_write_back(&file, 0, UINT32_MAX, true), -ENOMEM);
	EXPECT_EQ(t, atomic_load(&file.dirty_count), 1);
	submit_error = 0;
	EXPECT_EQ(t, page_cache_write_back(&file, 0, UINT32_MAX, true), 0);
	tear_down(t);
}

static void reclaim_takes_what_is_clean_and_unused(struct test *t)
{
	uint8_t page[PAGE_SIZE] = { 9 };
	struct page_frame *held;

	set_up(&disk_ops);
	for (unsigned int i = 0; i < 40; i++)
		read_byte(t, (uint64_t)i << PAGE_SHIFT);
	EXPECT_EQ(t, write_bytes(page, PAGE_SIZE, 3 << PAGE_SHIFT), PAGE_SIZE);
	EXPECT_EQ(t, page_cache_get(&file, 10, &held, NULL), 0);
	reclaim_drop_caches();
	EXPECT_EQ(t, file.frame_count, 2);
	page_frame_put(held);
	reclaim_drop_caches();
	EXPECT_EQ(t, file.frame_count, 1);
	EXPECT_EQ(t, read_byte(t, 3 << PAGE_SHIFT), 9);
	tear_down(t);
}

static unsigned int victims;

static bool count_victim(void)
{
	victims++;
	return true;
}

/* Who asks for a victim may only have had too little patience with the reclaim thread. */
static void nobody_dies_if_memory_is_found(struct test *t)
{
	enum { PAGES = 380 };	/* more than the floor leaves to files */

	set_up(&disk_ops);
	reclaim_set_killer(count_victim);
	reclaim_start();
	for (unsigned int i = 0; i < PAGES; i++)
		read_byte(t, (uint64_t)i << PAGE_SHIFT);
	EXPECT(t, test_reclaim_ops()->exhausted());
	reclaim_work();
	EXPECT_EQ(t, victims, 0);
	EXPECT(t, file.frame_count < FILE_PAGES);
	reclaim_drop_caches();
	EXPECT(t, test_reclaim_ops()->exhausted());
	reclaim_work();
	EXPECT_EQ(t, victims, 1);
	reclaim_set_killer(NULL);
	tear_down(t);
}

static void memory_has_no_disk(struct test *t)
{
	struct page_frame *frame;

	set_up(&memory_ops);
	EXPECT_EQ(t, read_byte(t, 5 << PAGE_SHIFT), 0);
	EXPECT_EQ(t, file.frame_count, 0);	/* a hole that is read stays one */
	EXPECT_EQ(t, write_bytes("q", 1, 5 << PAGE_SHIFT), 1);
	reclaim_drop_caches();
	EXPECT_EQ(t, read_byte(t, 5 << PAGE_SHIFT), 'q');
	EXPECT_EQ(t, page_cache_get(&file, 6, &frame, NULL), 0);
	EXPECT_EQ(t, file.frame_count, 2);
	page_frame_put(frame);
	tear_down(t);
}

static void nothing_is_lost_when_memory_runs_out(struct test *t)
{
	bool failed = true;

	for (unsigned int nth = 1; failed && nth < 40; nth++) {
		set_up(&disk_ops);
		test_fail_allocation(nth);
		struct page_frame *frame = NULL;
		int error = page_cache_get(&file, 150, &frame, NULL);

		failed = test_allocation_failed();
		EXPECT(t, error == 0 || (failed && error == -ENOMEM));
		if (!error)
			page_frame_put(frame);
		tear_down(t);
	}
	EXPECT(t, !failed);
}

/* The transfer that another began: he had no memory for it, once. */
static bool postpone_first_transfer(void)
{
	struct page_frame *frame = pending[0];

	if (pending_count == 0)
		return false;
	test_set_idle(end_one_transfer);
	pending_count--;
	memmove(pending, pending + 1, pending_count * sizeof(pending[0]));
	page_cache_postpone(&file, frame);
	page_cache_write_done(frame, 0);
	return true;
}

/* Who waits for pages that somebody else is writing writes those which that one could not. */
static void a_page_that_another_postpones_is_written(struct test *t)
{
	struct page_frame *frame;
	uint32_t index = 0;

	set_up(&disk_ops);
	EXPECT_EQ(t, write_bytes("x", 1, 3 << PAGE_SHIFT), 1);
	EXPECT_EQ(t, page_cache_start_writing(&file, &index, UINT32_MAX, &frame, 1), 1);
	is_lazy = true;
	pending[pending_count++] = frame;
	test_set_idle(postpone_first_transfer);
	EXPECT_EQ(t, page_cache_write_back(&file, 0, UINT32_MAX, true), 0);
	EXPECT_EQ(t, atomic_load(&file.dirty_count), 0);
	EXPECT_EQ(t, pages_written, 1);
	EXPECT_EQ(t, disk[3], 'x');
	tear_down(t);
}

/* What page_cache_check says of each field that is wrong; all other tests rely on it. */
static void a_wrong_cache_is_noticed(struct test *t)
{
	struct page_frame *dirty, *clean;

	set_up(&disk_ops);
	EXPECT_EQ(t, write_bytes("x", 1, 0), 1);
	EXPECT_EQ(t, read_byte(t, 3 << PAGE_SHIFT), 4);
	dirty = page_cache_find(&file, 0);
	clean = page_cache_find(&file, 3);
	EXPECT(t, dirty && clean && page_cache_check(&file));
	file.frame_count++;
	EXPECT(t, !page_cache_check(&file));
	file.frame_count--;
	atomic_fetch_add(&file.dirty_count, 1);
	EXPECT(t, !page_cache_check(&file));
	atomic_fetch_sub(&file.dirty_count, 1);
	clean->index++;
	EXPECT(t, !page_cache_check(&file));
	clean->index--;
	clean->cache = NULL;
	EXPECT(t, !page_cache_check(&file));
	clean->cache = &file;
	/* The tags in the tree, by which writeback finds them, say otherwise. */
	atomic_fetch_and(&dirty->flags, ~(unsigned int)FRAME_DIRTY);
	EXPECT(t, !page_cache_check(&file));
	atomic_fetch_or(&dirty->flags, FRAME_DIRTY);
	atomic_fetch_or(&clean->flags, FRAME_WRITING);
	EXPECT(t, !page_cache_check(&file));
	atomic_fetch_and(&clean->flags, ~(unsigned int)FRAME_WRITING);
	page_frame_put(dirty);
	page_frame_put(clean);
	tear_down(t);
}

const struct test_case test_cases[] = {
	TEST(a_page_is_read_once),
	TEST(sequential_reading_reads_ahead),
	TEST(a_failed_read_leaves_nothing),
	TEST(writing_is_gathered_and_in_order),
	TEST(what_is_written_meanwhile_is_written_again),
	TEST(pages_beyond_the_known_end_are_written_first),
	TEST(a_pass_ends_where_the_file_ended),
	TEST(a_pass_ends_when_the_file_is_cut),
	TEST(a_pass_hears_of_a_cut_from_its_begin),
	TEST(a_partial_write_keeps_the_rest),
	TEST(a_write_that_faults_is_short),
	TEST(a_truncated_tail_reads_as_zeros),
	TEST(truncation_waits_for_transfers),
	TEST(truncation_waits_for_the_page_that_is_cut),
	TEST(writeback_errors_are_told_once),
	TEST(reclaim_takes_what_is_clean_and_unused),
	TEST(nobody_dies_if_memory_is_found),
	TEST(memory_has_no_disk),
	TEST(nothing_is_lost_when_memory_runs_out),
	TEST(a_page_that_another_postpones_is_written),
	TEST(a_wrong_cache_is_noticed),
	TEST_END
};
