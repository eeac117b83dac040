/*
 * MAP_POPULATE and MAP_LOCKED: all pages are there when mmap returns, written ones ready for
 * writing; what cannot be populated is no error. Locked memory counts, and has a limit.
 */
#include "check.h"

enum { PAGES = 32 };

static void *map(int protection, int flags, int fd)
{
	return mmap(NULL, PAGES * PAGE, protection, flags, fd, 0);
}

static int resident_count(void *memory)
{
	unsigned char resident[PAGES];
	int count = 0;

	MUST(mincore(memory, PAGES * PAGE, resident));
	for (int i = 0; i < PAGES; i++)
		count += resident[i] & 1;
	return count;
}

static int mapped_count(const char *memory)
{
	int count = 0;

	for (int i = 0; i < PAGES; i++)
		count += frame_of(memory + i * PAGE) != 0;
	return count;
}

static long fault_count(void)
{
	struct rusage usage;

	MUST(getrusage(RUSAGE_SELF, &usage));
	return usage.ru_minflt + usage.ru_majflt;
}

/* Every page is mapped; touching them all costs no fault. */
static void check_there(volatile char *memory, bool writes)
{
	long before;

	CHECK(memory != MAP_FAILED);
	CHECK_EQ(resident_count((void *)memory), PAGES);
	CHECK_EQ(mapped_count((char *)memory), PAGES);
	before = fault_count();
	for (int i = 0; i < PAGES; i++) {
		(void)memory[i * PAGE];
		if (writes)
			memory[i * PAGE] = 'w';
	}
	CHECK_EQ(fault_count() - before, 0);
	MUST(munmap((void *)memory, PAGES * PAGE));
}

static long locked_kib(void)
{
	static char text[8192];
	char *line;

	read_text("/proc/self/status", text, sizeof(text));
	line = strstr(text, "VmLck:");
	CHECK(line != NULL);
	return atol(line + 6);
}

static void test_populate(int fd)
{
	const int both = PROT_READ | PROT_WRITE;
	char *memory;

	(void)fault_count();
	check_there(map(both, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1), true);
	check_there(map(both, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1), true);
	check_there(map(PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1), false);
	check_there(map(PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd), false);
	check_there(map(PROT_READ, MAP_SHARED | MAP_POPULATE, fd), false);
	/* A private page is copied beforehand. */
	check_there(map(both, MAP_PRIVATE | MAP_POPULATE, fd), true);

	memory = map(both, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	CHECK_EQ(resident_count(memory), 0);
	MUST(munmap(memory, PAGES * PAGE));
	memory = map(both, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_NONBLOCK, -1);
	CHECK(memory != MAP_FAILED);
	CHECK_EQ(resident_count(memory), 0);
	MUST(munmap(memory, PAGES * PAGE));
	memory = map(PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1);
	CHECK(memory != MAP_FAILED);
	CHECK_EQ(mapped_count(memory), 0);
	MUST(munmap(memory, PAGES * PAGE));
	/* Past the end of the file is nothing to populate. */
	MUST(ftruncate(fd, 4 * PAGE));
	memory = map(PROT_READ, MAP_SHARED | MAP_POPULATE, fd);
	CHECK(memory != MAP_FAILED);
	CHECK_EQ(mapped_count(memory), 4);
	MUST(munmap(memory, PAGES * PAGE));
}

static void test_locked(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED;
	long before = locked_kib();
	char *memory = map(PROT_READ | PROT_WRITE, flags, -1);

	CHECK(memory != MAP_FAILED);
	CHECK_EQ(locked_kib(), before + PAGES * PAGE / 1024);
	CHECK_ERRNO(madvise(memory, PAGE, MADV_DONTNEED), EINVAL);
	CHECK_EQ(resident_count(memory), PAGES);
	MUST(munlock(memory, PAGE));
	CHECK_EQ(locked_kib(), before + (PAGES - 1) * PAGE / 1024);
	MUST(munmap(memory, PAGES * PAGE));
	CHECK_EQ(locked_kib(), before);
	check_there(map(PROT_READ | PROT_WRITE, flags, -1), true);
}

static void limited(void)
{
	struct rlimit limit = { PAGES * PAGE, PAGES * PAGE };
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED;
	char *memory;

	MUST(setrlimit(RLIMIT_MEMLOCK, &limit));
	become_user(OTHER_UID, OTHER_GID);
	memory = map(PROT_READ | PROT_WRITE, flags, -1);
	CHECK(memory != MAP_FAILED);
	CHECK_ERRNO((long)mmap(NULL, 1, PROT_READ, flags, -1, 0), EAGAIN);
	MUST(munmap(memory, PAGE));
	CHECK((long)mmap(NULL, 1, PROT_READ, flags, -1, 0) != -1);
	limit.rlim_cur = limit.rlim_max = 0;
	MUST(setrlimit(RLIMIT_MEMLOCK, &limit));
	CHECK_ERRNO((long)mmap(NULL, 1, PROT_READ, flags, -1, 0), EPERM);
	/* To populate needs no right. */
	memory = map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1);
	CHECK(memory != MAP_FAILED);
	CHECK_EQ(resident_count(memory), PAGES);
}

int main(void)
{
	int fd;

	make_pattern_file("file", PAGES * PAGE);
	fd = MUST(open("file", O_RDWR));
	test_populate(fd);
	test_locked();
	in_child(limited);
	return 0;
}
