/*
 * Advice about memory that is an order, or that may be refused: what a child gets, which pages come
 * at once, and the errors of each.
 */
#include "check.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_COLD
#define MADV_COLD 20
#define MADV_PAGEOUT 21
#endif

static char *map(int protection, int flags, int fd, size_t pages)
{
	char *at = mmap(NULL, pages * PAGE, protection, flags, fd, 0);

	CHECK(at != MAP_FAILED);
	return at;
}

static int resident(char *at, int pages)
{
	unsigned char state[16];
	int count = 0;

	CHECK(mincore(at, pages * PAGE, state) == 0);
	for (int i = 0; i < pages; i++)
		count += state[i] & 1;
	return count;
}

static void populate(void)
{
	char *at = map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 8);
	int fd;

	CHECK_EQ(resident(at, 8), 0);
	CHECK(madvise(at, 4 * PAGE, MADV_POPULATE_WRITE) == 0);
	CHECK_EQ(resident(at, 8), 4);
	CHECK(madvise(at, 8 * PAGE, MADV_POPULATE_READ) == 0);
	CHECK_EQ(resident(at, 8), 8);
	/* Not an access that the program may make. */
	CHECK(mprotect(at, 2 * PAGE, PROT_READ) == 0);
	CHECK_ERRNO(madvise(at, 4 * PAGE, MADV_POPULATE_WRITE), EINVAL);
	CHECK(madvise(at, 4 * PAGE, MADV_POPULATE_READ) == 0);
	CHECK(mprotect(at, 2 * PAGE, PROT_NONE) == 0);
	CHECK_ERRNO(madvise(at, 4 * PAGE, MADV_POPULATE_READ), EINVAL);
	CHECK(munmap(at + 4 * PAGE, PAGE) == 0);
	CHECK_ERRNO(madvise(at + 2 * PAGE, 4 * PAGE, MADV_POPULATE_READ), ENOMEM);
	CHECK(munmap(at, 8 * PAGE) == 0);

	/* A shared file's pages are written to; behind its end there are none. */
	fd = MUST(open("populated", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
	CHECK(ftruncate(fd, 2 * PAGE) == 0);
	at = map(PROT_READ | PROT_WRITE, MAP_SHARED, fd, 3);
	CHECK(madvise(at, 2 * PAGE, MADV_POPULATE_WRITE) == 0);
	CHECK_ERRNO(madvise(at, 3 * PAGE, MADV_POPULATE_WRITE), EFAULT);
	CHECK(munmap(at, 3 * PAGE) == 0);
	CHECK(close(fd) == 0);
}

static void for_children(void)
{
	char *at = map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 2);
	char *shared = map(PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 1);

	memset(at, 7, 2 * PAGE);
	CHECK(madvise(at, PAGE, MADV_WIPEONFORK) == 0);
	CHECK_ERRNO(madvise(shared, PAGE, MADV_WIPEONFORK), EINVAL);
	pid_t pid = FORK();

	if (pid == 0) {
		CHECK_EQ(at[0], 0);
		CHECK_EQ(at[PAGE], 7);
		at[0] = 8;
		/* The child's child gets zeros again. */
		pid = FORK();
		if (pid == 0) {
			CHECK_EQ(at[0], 0);
			_exit(0);
		}
		_exit(wait_exit_status(pid));
	}
	CHECK_EQ(wait_exit_status(pid), 0);
	CHECK_EQ(at[0], 7);
	CHECK(madvise(at, PAGE, MADV_KEEPONFORK) == 0);
	pid = FORK();
	if (pid == 0) {
		CHECK_EQ(at[0], 7);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(pid), 0);
	CHECK(munmap(at, 2 * PAGE) == 0);
	CHECK(munmap(shared, PAGE) == 0);
}

static void cold(void)
{
	char *at = map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 2);

	memset(at, 7, 2 * PAGE);
	CHECK(madvise(at, 2 * PAGE, MADV_COLD) == 0);
	CHECK(madvise(at, 2 * PAGE, MADV_PAGEOUT) == 0);
	CHECK_EQ(at[0] + at[PAGE], 14);
	CHECK(madvise(at, 2 * PAGE, MADV_DONTDUMP) == 0);
	CHECK(madvise(at, 2 * PAGE, MADV_DODUMP) == 0);
	CHECK(mlock(at, PAGE) == 0);
	CHECK_ERRNO(madvise(at, 2 * PAGE, MADV_COLD), EINVAL);
	CHECK_ERRNO(madvise(at, 2 * PAGE, MADV_PAGEOUT), EINVAL);
	CHECK(munmap(at + PAGE, PAGE) == 0);
	CHECK_ERRNO(madvise(at, 2 * PAGE, MADV_DONTDUMP), ENOMEM);
	CHECK(munmap(at, PAGE) == 0);
}

int main(void)
{
	populate();
	for_children();
	cold();
	return 0;
}
