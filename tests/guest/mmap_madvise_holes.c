/*
 * madvise over a hole: what is mapped before and behind it has its advice, and then the call fails
 * with ENOMEM. What lies before a mapping that refuses the advice has it as well. EAGAIN where a
 * mapping cannot be cut.
 */
#include "check.h"

static char *touched;

static void touch(void)
{
	(void)*(volatile char *)touched;
}

static void expect_not_inherited(char *page)
{
	touched = page;
	dies_of(SIGSEGV, touch);
}

static void expect_in_child(const char *page, char value)
{
	pid_t child = FORK();

	if (child == 0) {
		CHECK_EQ(*page, value);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
}

/* Seven pages, of which the first, the fourth and the last are not there; the others are full. */
static char *map_with_holes(void)
{
	char *memory = map_pages(7);

	memset(memory, 'f', 7 * PAGE);
	for (int page = 0; page < 7; page += 3)
		CHECK(munmap(memory + page * PAGE, PAGE) == 0);
	return memory;
}

static void unmap(char *memory)
{
	CHECK(munmap(memory, 7 * PAGE) == 0);
}

static void flags(void)
{
	char *memory = map_with_holes();

	CHECK_ERRNO(madvise(memory, 7 * PAGE, MADV_DONTFORK), ENOMEM);
	for (int page = 1; page < 6; page += page == 2 ? 2 : 1)
		expect_not_inherited(memory + page * PAGE);
	CHECK_ERRNO(madvise(memory, 7 * PAGE, MADV_DOFORK), ENOMEM);
	CHECK_ERRNO(madvise(memory + 2 * PAGE, 3 * PAGE, MADV_WIPEONFORK), ENOMEM);
	expect_in_child(memory + PAGE, 'f');
	expect_in_child(memory + 2 * PAGE, 0);
	expect_in_child(memory + 4 * PAGE, 0);
	expect_in_child(memory + 5 * PAGE, 'f');
	CHECK_ERRNO(madvise(memory, PAGE, MADV_DONTFORK), ENOMEM);
	CHECK(madvise(memory + 2 * PAGE, PAGE, MADV_KEEPONFORK) == 0);
	expect_in_child(memory + 2 * PAGE, 'f');
	unmap(memory);
}

static void refusal(void)
{
	char *memory = map_with_holes();

	CHECK(mmap(memory + 4 * PAGE, PAGE, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == memory + 4 * PAGE);
	CHECK_ERRNO(madvise(memory + PAGE, 5 * PAGE, MADV_WIPEONFORK), EINVAL);
	expect_in_child(memory + PAGE, 0);
	expect_in_child(memory + 2 * PAGE, 0);
	expect_in_child(memory + 5 * PAGE, 'f');
	unmap(memory);
}

static void orders(void)
{
	char *memory = map_with_holes();

	CHECK_ERRNO(madvise(memory, 7 * PAGE, MADV_DONTNEED), ENOMEM);
	for (int page = 1; page < 6; page += page == 2 ? 2 : 1)
		CHECK_EQ(memory[page * PAGE], 0);
	unmap(memory);
}

static void set_map_limit(const char *value)
{
	int fd = MUST(open("/proc/sys/vm/max_map_count", O_WRONLY));

	CHECK_EQ(write(fd, value, strlen(value)), strlen(value));
	CHECK(close(fd) == 0);
}

/* Of ENOMEM there is one kind only: what cannot be cut for want of room may be tried again. */
static void no_room(void)
{
	char *memory = map_pages(3), limit[32];

	read_text("/proc/sys/vm/max_map_count", limit, sizeof(limit));
	set_map_limit("1");
	int result = madvise(memory + PAGE, PAGE, MADV_DONTFORK), error = errno;

	set_map_limit(limit);
	CHECK_EQ(result, -1);
	CHECK_EQ(error, EAGAIN);
	CHECK(munmap(memory, 3 * PAGE) == 0);
}

int main(void)
{
	flags();
	refusal();
	orders();
	no_room();
	return 0;
}
