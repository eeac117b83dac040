/*
 * MADV_FREE: until memory is short the pages keep their bytes, then they are zeros, never anything
 * else; a page that is written to meanwhile is kept. For private anonymous memory alone.
 */
#include "check.h"

#ifndef MADV_FREE
#define MADV_FREE 8
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

enum { PAGES = 64 };

/* All of the page from `from` on is `text`, or all of it is zeros. */
static void check_old_or_zero(const char *page, int from, char text)
{
	char found = page[from];

	if (found != text && found != 0)
		FAIL("%d is neither old nor zero", found);
	for (int i = from; i < PAGE; i++) {
		if (page[i] != found)
			FAIL("byte %d is %d, the first %d", i, page[i], found);
	}
}

/* Make memory short for these pages, where the kernel can be asked to. */
static void press(char *memory)
{
	(void)madvise(memory, PAGES * PAGE, MADV_PAGEOUT);
}

static void child_sees(char *memory)
{
	pid_t pid = FORK();

	if (pid == 0) {
		for (int i = 0; i < PAGES; i++)
			check_old_or_zero(memory + i * PAGE, 1, 'o');
		memory[0] = 'c';
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(pid), 0);
}

static void test_private(bool presses)
{
	char *memory = map_pages(PAGES);

	memset(memory, 'o', PAGES * PAGE);
	MUST(madvise(memory, PAGES * PAGE, MADV_FREE));
	for (int i = 0; i < PAGES; i += 2)
		memory[i * PAGE] = 'n';
	if (presses)
		press(memory);
	child_sees(memory);
	for (int i = 0; i < PAGES; i++) {
		if (i % 2 == 0)
			CHECK_EQ(memory[i * PAGE], 'n');
		check_old_or_zero(memory + i * PAGE, i % 2 == 0, 'o');
	}
	/* And what is written after it was short. */
	memset(memory, 'l', PAGES * PAGE);
	press(memory);
	for (int i = 0; i < PAGES * PAGE; i++)
		CHECK(memory[i] == 'l');
	MUST(munmap(memory, PAGES * PAGE));
}

static void test_errors(void)
{
	char *memory = map_pages(4);
	char *shared = shared_memory(PAGE), *file;
	int fd;

	make_pattern_file("file", PAGE);
	fd = MUST(open("file", O_RDWR));
	file = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(file != MAP_FAILED);
	CHECK_ERRNO(madvise(file, PAGE, MADV_FREE), EINVAL);
	CHECK_ERRNO(madvise(shared, PAGE, MADV_FREE), EINVAL);
	CHECK_ERRNO(madvise(memory + 1, PAGE, MADV_FREE), EINVAL);
	MUST(madvise(memory, 0, MADV_FREE));
	MUST(mlock(memory, PAGE));
	CHECK_ERRNO(madvise(memory, PAGE, MADV_FREE), EINVAL);
	MUST(munlock(memory, PAGE));
	MUST(mprotect(memory, PAGE, PROT_READ));
	MUST(madvise(memory, PAGE, MADV_FREE));
	/* Over a gap: the rest is done, and the gap told of. */
	MUST(munmap(memory + PAGE, PAGE));
	CHECK_ERRNO(madvise(memory, 4 * PAGE, MADV_FREE), ENOMEM);
}

int main(void)
{
	test_private(false);
	test_private(true);
	test_errors();
	return 0;
}
