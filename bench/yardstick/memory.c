/* Memory: first touches, copies after fork, mapped files, and the calls that change mappings. */
#include "yardstick.h"

#include <errno.h>
#include <fcntl.h>

#define CHUNK (CHUNK_PAGES * (size_t)PAGE)
#define LARGE (64ul << 20)

static unsigned int at_most(unsigned int count, unsigned int limit)
{
	return count < limit ? count : limit;
}

static void write_pages(volatile char *memory, unsigned int pages, char byte)
{
	for (unsigned int i = 0; i < pages; i++)
		memory[i * (size_t)PAGE] = byte;
}

/* One operation is the first write to one page. */
static int first_write(unsigned int count)
{
	while (count) {
		unsigned int pages = at_most(count, CHUNK_PAGES);
		volatile char *memory = map_anonymous(CHUNK);

		if (!memory)
			return step("mmap", -ENOMEM);
		start();
		write_pages(memory, pages, 1);
		stop();
		call2(NR_MUNMAP, (long)memory, CHUNK);
		count -= pages;
	}
	return 0;
}

/* The same with mmap and munmap, which frees the pages, inside the timing. */
static int whole_life(unsigned int count, size_t size)
{
	while (count) {
		unsigned int pages = at_most(count, size / PAGE);
		volatile char *memory;

		start();
		memory = map_anonymous(size);
		if (!memory)
			return step("mmap", -ENOMEM);
		write_pages(memory, pages, 1);
		call2(NR_MUNMAP, (long)memory, (long)size);
		stop();
		count -= pages;
	}
	return 0;
}

static int cycle_4m(unsigned int count)
{
	return whole_life(count, CHUNK);
}

/* Where huge pages are used, they show here. */
static int cycle_64m(unsigned int count)
{
	if (free_memory() < (uint64_t)LARGE + LARGE / 16 + (8 << 20))
		return step("memory", SKIPPED);
	return whole_life(count, LARGE);
}

/* One chunk of cow_fault: a child shares the pages and lives until they have been written. */
static int write_shared(volatile char *memory, unsigned int pages)
{
	int ends[2];
	long pid;
	char byte;
	int error = step("pipe", call1(NR_PIPE, (long)ends));

	if (error < 0)
		return error;
	pid = call0(NR_FORK);
	if (pid < 0)
		return step("fork", pid);
	if (pid == 0) {
		call1(NR_CLOSE, ends[1]);
		call3(NR_READ, ends[0], (long)&byte, 1);
		leave(0);
	}
	call1(NR_CLOSE, ends[0]);
	start();
	write_pages(memory, pages, 2);
	stop();
	call1(NR_CLOSE, ends[1]);
	return reap(pid);
}

static int copy_on_write(unsigned int count)
{
	volatile char *memory = map_anonymous(CHUNK);
	int error = 0;

	if (!memory)
		return step("mmap", -ENOMEM);
	write_pages(memory, CHUNK_PAGES, 1);
	while (count && !error) {
		unsigned int pages = at_most(count, CHUNK_PAGES);

		error = write_shared(memory, pages);
		count -= pages;
	}
	call2(NR_MUNMAP, (long)memory, CHUNK);
	return error;
}

/* One operation is the first touch of a page of a cached file, mapped afresh for every chunk. */
static int touch_file(unsigned int count, int flags, int writes)
{
	int protection = writes ? PROT_READ | PROT_WRITE : PROT_READ;
	int fd = step("create", fill_file("ys.map", CHUNK / 1024));
	int error = 0;

	if (fd < 0)
		return fd;
	while (count && !error) {
		unsigned int pages = at_most(count, CHUNK_PAGES);
		volatile char *memory = map(CHUNK, protection, flags, fd);

		if (!memory) {
			error = step("mmap", -ENODEV);
			break;
		}
		start();
		if (writes)
			write_pages(memory, pages, 3);
		else
			for (unsigned int i = 0; i < pages; i++)
				(void)memory[i * (size_t)PAGE];
		stop();
		call2(NR_MUNMAP, (long)memory, CHUNK);
		count -= pages;
	}
	call1(NR_CLOSE, fd);
	call1(NR_UNLINK, (long)"ys.map");
	return error;
}

static int read_shared_file(unsigned int count)
{
	return touch_file(count, MAP_SHARED, 0);
}

static int write_private_file(unsigned int count)
{
	return touch_file(count, MAP_PRIVATE, 1);
}

static int map_unmap(unsigned int count)
{
	void *memory = map_anonymous(1 << 20);
	int error;

	if (!memory)
		return step("mmap", -ENOMEM);
	error = step("munmap", call2(NR_MUNMAP, (long)memory, 1 << 20));
	if (error < 0)
		return error;
	start();
	while (count--) {
		memory = map_anonymous(1 << 20);
		call2(NR_MUNMAP, (long)memory, 1 << 20);
	}
	stop();
	return 0;
}

/*
 * One operation is one call on 16 touched pages, read-only and read-write in turn. The neighbours
 * on both sides have no permission, so that nothing ever merges with them.
 */
static int protect(unsigned int count)
{
	char *memory = map_anonymous(18 * PAGE);
	int error;

	if (!memory)
		return step("mmap", -ENOMEM);
	write_pages(memory, 18, 1);
	error = step("mprotect", call3(NR_MPROTECT, (long)memory, PAGE, PROT_NONE));
	if (error >= 0)
		error = step("mprotect",
			     call3(NR_MPROTECT, (long)memory + 17 * PAGE, PAGE, PROT_NONE));
	if (error < 0)
		return error;
	start();
	for (unsigned int i = 0; i < count; i++)
		call3(NR_MPROTECT, (long)memory + PAGE, 16 * PAGE,
		      i & 1 ? PROT_READ | PROT_WRITE : PROT_READ);
	stop();
	call2(NR_MUNMAP, (long)memory, 18 * PAGE);
	return 0;
}

/* One operation grows the heap by a page, writes it, and shrinks the heap again. */
static int grow_shrink(unsigned int count)
{
	long top = (call1(NR_BRK, 0) + PAGE - 1) & ~(PAGE - 1l);

	if (call1(NR_BRK, top + PAGE) != top + PAGE)
		return step("brk", -ENOSYS);
	call1(NR_BRK, top);
	start();
	while (count--) {
		call1(NR_BRK, top + PAGE);
		*(volatile char *)top = 1;
		call1(NR_BRK, top);
	}
	stop();
	return 0;
}

const struct benchmark memory_benchmarks[] = {
	{ "anon_fault", first_write, CHUNK_PAGES, 1u << 24, "page, first write" },
	{ "anon_cycle", cycle_4m, CHUNK_PAGES, 1u << 24, "page, mmap 4 MiB + write + munmap" },
	{ "anon_big_64m", cycle_64m, LARGE / PAGE, 1u << 24, "page, mmap 64 MiB + write + munmap" },
	{ "cow_fault", copy_on_write, CHUNK_PAGES, 1u << 24, "page, write after fork" },
	{ "file_fault", read_shared_file, CHUNK_PAGES, 1u << 24,
	  "page, first read, shared map of a cached file" },
	{ "file_cow_fault", write_private_file, CHUNK_PAGES, 1u << 24,
	  "page, first write, private map" },
	{ "mmap_munmap_1m", map_unmap, 100, 1u << 30, "mmap + munmap 1 MiB untouched" },
	{ "mprotect_16p", protect, 100, 1u << 30, "call on 16 touched pages" },
	{ "brk_page", grow_shrink, 100, 1u << 30, "brk +1 page, write, brk -1 page" },
	{ 0 },
};
