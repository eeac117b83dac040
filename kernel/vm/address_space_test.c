/*
 * Address spaces against a model: random mmap, munmap, mprotect, mremap, fork, exit, truncation,
 * writeback, reclaim and failing allocations, on software page tables with CPUs that remember
 * translations. Every byte read must be what a simple array of pages says.
 *
 * test: with=vm/commit.c,vm/page_table.c,vm/page_table_unmap.c,vm/page_table_move.c,vm/region.c
 * test: with=vm/region_gap.c,vm/mmap.c,vm/unmap.c,vm/protect.c,vm/remap.c,vm/advise.c,vm/mlock.c
 * test: with=vm/fault.c,vm/fault_file.c,vm/anonymous.c,vm/copy_on_write.c,vm/fork.c
 * test: with=vm/reverse_map.c,vm/page_cache.c,vm/page_cache_io.c,vm/truncate.c,vm/readahead.c
 * test: with=vm/writeback.c,vm/reclaim.c,vm/io_buffer.c,vm/futex.c,vm/inspect.c,vm/brk.c
 * test: with=vm/msync.c
 */
#include "vm/address_space.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fake_mmu.h"
#include "lib/min_max.h"
#include "test.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/mman.h"
#include "vm/commit.h"
#include "vm/internal.h"
#include "vm/page_table.h"
#include "vm/writeback.h"

enum {
	SPANS = 3,
	PAGES = SPANS * TABLE_ENTRIES,
	SPACES = 4,
	FILE_PAGES = PAGES,
	MAY_ALL = REGION_MAY_READ | REGION_MAY_WRITE | REGION_MAY_EXECUTE,
};

#define BASE 0x40000000u

/* ---- a file whose disk is an array of words, one a page ---- */

static uint32_t disk[FILE_PAGES];
static int backing_references;
static struct page_cache file;
static unsigned int disk_reads;
static bool disk_fails;

static int disk_read(struct page_cache *cache, struct page_frame **frames, unsigned int count)
{
	(void)cache;
	disk_reads++;
	for (unsigned int i = 0; i < count; i++) {
		uint32_t *words = page_frame_address(frames[i]);

		memset(words, 0, PAGE_SIZE);
		words[0] = disk[frames[i]->index];
		page_cache_read_done(frames[i], disk_fails ? -EIO : 0);
	}
	return 0;
}

static int disk_write(struct page_cache *cache, struct page_frame **frames, unsigned int count)
{
	(void)cache;
	for (unsigned int i = 0; i < count; i++) {
		disk[frames[i]->index] = *(uint32_t *)page_frame_address(frames[i]);
		page_cache_write_done(frames[i], 0);
	}
	return 0;
}

static const struct page_cache_ops disk_ops = { .read = disk_read, .write = disk_write };

static void backing_get(void *backing)
{
	(void)backing;
	backing_references++;
}

static void backing_put(void *backing)
{
	(void)backing;
	backing_references--;
}

static struct page_cache second_file;
static unsigned int file_syncs, second_file_syncs;
static int second_file_error;

static int backing_sync(void *backing)
{
	if (backing == &file)
		file_syncs++;
	else
		second_file_syncs++;
	return backing == &file ? 0 : second_file_error;
}

static const struct backing_ops test_backing_ops = {
	.get = backing_get, .put = backing_put, .sync = backing_sync,
};

/* ---- the model ---- */

struct model_page {
	bool is_mapped, is_file, is_shared, is_own, dont_copy;
	uint32_t protection;
	uint32_t file_index;
	uint32_t value;		/* of a page that is_own, or anonymous */
};

static struct model_page model[SPACES][PAGES];
static uint32_t file_value[FILE_PAGES];
static uint32_t file_pages;
static struct address_space *spaces[SPACES];
static uint32_t seed;

static uint32_t random_below(uint32_t limit)
{
	return test_random(&seed) % limit;
}

/* Ranges that like the edges of spans, and now and then cover whole ones. */
static unsigned int random_page(void)
{
	unsigned int span = random_below(SPANS) * TABLE_ENTRIES;

	switch (random_below(4)) {
	case 0:
		return span + random_below(6);
	case 1:
		return span + TABLE_ENTRIES - 1 - random_below(6);
	case 2:
		return span;
	default:
		return span + random_below(TABLE_ENTRIES);
	}
}

static void random_range(unsigned int *first, unsigned int *count)
{
	unsigned int limit;

	*first = random_page();
	limit = PAGES - *first;
	switch (random_below(5)) {
	case 0:
		*count = TABLE_ENTRIES;
		break;
	case 1:
		*count = 1;
		break;
	default:
		*count = 1 + random_below(12);
		break;
	}
	if (*count > limit)
		*count = limit;
}

static uintptr_t address_of(unsigned int page)
{
	return BASE + page * PAGE_SIZE;
}

static uint32_t expected_value(const struct model_page *page)
{
	return page->is_file && !page->is_own ? file_value[page->file_index] : page->value;
}

static enum fault_result expected_result(const struct model_page *page, bool write)
{
	if (!page->is_mapped)
		return FAULT_BAD_ADDRESS;
	if (write ? !(page->protection & REGION_WRITE) : page->protection == 0)
		return FAULT_BAD_ACCESS;
	if (page->is_file && !page->is_own && page->file_index >= file_pages)
		return FAULT_BUS_ADDRESS;
	return FAULT_OK;
}

/* One word, as a program would: again and again until it works or is refused. */
static enum fault_result touch(struct address_space *space, unsigned int cpu, uintptr_t address,
			       bool write, uint32_t *value)
{
	for (unsigned int tries = 0; tries < 8; tries++) {
		enum fault_access access = FAULT_USER | (write ? FAULT_WRITE : 0);
		enum fault_result result;

		if (host_mmu_access(&space->mmu, cpu, address, write, value))
			return FAULT_OK;
		host_mmu_forget_fault(&space->mmu, cpu, address);
		result = vm_fault(space, address, access, NULL);
		if (result != FAULT_OK)
			return result;
	}
	return FAULT_KILLED;	/* faults for ever */
}

static bool fail_next(void)
{
	if (random_below(6) != 0)
		return false;
	test_fail_allocation(1 + random_below(6));
	return true;
}

static void touch_random(struct test *t, unsigned int s)
{
	unsigned int p = random_page();
	struct model_page *page = &model[s][p];
	bool write = random_below(2);
	uint32_t value = test_random(&seed) | 1;
	uint32_t wanted = value;
	unsigned int cpu = random_below(HOST_CPUS);
	enum fault_result expected = expected_result(page, write);
	enum fault_result result;

	fail_next();
	result = touch(spaces[s], cpu, address_of(p), write, &value);
	if (test_allocation_failed() && result != expected) {
		EXPECT_EQ(t, result, FAULT_NO_MEMORY);
		value = wanted;
		result = touch(spaces[s], cpu, address_of(p), write, &value);
	}
	EXPECT_EQ(t, result, expected);
	if (result != FAULT_OK || expected != FAULT_OK)
		return;
	if (!write) {
		EXPECT_EQ(t, value, expected_value(page));
		return;
	}
	if (page->is_file && page->is_shared) {
		file_value[page->file_index] = value;
	} else {
		page->is_own = true;
		page->value = value;
	}
}

/* ---- operations ---- */

static void map_random(struct test *t, unsigned int s)
{
	unsigned int first, count, kind = random_below(4);
	struct vm_map_request request = { .fixed = true };
	uint32_t protection = random_below(4) ? REGION_READ | REGION_WRITE : REGION_READ;
	uint32_t file_first;
	uintptr_t out;
	int error;

	random_range(&first, &count);
	file_first = random_below(2) ? first : random_below(FILE_PAGES - count + 1);
	request.address = address_of(first);
	request.size = count * PAGE_SIZE;
	request.flags = protection | MAY_ALL;
	if (kind < 2) {
		request.cache = &file;
		request.backing = &file;
		request.backing_ops = &test_backing_ops;
		request.page_offset = file_first;
		request.flags |= kind == 0 ? REGION_SHARED : 0;
	}
	fail_next();
	error = vm_map(spaces[s], &request, NULL, &out);
	if (test_allocation_failed() && error) {
		EXPECT_EQ(t, error, -ENOMEM);
		return;
	}
	EXPECT_EQ(t, error, 0);
	for (unsigned int i = 0; i < count; i++)
		model[s][first + i] = (struct model_page){
			.is_mapped = true,
			.is_file = kind < 2,
			.is_shared = kind == 0,
			.protection = protection,
			.file_index = file_first + i,
		};
}

static void unmap_random(struct test *t, unsigned int s)
{
	unsigned int first, count;
	int error;

	random_range(&first, &count);
	fail_next();
	error = vm_unmap(spaces[s], address_of(first), count * PAGE_SIZE);
	if (test_allocation_failed() && error) {
		EXPECT_EQ(t, error, -ENOMEM);
		return;
	}
	EXPECT_EQ(t, error, 0);
	memset(&model[s][first], 0, count * sizeof(model[s][0]));
}

static void protect_random(struct test *t, unsigned int s)
{
	static const uint32_t choices[] = { 0, REGION_READ, REGION_READ | REGION_WRITE,
					    REGION_READ | REGION_EXECUTE };
	uint32_t protection = choices[random_below(ARRAY_SIZE(choices))];
	unsigned int first, count, done = 0;
	int error;

	random_range(&first, &count);
	error = vm_protect(spaces[s], address_of(first), count * PAGE_SIZE, protection, false);
	if (!model[s][first].is_mapped) {
		unsigned int next = first;

		while (next < first + count && !model[s][next].is_mapped)
			next++;
		EXPECT_EQ(t, error, -ENOMEM);
		return;
	}
	while (done < count && model[s][first + done].is_mapped)
		model[s][first + done++].protection = protection;
	EXPECT_EQ(t, error, done == count ? 0 : -ENOMEM);
}

static void remap_random(struct test *t, unsigned int s)
{
	unsigned int first, count, to;
	struct model_page moved[TABLE_ENTRIES];
	uintptr_t out;
	int error;

	random_range(&first, &count);
	to = random_below(2) ? (first + TABLE_ENTRIES) % PAGES : random_page();
	if (to + count > PAGES || (to < first + count && first < to + count))
		return;
	fail_next();
	error = vm_remap(spaces[s], address_of(first), count * PAGE_SIZE, count * PAGE_SIZE,
			 REMAP_MAY_MOVE | REMAP_FIXED, address_of(to), NULL, &out);
	if (error) {
		bool failed = test_allocation_failed();

		EXPECT(t, error == -EFAULT || (failed && error == -ENOMEM));
		if (error == -ENOMEM && !region_any(spaces[s], address_of(to),
						    address_of(to + count)))
			memset(&model[s][to], 0, count * sizeof(model[s][0]));
		return;
	}
	test_allocation_failed();
	memcpy(moved, &model[s][first], count * sizeof(moved[0]));
	memset(&model[s][first], 0, count * sizeof(moved[0]));
	memcpy(&model[s][to], moved, count * sizeof(moved[0]));
}

static void forget_random(struct test *t, unsigned int s)
{
	unsigned int first, count;
	int error;

	random_range(&first, &count);
	fail_next();
	error = vm_advise(spaces[s], address_of(first), count * PAGE_SIZE, MADV_DONTNEED);
	if (test_allocation_failed() && error == -ENOMEM) {
		/* Perhaps for a part: then once more. */
		error = vm_advise(spaces[s], address_of(first), count * PAGE_SIZE, MADV_DONTNEED);
	}
	EXPECT(t, error == 0 || error == -ENOMEM);
	for (unsigned int i = 0; i < count; i++) {
		struct model_page *page = &model[s][first + i];

		if (!page->is_file || !page->is_shared) {
			page->is_own = false;
			page->value = 0;
		}
	}
}

static void fork_random(struct test *t, unsigned int s)
{
	unsigned int child = random_below(SPACES);
	int error;

	if (spaces[child])
		return;
	if (random_below(3) == 0) {
		unsigned int first, count;

		random_range(&first, &count);
		error = vm_advise(spaces[s], address_of(first), count * PAGE_SIZE, MADV_DONTFORK);
		for (unsigned int i = 0; i < count; i++) {
			/* It goes past holes. */
			if (model[s][first + i].is_mapped)
				model[s][first + i].dont_copy = true;
		}
		EXPECT(t, error == 0 || error == -ENOMEM);
	}
	fail_next();
	error = address_space_fork(spaces[s], &spaces[child]);
	if (error) {
		EXPECT(t, test_allocation_failed());
		EXPECT_EQ(t, error, -ENOMEM);
		spaces[child] = NULL;
		return;
	}
	test_allocation_failed();
	memcpy(model[child], model[s], sizeof(model[s]));
	for (unsigned int i = 0; i < PAGES; i++) {
		if (model[child][i].dont_copy)
			memset(&model[child][i], 0, sizeof(model[child][i]));
	}
}

static void truncate_random(void)
{
	uint32_t pages = random_below(3) ? FILE_PAGES : random_below(FILE_PAGES);

	if (random_below(8) != 0)
		return;
	page_cache_truncate(&file, (uint64_t)pages << PAGE_SHIFT);
	for (uint32_t i = pages; i < FILE_PAGES; i++) {
		file_value[i] = 0;
		disk[i] = 0;
	}
	for (unsigned int s = 0; s < SPACES && pages < file_pages; s++) {
		for (unsigned int i = 0; i < PAGES; i++) {
			if (model[s][i].is_file && model[s][i].file_index >= pages)
				model[s][i].is_own = false;
		}
	}
	file_pages = pages;
}

static void file_random(struct test *t)
{
	uint32_t index = random_below(FILE_PAGES);
	uint32_t value = test_random(&seed);
	struct io_buffer buffer;
	bool write = random_below(2);

	if (index >= file_pages)
		return;
	io_buffer_init_kernel(&buffer, &value, sizeof(value));
	if (write) {
		EXPECT_EQ(t, page_cache_write(&file, &buffer, (file_offset)index << PAGE_SHIFT),
			  sizeof(value));
		file_value[index] = value;
	} else {
		EXPECT_EQ(t, page_cache_read(&file, &buffer, (file_offset)index << PAGE_SHIFT),
			  sizeof(value));
		EXPECT_EQ(t, value, file_value[index]);
	}
}

static void exit_random(unsigned int s)
{
	unsigned int alive = 0;

	for (unsigned int i = 0; i < SPACES; i++)
		alive += spaces[i] != NULL;
	if (alive == 1)
		return;
	address_space_put(spaces[s]);
	spaces[s] = NULL;
	memset(model[s], 0, sizeof(model[s]));
}

static void check_all(struct test *t)
{
	for (unsigned int s = 0; s < SPACES; s++) {
		if (!spaces[s])
			continue;
		rwlock_write_lock(&spaces[s]->lock);
		EXPECT(t, address_space_check(spaces[s]));
		EXPECT(t, page_table_check(spaces[s], BASE, address_of(PAGES)));
		rwlock_write_unlock(&spaces[s]->lock);
	}
	EXPECT(t, page_cache_check(&file));
}

static void step(struct test *t)
{
	unsigned int s = random_below(SPACES);

	if (!spaces[s])
		return;
	switch (random_below(40)) {
	case 0 ... 2:
		map_random(t, s);
		break;
	case 3 ... 4:
		unmap_random(t, s);
		break;
	case 5 ... 6:
		protect_random(t, s);
		break;
	case 7 ... 8:
		remap_random(t, s);
		break;
	case 9:
		forget_random(t, s);
		break;
	case 10 ... 11:
		fork_random(t, s);
		break;
	case 12:
		if (random_below(2))
			exit_random(s);
		break;
	case 13:
		truncate_random();
		break;
	case 14:
		EXPECT_EQ(t, page_cache_write_back(&file, 0, UINT32_MAX, true), 0);
		break;
	case 15:
		if (random_below(4) == 0)
			reclaim_drop_caches();
		break;
	case 16 ... 17:
		file_random(t);
		break;
	default:
		touch_random(t, s);
		break;
	}
}

static void set_up(struct test *t)
{
	static bool is_ready;

	if (!is_ready)
		vm_init();
	is_ready = true;
	memset(model, 0, sizeof(model));
	memset(file_value, 0, sizeof(file_value));
	memset(disk, 0, sizeof(disk));
	page_cache_init(&file, &disk_ops, NULL);
	file_pages = FILE_PAGES;
	page_cache_set_size(&file, (uint64_t)FILE_PAGES << PAGE_SHIFT);
	EXPECT_EQ(t, address_space_create(&spaces[0]), 0);
}

static void tear_down(struct test *t)
{
	for (unsigned int s = 0; s < SPACES; s++) {
		if (spaces[s])
			address_space_put(spaces[s]);
		spaces[s] = NULL;
	}
	EXPECT_EQ(t, backing_references, 0);
	page_cache_fini(&file);
	EXPECT_EQ(t, overcommit_promised(), 0);
}

static void memory_is_what_the_model_says(struct test *t)
{
	for (uint32_t round = 0; round < 24 && t->failure_count == 0; round++) {
		seed = 1000 + round;
		set_up(t);
		for (unsigned int i = 0; i < 6000 && t->failure_count == 0; i++) {
			step(t);
			if (i % 64 == 0)
				check_all(t);
			if (t->failure_count)
				printf("seed %u, step %u\n", 1000 + round, i);
		}
		tear_down(t);
	}
}

/* What is emptied once in a table that three spaces share, all three have to forget. */
static void a_shared_table_is_forgotten_by_all(struct test *t)
{
	struct vm_map_request request = {
		.address = BASE, .size = PAGES * PAGE_SIZE, .fixed = true,
		.flags = REGION_READ | REGION_SHARED | MAY_ALL,
		.cache = &file, .backing = &file, .backing_ops = &test_backing_ops,
	};
	enum { TOUCHED = 8, OWNERS = 3 };
	uintptr_t out;
	uint32_t value = 0;

	set_up(t);
	EXPECT_EQ(t, vm_map(spaces[0], &request, NULL, &out), 0);
	for (unsigned int p = 0; p < TOUCHED; p++)
		EXPECT_EQ(t, touch(spaces[0], 0, address_of(p), false, &value), FAULT_OK);
	for (unsigned int s = 1; s < OWNERS; s++)
		EXPECT_EQ(t, address_space_fork(spaces[s - 1], &spaces[s]), 0);
	for (unsigned int s = 0; s < OWNERS; s++) {
		for (unsigned int p = 0; p < TOUCHED; p++)
			EXPECT(t, host_mmu_access(&spaces[s]->mmu, s % HOST_CPUS, address_of(p),
						  false, &value));
	}
	page_cache_truncate(&file, 0);
	for (unsigned int s = 0; s < OWNERS; s++) {
		for (unsigned int p = 0; p < TOUCHED; p++)
			EXPECT(t, !host_mmu_access(&spaces[s]->mmu, s % HOST_CPUS, address_of(p),
						   false, &value));
	}
	tear_down(t);
}

/* Two files in turn, some pages of each in many places: msync is an fsync of each. */
static void msync_writes_each_file_once(struct test *t)
{
	enum { PIECES = 10 };
	uintptr_t out;

	set_up(t);
	page_cache_init(&second_file, &disk_ops, NULL);
	for (unsigned int i = 0; i < PIECES; i++) {
		struct page_cache *cache = i % 2 ? &second_file : &file;
		struct vm_map_request request = {
			.address = address_of(2 * i), .size = PAGE_SIZE, .fixed = true,
			.flags = REGION_READ | REGION_WRITE | REGION_SHARED | MAY_ALL,
			.cache = cache, .backing = cache, .backing_ops = &test_backing_ops,
		};

		EXPECT_EQ(t, vm_map(spaces[0], &request, NULL, &out), 0);
	}
	file_syncs = second_file_syncs = 0;
	for (unsigned int calls = 1; calls <= 2; calls++) {
		EXPECT_EQ(t, vm_sync(spaces[0], BASE, 2 * PIECES * PAGE_SIZE, true, false),
			  -ENOMEM);	/* there are holes */
		EXPECT_EQ(t, file_syncs, calls);
		EXPECT_EQ(t, second_file_syncs, calls);
	}
	EXPECT_EQ(t, vm_sync(spaces[0], address_of(2), PAGE_SIZE, true, false), 0);
	/* What goes wrong with a file is told before a hole, and ends the call. */
	second_file_error = -EIO;
	file_syncs = 0;
	EXPECT_EQ(t, vm_sync(spaces[0], address_of(1), 4 * PAGE_SIZE, true, false), -EIO);
	EXPECT_EQ(t, file_syncs, 0);
	second_file_error = 0;
	tear_down(t);
	page_cache_fini(&second_file);
}

const struct test_case test_cases[] = {
	TEST(msync_writes_each_file_once),
	TEST(a_shared_table_is_forgotten_by_all),
	TEST(memory_is_what_the_model_says),
	TEST_END
};
