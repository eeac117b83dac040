/* What lsof, pmap and slabtop read: how a descriptor is open, sums of smaps, the slabs' columns. */
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static mode_t link_mode(int fd)
{
	char path[64];
	struct stat status;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK(lstat(path, &status) == 0);
	CHECK(S_ISLNK(status.st_mode));
	return status.st_mode & 07777;
}

static unsigned long sum_of(const char *path, const char *key)
{
	unsigned long sum = 0, value;
	char line[512];
	FILE *file = fopen(path, "r");

	CHECK(file != NULL);
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, strlen(key)) == 0 &&
		    sscanf(line + strlen(key), "%lu", &value) == 1)
			sum += value;
	}
	fclose(file);
	return sum;
}

static void check_slabinfo(void)
{
	unsigned long active, all, size, per_slab, pages;
	char line[512], name[128];
	FILE *file = fopen("/proc/slabinfo", "r");
	int rows = 0;

	if (!file)
		return;		/* a kernel may be built without */
	CHECK(fgets(line, sizeof(line), file) && strcmp(line, "slabinfo - version: 2.1\n") == 0);
	CHECK(fgets(line, sizeof(line), file) && line[0] == '#');
	while (fgets(line, sizeof(line), file)) {
		CHECK(sscanf(line, "%127s %lu %lu %lu %lu %lu : tunables", name, &active, &all,
			     &size, &per_slab, &pages) == 6);
		CHECK(active <= all && size > 0 && per_slab > 0);
		rows++;
	}
	fclose(file);
	CHECK(rows > 5);
}

static void check_mknod_order(void)
{
	pid_t child = fork();

	if (child == 0) {
		CHECK(chmod(".", 0755) == 0);
		CHECK(setuid(65534) == 0);
		CHECK_ERRNO(mknod("node", S_IFBLK | 0600, makedev(1, 1)), EACCES);
		CHECK_ERRNO(mknod("/tmp/", S_IFBLK | 0600, makedev(1, 1)), EEXIST);
		_exit(0);
	}
	CHECK(wait_exit_status(child) == 0);
}

int main(void)
{
	int reader = open("/dev/null", O_RDONLY), writer = open("/dev/null", O_WRONLY);
	int both = open("/dev/null", O_RDWR), place = open("/", O_PATH);

	CHECK(link_mode(reader) == 0500);
	CHECK(link_mode(writer) == 0300);
	CHECK(link_mode(both) == 0700);
	CHECK(link_mode(place) == 0);
	CHECK(sum_of("/proc/self/smaps_rollup", "Anonymous:") > 0);
	CHECK(sum_of("/proc/self/smaps_rollup", "Rss:") >= 8);
	CHECK(sum_of("/proc/self/smaps_rollup", "Size:") == 0);
	CHECK(sum_of("/proc/self/smaps", "Private_Dirty:") > 0);
	check_slabinfo();
	check_mknod_order();
	return 0;
}
