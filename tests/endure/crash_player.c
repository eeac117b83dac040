/*
 * Plays a workload for the crash test inside the machine: crash_player SCRIPT DISK DEVICE.
 *
 * DISK and DEVICE are names of /proc/partitions. It mounts DISK (ext3) at /mnt and works through
 * the script, a line an operation; after each it writes the operation's number to DEVICE and syncs
 * that. (The flush is the mark's, not the operation's: whoever reads the log takes it out.) Both
 * are partitions of one disk whose writes are logged outside, so the marks tell which operations
 * were over at any place of the log.
 *
 *	create P | write P OFFSET SIZE SEED | truncate P SIZE | fsync P | sync
 *	map P OFFSET SIZE SEED (a write through a mapping, as far as the file goes, and msync)
 *	rename P Q | unlink P | link P Q | symlink TEXT P | mkdir P | rmdir P
 *	run COMMAND (by the shell, in /mnt) | # a remark, which is no operation
 *
 * Without a script it mounts and unmounts each of the disks it is given:
 * crash_player -replay DISK...
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define ROOT "/mnt"

static int mark_device;

static void check(int result, const char *what)
{
	if (result < 0)
		err(1, "%s", what);
}

/* The host makes the same bytes: tools/quartet/crash_model.py. */
static void fill(uint8_t *bytes, size_t size, uint32_t seed)
{
	uint32_t state = seed;

	for (size_t i = 0; i < size; i++) {
		if (i % 4 == 0)
			state = state * 1664525u + 1013904223u;
		/* Never 0, so that a byte that was not written is seen. */
		bytes[i] = (uint8_t)(state >> (8 * (i % 4))) | 1;
	}
}

static void write_file(const char *path, off_t offset, size_t size, uint32_t seed)
{
	uint8_t *bytes = malloc(size);
	int fd = open(path, O_WRONLY);

	check(fd, path);
	fill(bytes, size, seed);
	if (pwrite(fd, bytes, size, offset) != (ssize_t)size)
		err(1, "write %s", path);
	check(close(fd), path);
	free(bytes);
}

static void fsync_file(const char *path)
{
	int fd = open(path, O_RDONLY);

	check(fd, path);
	check(fsync(fd), path);
	check(close(fd), path);
}

static void write_mapped(const char *path, size_t offset, size_t size, uint32_t seed)
{
	int fd = open(path, O_RDWR);
	struct stat status;
	uint8_t *bytes, *map;
	size_t end;

	check(fd, path);
	check(fstat(fd, &status), path);
	end = (size_t)status.st_size;
	if (end > 0) {
		map = mmap(NULL, end, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (map == MAP_FAILED)
			err(1, "mmap %s", path);
		bytes = malloc(size);
		fill(bytes, size, seed);
		if (offset < end)
			memcpy(map + offset, bytes, size < end - offset ? size : end - offset);
		check(msync(map, end, MS_SYNC), path);
		check(munmap(map, end), path);
		free(bytes);
	}
	check(close(fd), path);
}

static void run(const char *command)
{
	int status;

	check(chdir(ROOT), ROOT);
	status = system(command);
	check(chdir("/"), "/");
	if (status != 0)
		errx(1, "status %#x: %s", (unsigned int)status, command);
}

static void play(char *line)
{
	char operation[16], first[128] = ROOT "/", second[128] = ROOT "/";
	char *a = first + strlen(first), *b = second + strlen(second);
	unsigned int offset = 0, size = 0, seed = 0;

	if (!strncmp(line, "run ", 4)) {
		run(line + 4);
		return;
	}
	if (sscanf(line, "%15s %100s", operation, a) < 1)
		return;
	sscanf(line, "%*s %*s %100s", b);
	sscanf(line, "%*s %*s %u %u %u", &offset, &size, &seed);
	if (!strcmp(operation, "create"))
		check(close(open(first, O_CREAT | O_EXCL | O_WRONLY, 0644)), first);
	else if (!strcmp(operation, "write"))
		write_file(first, offset, size, seed);
	else if (!strcmp(operation, "map"))
		write_mapped(first, offset, size, seed);
	else if (!strcmp(operation, "truncate"))
		check(truncate(first, offset), first);
	else if (!strcmp(operation, "fsync"))
		fsync_file(first);
	else if (!strcmp(operation, "sync"))
		sync();
	else if (!strcmp(operation, "rename"))
		check(rename(first, second), first);
	else if (!strcmp(operation, "unlink"))
		check(unlink(first), first);
	else if (!strcmp(operation, "link"))
		check(link(first, second), first);
	else if (!strcmp(operation, "symlink"))
		check(symlink(a, second), second);
	else if (!strcmp(operation, "mkdir"))
		check(mkdir(first, 0755), first);
	else if (!strcmp(operation, "rmdir"))
		check(rmdir(first), first);
	else
		errx(1, "unknown operation %s", operation);
}

/* A node for the disk or partition that /proc/partitions calls `name`. */
static const char *make_node(const char *name)
{
	FILE *list = fopen("/proc/partitions", "r");
	unsigned int major_number, minor_number;
	char line[128], found[64];
	static char path[80];

	if (!list)
		err(1, "/proc/partitions");
	while (fgets(line, sizeof(line), list)) {
		if (sscanf(line, "%u %u %*u %63s", &major_number, &minor_number, found) != 3 ||
		    strcmp(found, name))
			continue;
		fclose(list);
		snprintf(path, sizeof(path), "/tmp/%s", name);
		unlink(path);
		check(mknod(path, S_IFBLK | 0600, makedev(major_number, minor_number)), path);
		return path;
	}
	errx(1, "there is no %s", name);
}

static void mark(unsigned int number)
{
	static char block[4096];

	memset(block, 0, sizeof(block));
	snprintf(block, sizeof(block), "mark %u\n", number);
	if (pwrite(mark_device, block, sizeof(block), 0) != sizeof(block))
		err(1, "mark");
	check(fsync(mark_device), "mark");
}

static void play_script(const char *path)
{
	FILE *script = fopen(path, "r");
	unsigned int number = 0;
	char line[4096];

	if (!script)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), script)) {
		if (line[0] == '#')
			continue;
		if (!strncmp(line, "pause", 5))
			sleep((unsigned int)atoi(line + 5));
		else
			play(line);
		mark(++number);
	}
	fclose(script);
}

int main(int argc, char **argv)
{
	check(mkdir(ROOT, 0755) < 0 && errno != EEXIST ? -1 : 0, ROOT);
	if (argc > 1 && !strcmp(argv[1], "-replay")) {
		for (int i = 2; i < argc; i++) {
			check(mount(make_node(argv[i]), ROOT, "ext3", 0, NULL), argv[i]);
			check(umount(ROOT), argv[i]);
		}
		return 0;
	}
	if (argc != 4)
		errx(2, "usage: crash_player SCRIPT DISK DEVICE");
	mark_device = open(make_node(argv[3]), O_RDWR);
	check(mark_device, argv[3]);
	check(mount(make_node(argv[2]), ROOT, "ext3", 0, NULL), "mount");
	play_script(argv[1]);
	check(umount(ROOT), "umount");
	return 0;
}
