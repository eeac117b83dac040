/* test: timeout=60
 * mount against rmdir, rename and unlink of the place, on all CPUs: a mount that was made is there,
 * and its place stays until it is gone.
 */
#include "check.h"
#include <pthread.h>
#include <sys/mount.h>

enum { ROUNDS = 300 };

static volatile bool stop;

static void *remove_places(void *unused)
{
	(void)unused;
	while (!stop) {
		if (rmdir("place") != 0)
			CHECK(errno == EBUSY || errno == ENOENT || errno == ENOTEMPTY);
		if (rename("place", "other") == 0)
			CHECK(rmdir("other") == 0 || errno == EBUSY || errno == ENOENT);
		else
			CHECK(errno == EBUSY || errno == ENOENT);
		if (unlink("file") != 0)
			CHECK(errno == EBUSY || errno == ENOENT);
	}
	return NULL;
}

static bool exists(const char *name)
{
	struct stat status;

	return stat(name, &status) == 0;
}

static void mount_directory(void)
{
	if (mkdir("place", 0755) != 0)
		CHECK_EQ(errno, EEXIST);
	if (mount("none", "place", "tmpfs", 0, NULL) != 0) {
		CHECK_EQ(errno, ENOENT);
		return;
	}
	/* It was renamed before, or it is still here. */
	if (umount("place") != 0) {
		CHECK(exists("other"));
		CHECK(umount("other") == 0);
	}
}

static void mount_file(void)
{
	int fd = open("file", O_CREAT | O_WRONLY, 0600);

	if (fd < 0)
		return;
	close(fd);
	if (mount("source", "file", NULL, MS_BIND, NULL) != 0) {
		CHECK_EQ(errno, ENOENT);
		return;
	}
	CHECK(exists("file"));
	CHECK(umount("file") == 0);
}

int main(void)
{
	pthread_t thread;

	CHECK(close(MUST(open("source", O_CREAT | O_WRONLY, 0600))) == 0);
	CHECK(pthread_create(&thread, NULL, remove_places, NULL) == 0);
	for (int i = 0; i < ROUNDS; i++) {
		mount_directory();
		mount_file();
	}
	stop = true;
	CHECK(pthread_join(thread, NULL) == 0);
	rmdir("place");
	rmdir("other");
	unlink("file");
	unlink("source");
	return 0;
}
