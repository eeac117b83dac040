/* test: timeout=120
 * Thousands of mounts, as the table of them grows and shrinks: each is found by walks that go on
 * meanwhile, and each place is free again in the end. Two mounts on one directory, seen through
 * two others, are told apart.
 */
#include "check.h"
#include <pthread.h>
#include <sys/mount.h>

enum { PLACES = 3000 };

static volatile bool stop;
static volatile int made;	/* places 0 to made - 1 show the file */

static void place_name(int number, char name[32])
{
	snprintf(name, 32, "places/%d", number);
}

static bool shows(int number)
{
	struct stat status;
	char name[48];

	snprintf(name, sizeof(name), "places/%d/file", number);
	return stat(name, &status) == 0;
}

static void *walk(void *unused)
{
	unsigned int random = 1;

	(void)unused;
	while (!stop) {
		int top = made;

		random = random * 1103515245u + 12345;
		if (top > 1)
			CHECK(shows((int)(random >> 8) % (top / 2)));
	}
	return NULL;
}

static void make_places(int count)
{
	char name[32];

	for (int i = 0; i < count; i++) {
		place_name(i, name);
		CHECK(mkdir(name, 0755) == 0);
		CHECK(!shows(i));
		CHECK(mount("source", name, NULL, MS_BIND, NULL) == 0);
		CHECK(shows(i));
		made = i + 1;
	}
}

/* The upper half while walks look at the lower one, then the rest. */
static void remove_places(int first, int end)
{
	char name[32];

	for (int i = first; i < end; i++) {
		place_name(i, name);
		CHECK(umount(name) == 0);
		CHECK(!shows(i));
		CHECK(rmdir(name) == 0);
	}
}

static void one_directory_in_two_mounts(void)
{
	CHECK(mkdir("left", 0755) == 0 && mkdir("right", 0755) == 0);
	CHECK(mkdir("both", 0755) == 0 && mkdir("both/inner", 0755) == 0);
	CHECK(mount("both", "left", NULL, MS_BIND, NULL) == 0);
	CHECK(mount("both", "right", NULL, MS_BIND, NULL) == 0);
	CHECK(mount("source", "left/inner", NULL, MS_BIND, NULL) == 0);
	CHECK(access("left/inner/file", F_OK) == 0);
	CHECK_ERRNO(access("right/inner/file", F_OK), ENOENT);
	CHECK(mount("source", "right/inner", NULL, MS_BIND, NULL) == 0);
	CHECK(umount("left/inner") == 0);
	CHECK_ERRNO(access("left/inner/file", F_OK), ENOENT);
	CHECK(access("right/inner/file", F_OK) == 0);
	CHECK_ERRNO(rmdir("both/inner"), EBUSY);
	CHECK(umount("right/inner") == 0);
	CHECK(rmdir("both/inner") == 0);
	CHECK(umount("left") == 0 && umount("right") == 0);
	CHECK(rmdir("left") == 0 && rmdir("right") == 0 && rmdir("both") == 0);
}

int main(void)
{
	int count = scaled(PLACES) & ~1;
	pthread_t walker;

	CHECK(mkdir("stage", 0755) == 0);
	CHECK(mount("none", "stage", "tmpfs", 0, NULL) == 0);
	CHECK(mount(NULL, "stage", NULL, MS_PRIVATE, NULL) == 0);
	CHECK(chdir("stage") == 0);
	CHECK(mkdir("source", 0755) == 0 && mkdir("places", 0755) == 0);
	CHECK(close(open("source/file", O_CREAT | O_WRONLY, 0644)) == 0);
	one_directory_in_two_mounts();
	CHECK(pthread_create(&walker, NULL, walk, NULL) == 0);
	make_places(count);
	remove_places(count / 2, count);
	stop = true;
	CHECK(pthread_join(walker, NULL) == 0);
	remove_places(0, count / 2);
	CHECK(chdir("..") == 0);
	CHECK(umount("stage") == 0);
	CHECK(rmdir("stage") == 0);
	return 0;
}
