/*
 * What getrusage() says of memory: page faults, each counted once, those that become a signal not
 * at all; those that had to wait for a disk apart; and the most that was resident, which neither
 * munmap() nor exec() takes back, and of children that of the largest.
 */
#include "faults.h"

enum { PAGES = 100, BIG = 8 << 20, SMALL = 2 << 20 };

static struct rusage before, after;

static char *map_fresh(int flags)
{
	char *map = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);

	CHECK(map != MAP_FAILED);
	/* A page each, nothing larger; a kernel without large pages may not know the word. */
	CHECK(madvise(map, PAGES * PAGE, MADV_NOHUGEPAGE) == 0 || errno == EINVAL);
	return map;
}

static void write_pages(char *map, int count)
{
	for (int i = 0; i < count; i++)
		((volatile char *)map)[i * PAGE] = 1;
}

static void read_pages(char *map, int count)
{
	for (int i = 0; i < count; i++)
		(void)((volatile char *)map)[i * PAGE];
}

/* Faults by `touch`, which has been run before, like all that is used here. */
static long faults_by(void (*touch)(char *map, int count), char *map, int count)
{
	CHECK(getrusage(RUSAGE_SELF, &before) == 0);
	touch(map, count);
	CHECK(getrusage(RUSAGE_SELF, &after) == 0);
	return after.ru_minflt - before.ru_minflt;
}

/* Each page that a fork left shared is one fault; so are its first own stack and data. */
static void count_in_child(void)
{
	char *map = map_fresh(MAP_PRIVATE);

	write_pages(map, PAGES);
	pid_t pid = FORK();

	if (pid == 0) {
		faults_by(write_pages, map_fresh(MAP_PRIVATE), 1);
		CHECK_EQ(faults_by(write_pages, map, PAGES), PAGES);
		CHECK_EQ(faults_by(write_pages, map, PAGES), 0);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(pid), 0);
	CHECK(munmap(map, PAGES * PAGE) == 0);
}

static void try_forbidden(char *map, int count)
{
	for (int i = 0; i < count; i++)
		CHECK_FAULT(touch_write, map, SIGSEGV, SEGV_ACCERR);
}

static void count_minor(void)
{
	char *map = map_fresh(MAP_PRIVATE);

	faults_by(write_pages, map, 1);
	faults_by(read_pages, map, 1);
	CHECK_EQ(faults_by(write_pages, map, PAGES), PAGES - 1);
	CHECK_EQ(faults_by(write_pages, map, PAGES), 0);
	CHECK_EQ(after.ru_majflt, before.ru_majflt);
	CHECK(munmap(map, PAGES * PAGE) == 0);

	/* The page of zeros first, then one of its own. */
	map = map_fresh(MAP_PRIVATE);
	CHECK_EQ(faults_by(read_pages, map, PAGES), PAGES);
	CHECK_EQ(faults_by(write_pages, map, PAGES), PAGES);
	CHECK(mprotect(map, PAGES * PAGE, PROT_READ) == 0);
	faults_by(try_forbidden, map, 1);
	CHECK_EQ(faults_by(try_forbidden, map, 10), 0);
	CHECK(munmap(map, PAGES * PAGE) == 0);

	map = map_fresh(MAP_SHARED);
	CHECK_EQ(faults_by(write_pages, map, PAGES), PAGES);
	CHECK(munmap(map, PAGES * PAGE) == 0);
}

static void count_major(void)
{
	if (!getenv("TEST_DISK_DIR"))
		return;
	enter_disk_directory();
	make_pattern_file("mapped", 16 * PAGE);
	int fd = MUST(open("mapped", O_RDONLY));
	char *map = mmap(NULL, 16 * PAGE, PROT_READ, MAP_SHARED, fd, 0);

	CHECK(map != MAP_FAILED);
	CHECK(fsync(fd) == 0);
	CHECK_EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	CHECK_EQ(faults_by(read_pages, map, 1), 0);
	CHECK_EQ(after.ru_majflt - before.ru_majflt, 1);
	CHECK(after.ru_inblock - before.ru_inblock >= PAGE / 512);
	CHECK_EQ(faults_by(read_pages, map, 1), 0);
	CHECK_EQ(after.ru_majflt - before.ru_majflt, 0);
	CHECK(munmap(map, 16 * PAGE) == 0 && close(fd) == 0 && unlink("mapped") == 0);
}

/* ---- the most that was resident ----------------------------------------------------------- */

/* Linux counts in batches, so one may be a little off. */
static bool is_near(long kib, long wanted_kib)
{
	return kib >= wanted_kib - 512 && kib <= wanted_kib + 512;
}

static void use_memory(size_t size)
{
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(map != MAP_FAILED);
	memset(map, 1, size);
	CHECK(munmap(map, size) == 0);
}

static long peak_of_child(size_t size, char *execute)
{
	struct rusage usage;
	int status;
	pid_t pid = FORK();

	if (pid == 0) {
		CHECK(getrusage(RUSAGE_SELF, &before) == 0);
		use_memory(size);
		CHECK(getrusage(RUSAGE_SELF, &after) == 0);
		if (!is_near(after.ru_maxrss, before.ru_maxrss + size / 1024))
			FAIL("%ld KiB grew to %ld", before.ru_maxrss, after.ru_maxrss);
		if (execute)
			execl(execute, "x", "end", (char *)NULL);
		_exit(0);
	}
	CHECK_EQ(wait4(pid, &status, 0, &usage), pid);
	CHECK_EQ(status, 0);
	return usage.ru_maxrss;
}

/* The memory is still there at the end, and nobody has asked how much it is. */
static long peak_of_holder(size_t size, char *execute)
{
	struct rusage usage;
	int status;
	pid_t pid = FORK();

	if (pid == 0) {
		memset(map_pages(size / PAGE), 1, size);
		if (execute)
			execl(execute, "x", "end", (char *)NULL);
		_exit(0);
	}
	CHECK_EQ(wait4(pid, &status, 0, &usage), pid);
	CHECK_EQ(status, 0);
	return usage.ru_maxrss;
}

static void compare_peaks(void)
{
	struct rusage children;
	long small = peak_of_child(SMALL, NULL);

	CHECK(getrusage(RUSAGE_CHILDREN, &children) == 0);
	long start = children.ru_maxrss;
	long big = peak_of_child(BIG, NULL);

	CHECK(is_near(big - small, (BIG - SMALL) / 1024));
	CHECK(getrusage(RUSAGE_CHILDREN, &children) == 0);
	CHECK_EQ(children.ru_maxrss, big);
	CHECK(start < big);
	CHECK(peak_of_child(SMALL, NULL) < big);
	CHECK(is_near(peak_of_child(BIG, "/proc/self/exe"), big));
	CHECK(is_near(peak_of_holder(BIG, NULL), big));
	CHECK(is_near(peak_of_holder(BIG, "/proc/self/exe"), big));
	CHECK(getrusage(RUSAGE_CHILDREN, &children) == 0);
	CHECK(is_near(children.ru_maxrss, big));
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return 0;
	CHECK(getrusage(RUSAGE_SELF, &before) == 0 && getrusage(RUSAGE_SELF, &after) == 0);
	count_minor();
	count_major();
	count_in_child();
	compare_peaks();
	return 0;
}
