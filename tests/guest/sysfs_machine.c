/* /sys lists the processors and the disks, the same ones that other calls know. */
#include "check.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#define CPUS "/sys/devices/system/cpu"

static size_t read_attribute(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t got;

	CHECK(fd >= 0);
	got = read(fd, text, size - 1);
	CHECK(got > 0);
	text[got] = '\0';
	CHECK(text[got - 1] == '\n');
	CHECK(read(fd, text + got, size - (size_t)got - 1) == 0);
	close(fd);
	return (size_t)got;
}

/* How many CPUs a list such as "0-2,4" names. */
static int count_list(const char *list)
{
	int count = 0, first, last, used;

	while (sscanf(list, "%d%n", &first, &used) == 1) {
		list += used;
		last = first;
		if (sscanf(list, "-%d%n", &last, &used) == 1)
			list += used;
		count += last - first + 1;
		list += *list == ',';
	}
	return count;
}

static void check_cpus(void)
{
	char text[256];
	struct dirent *entry;
	DIR *directory;
	cpu_set_t usable;
	int folders = 0, number;
	char rest;

	read_attribute(CPUS "/online", text, sizeof(text));
	CHECK(sched_getaffinity(0, sizeof(usable), &usable) == 0);
	CHECK(count_list(text) == CPU_COUNT(&usable));
	CHECK(sysconf(_SC_NPROCESSORS_ONLN) == CPU_COUNT(&usable));
	directory = opendir(CPUS);
	CHECK(directory != NULL);
	while ((entry = readdir(directory)) != NULL) {
		if (sscanf(entry->d_name, "cpu%d%c", &number, &rest) == 1) {
			CHECK(entry->d_type == DT_DIR);
			folders++;
		}
	}
	closedir(directory);
	read_attribute(CPUS "/present", text, sizeof(text));
	CHECK(folders == count_list(text));
	CHECK(folders >= CPU_COUNT(&usable));
	CHECK(access(CPUS "/cpu0", F_OK) == 0);
	CHECK_ERRNO(access(CPUS "/cpu4096", F_OK), ENOENT);
	CHECK_ERRNO(open(CPUS "/present", O_WRONLY), EACCES);
}

static void check_disks(void)
{
	DIR *directory = opendir("/sys/block");
	struct dirent *entry;
	unsigned int major_number, minor_number;
	unsigned long long sectors;
	char path[PATH_MAX], text[256], target[PATH_MAX];
	int disks = 0;

	CHECK(directory != NULL);
	while ((entry = readdir(directory)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/sys/block/%s/dev", entry->d_name);
		read_attribute(path, text, sizeof(text));
		CHECK(sscanf(text, "%u:%u\n", &major_number, &minor_number) == 2);
		snprintf(path, sizeof(path), "/sys/block/%s/size", entry->d_name);
		read_attribute(path, text, sizeof(text));
		CHECK(sscanf(text, "%llu\n", &sectors) == 1);
		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major_number, minor_number);
		ssize_t length = readlink(path, target, sizeof(target) - 1);

		CHECK(length > 0);
		target[length] = '\0';
		CHECK(strcmp(strrchr(target, '/') + 1, entry->d_name) == 0);
		CHECK(access(path, F_OK) == 0);
		disks++;
	}
	closedir(directory);
	CHECK(disks > 0);
}

int main(void)
{
	struct statfs status;

	CHECK(statfs("/sys", &status) == 0);
	CHECK(status.f_type == 0x62656572);
	check_cpus();
	check_disks();
	return 0;
}
