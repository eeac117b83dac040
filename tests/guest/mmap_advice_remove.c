/*
 * madvise's MADV_REMOVE: pages of shared memory become zeros for all who map them, and take no
 * memory any more; what it is refused for.
 */
#include "check.h"
#include <sys/shm.h>

enum { PAGES = 8 };

static char *map(int protection, int flags, int fd)
{
	char *at = mmap(NULL, PAGES * PAGE, protection, flags, fd, 0);

	CHECK(at != MAP_FAILED);
	return at;
}

/* Pages 2 to 5 of what is all 'x' are removed. */
static void remove_middle(char *at, const char *other)
{
	memset(at, 'x', PAGES * PAGE);
	CHECK(madvise(at + 2 * PAGE, 4 * PAGE, MADV_REMOVE) == 0);
	for (int i = 0; i < PAGES; i++) {
		char wanted = i >= 2 && i < 6 ? 0 : 'x';

		CHECK_EQ(at[i * PAGE], wanted);
		CHECK_EQ(other[i * PAGE + PAGE - 1], wanted);
	}
	at[3 * PAGE] = 'y';
	CHECK_EQ(other[3 * PAGE], 'y');
}

static void memory_file(void)
{
	int fd = MUST(memfd_create("removed", MFD_ALLOW_SEALING)), reader, id, status;
	struct stat before, after;
	char *at, *other, path[40];
	pid_t child;

	CHECK(ftruncate(fd, PAGES * PAGE) == 0);
	at = map(PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	other = map(PROT_READ, MAP_SHARED, fd);
	memset(at, 'x', PAGES * PAGE);
	CHECK(fstat(fd, &before) == 0);
	CHECK(madvise(at, 3 * PAGE, MADV_REMOVE) == 0);
	CHECK(fstat(fd, &after) == 0);
	CHECK_EQ(before.st_blocks - after.st_blocks, 3 * PAGE / 512);
	CHECK_EQ(after.st_size, PAGES * PAGE);
	remove_middle(at, other);
	/* Only through a mapping that could be made to write. */
	CHECK(madvise(other, PAGE, MADV_REMOVE) == 0);
	CHECK_EQ(at[0], 0);
	CHECK(munmap(other, PAGES * PAGE) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	reader = MUST(open(path, O_RDONLY));
	other = map(PROT_READ, MAP_SHARED, reader);
	close(reader);
	CHECK_ERRNO(madvise(other + 7 * PAGE, PAGE, MADV_REMOVE), EACCES);
	CHECK_EQ(at[7 * PAGE], 'x');
	CHECK(munmap(other, PAGES * PAGE) == 0);
	other = map(PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	CHECK_ERRNO(madvise(other, PAGE, MADV_REMOVE), EACCES);
	CHECK(munmap(other, PAGES * PAGE) == 0);
	CHECK(mlock(at, PAGE) == 0);
	CHECK_ERRNO(madvise(at, PAGE, MADV_REMOVE), EINVAL);
	CHECK(munlock(at, PAGE) == 0);
	/* The parts before a hole in the mappings are done. */
	CHECK(munmap(at + 7 * PAGE, PAGE) == 0);
	at[6 * PAGE] = 'z';
	CHECK_ERRNO(madvise(at + 6 * PAGE, 2 * PAGE, MADV_REMOVE), ENOMEM);
	CHECK_EQ(at[6 * PAGE], 0);
	CHECK(munmap(at, PAGES * PAGE) == 0);
	close(fd);

	at = map(PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	child = MUST(fork());
	if (child == 0) {
		remove_middle(at, at);
		_exit(0);
	}
	MUST(waitpid(child, &status, 0));
	CHECK_EQ(status, 0);
	CHECK_EQ(at[2 * PAGE], 0);
	CHECK_EQ(at[3 * PAGE], 'y');
	CHECK(munmap(at, PAGES * PAGE) == 0);

	id = MUST(shmget(IPC_PRIVATE, PAGES * PAGE, 0600));
	at = shmat(id, NULL, 0);
	other = shmat(id, NULL, SHM_RDONLY);
	CHECK(at != (void *)-1 && other != (void *)-1);
	CHECK(shmctl(id, IPC_RMID, NULL) == 0);
	remove_middle(at, other);
	CHECK(shmdt(at) == 0 && shmdt(other) == 0);
}

static void errors(void)
{
	char *at = map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	CHECK_ERRNO(madvise(at, PAGE, MADV_REMOVE), EINVAL);
	CHECK_ERRNO(madvise(at + 1, PAGE, MADV_REMOVE), EINVAL);
	CHECK(madvise(at, 0, MADV_REMOVE) == 0);
	CHECK(munmap(at, PAGES * PAGE) == 0);
	CHECK_ERRNO(madvise(at, PAGE, MADV_REMOVE), ENOMEM);
}

/* Writers and removers at once: each page is whole, or gone. */
static void race(void)
{
	char *at = map(PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	pid_t children[4];
	int status;

	for (int i = 0; i < 4; i++) {
		children[i] = MUST(fork());
		if (children[i] > 0)
			continue;
		for (int k = 0; k < scaled(1000); k++) {
			char *page = at + (k * 7 + i) % PAGES * PAGE;

			if (i % 2) {
				CHECK(madvise(page, PAGE, MADV_REMOVE) == 0);
			} else {
				memset(page, 'r', PAGE);
				CHECK(page[PAGE - 1] == 'r' || page[PAGE - 1] == 0);
			}
		}
		_exit(0);
	}
	for (int i = 0; i < 4; i++) {
		MUST(waitpid(children[i], &status, 0));
		CHECK_EQ(status, 0);
	}
	CHECK(munmap(at, PAGES * PAGE) == 0);
}

int main(void)
{
	memory_file();
	errors();
	race();
	return 0;
}
