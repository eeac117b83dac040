/*
 * A file that grows right after it was synced keeps its new size once it is written back in the
 * background and forgotten, also if all that happened in the moment that one file time stands for.
 */
#include "check.h"

enum { FILES = 30, TRIES = 20, BEFORE = 10, AFTER = 7, BACKGROUND_S = 9 };

/* Files that are not in use are read from the disk anew. On Quartet the counters of leaks do it. */
static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);
	char text[4096];

	if (fd >= 0) {
		CHECK_EQ(write(fd, "3", 1), 1);
	} else {
		fd = MUST(open("/proc/quartet/leaks", O_RDONLY));
		CHECK(read(fd, text, sizeof(text)) > 0);
	}
	close(fd);
}

/* Until both writes got one time, if the disk is fast enough for that. */
static void make_growing(const char *name)
{
	struct stat before, after;
	int fd = MUST(open(name, O_WRONLY | O_CREAT | O_APPEND, 0600));

	for (int tries = 0; tries < TRIES; tries++) {
		CHECK(ftruncate(fd, 0) == 0);
		CHECK_EQ(write(fd, "0123456789", BEFORE), BEFORE);
		CHECK(fsync(fd) == 0);
		CHECK_EQ(write(fd, "a", 1), 1);
		CHECK(fstat(fd, &before) == 0);
		CHECK(fsync(fd) == 0);
		CHECK_EQ(write(fd, "abcdefg", AFTER), AFTER);
		CHECK(fstat(fd, &after) == 0);
		if (before.st_mtim.tv_nsec == after.st_mtim.tv_nsec)
			break;
	}
	close(fd);
}

int main(void)
{
	const char *disk = getenv("TEST_DISK_DIR");
	struct stat status;
	char name[20];

	if (!disk)
		SKIP("no TEST_DISK_DIR");
	CHECK(chdir(disk) == 0);
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "grows%d", i);
		make_growing(name);
	}
	sleep(BACKGROUND_S);
	drop_caches();
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "grows%d", i);
		CHECK(stat(name, &status) == 0);
		CHECK_EQ(status.st_size, BEFORE + 1 + AFTER);
		CHECK(unlink(name) == 0);
	}
	return 0;
}
