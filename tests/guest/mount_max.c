/*
 * There is a limit to the mounts (/proc/sys/fs/mount-max), which copies of a tree into itself
 * would reach soon: they double it each time. And thousands that stand on each other go in a
 * moment.
 */
#include "check.h"
#include <sys/mount.h>
#include <time.h>

#define LIMIT "/proc/sys/fs/mount-max"

enum { DEEP = 500 };

static int count_mounts(void)
{
	FILE *mounts = fopen("/proc/self/mounts", "r");
	int count = 0, c;

	CHECK(mounts != NULL);
	while ((c = getc(mounts)) != EOF)
		count += c == '\n';
	CHECK(fclose(mounts) == 0);
	return count;
}

static int set_limit(int count)
{
	int fd = MUST(open(LIMIT, O_WRONLY)), error;
	char text[16];

	snprintf(text, sizeof(text), "%d\n", count);
	error = write(fd, text, strlen(text)) < 0 ? errno : 0;
	CHECK(close(fd) == 0);
	return error;
}

/* How many count: also those that a program does not see from its root. */
static int find_count(void)
{
	int limit = count_mounts();

	CHECK_EQ(set_limit(limit), 0);
	while (mount("none", "other", "tmpfs", 0, NULL) < 0) {
		CHECK_EQ(errno, ENOSPC);
		CHECK_EQ(set_limit(++limit), 0);
	}
	MUST(umount("other"));
	return limit - 1;
}

static void limited(int before)
{
	CHECK_EQ(set_limit(0), EINVAL);
	CHECK_EQ(set_limit(-1), EINVAL);
	CHECK_EQ(set_limit(find_count() + 5), 0);
	MUST(mount("none", "place", "tmpfs", 0, NULL));
	MUST(mkdir("place/copy", 0700));
	MUST(mount("place", "place/copy", NULL, MS_BIND, NULL));
	MUST(mount("place", "place/copy", NULL, MS_BIND | MS_REC, NULL));
	CHECK_EQ(count_mounts(), before + 4);
	/* Four more do not go, one does. */
	CHECK_ERRNO(mount("place", "place/copy", NULL, MS_BIND | MS_REC, NULL), ENOSPC);
	CHECK_EQ(count_mounts(), before + 4);
	MUST(mount("none", "other", "tmpfs", 0, NULL));
	CHECK_ERRNO(mount("none", "place", "tmpfs", 0, NULL), ENOSPC);
	CHECK_ERRNO(mount("place", "place/copy", NULL, MS_BIND, NULL), ENOSPC);
	MUST(umount("other"));
	MUST(umount2("place", MNT_DETACH));
	CHECK_EQ(count_mounts(), before);
}

static void deep(int before)
{
	struct timespec begin, end;

	CHECK_EQ(set_limit(find_count() + DEEP), 0);
	for (int i = 0; i < DEEP; i++)
		MUST(mount("none", "place", "tmpfs", 0, NULL));
	CHECK_ERRNO(mount("none", "place", "tmpfs", 0, NULL), ENOSPC);
	CHECK(clock_gettime(CLOCK_MONOTONIC, &begin) == 0);
	for (int i = 0; i < DEEP; i++)
		MUST(umount2("place", MNT_DETACH));
	CHECK(clock_gettime(CLOCK_MONOTONIC, &end) == 0);
	printf("%d in %ld s\n", DEEP, (long)(end.tv_sec - begin.tv_sec));
	CHECK_EQ(count_mounts(), before);
}

int main(void)
{
	int before = count_mounts(), limit;
	char text[32];

	read_text(LIMIT, text, sizeof(text));
	limit = atoi(text);
	CHECK_EQ(limit, 100000);
	MUST(mkdir("place", 0700));
	MUST(mkdir("other", 0700));
	limited(before);
	deep(before);
	CHECK_EQ(set_limit(limit), 0);
	return 0;
}
