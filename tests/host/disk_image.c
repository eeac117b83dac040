/*
 * Disk images for host tests: made by mke2fs, judged by e2fsck, kept in memory meanwhile.
 */
#include "disk_image.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[64];
static uint8_t *memory;
static size_t memory_size;

static int run(const char *command, char *output, size_t size)
{
	FILE *pipe;
	size_t length;
	int status;

	setenv("PATH", "/usr/sbin:/sbin:/usr/bin:/bin", 1);
	unsetenv("LD_PRELOAD");
	pipe = popen(command, "r");
	if (!pipe)
		return -1;
	length = fread(output, 1, size - 1, pipe);
	output[length] = 0;
	while (!feof(pipe) && !ferror(pipe) && fgetc(pipe) != EOF)
		;
	status = pclose(pipe);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool disk_image_has_tools(void)
{
	char output[256];

	return run("command -v mke2fs && command -v e2fsck && command -v debugfs", output,
		   sizeof(output)) == 0;
}

static void remove_file(void)
{
	if (path[0])
		unlink(path);
}

uint8_t *disk_image_open(size_t size)
{
	const char *folder = getenv("TMPDIR");
	int fd;

	snprintf(path, sizeof(path), "%s/disk-image-XXXXXX", folder ? folder : "/tmp");
	fd = mkstemp(path);
	if (fd < 0 || ftruncate(fd, (off_t)size) < 0) {
		perror(path);
		exit(1);
	}
	atexit(remove_file);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (memory == MAP_FAILED) {
		perror("mmap of a disk image");
		exit(1);
	}
	memory_size = size;
	return memory;
}

uint8_t *disk_image_open_listed(unsigned int index, size_t *size)
{
	const char *list = getenv("QUARTET_REPLAY");
	char name[256];
	int fd;

	for (; list && index > 0; index--) {
		list = strchr(list, ':');
		list = list ? list + 1 : NULL;
	}
	if (!list || !*list)
		return NULL;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(list, ":"), list);
	fd = open(name, O_RDWR);
	*size = fd < 0 ? 0 : (size_t)lseek(fd, 0, SEEK_END);
	memory = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || memory == MAP_FAILED) {
		perror(name);
		exit(1);
	}
	close(fd);
	memory_size = *size;
	return memory;
}

void disk_image_close(void)
{
	munmap(memory, memory_size);
	remove_file();	/* but not one that was listed */
	path[0] = 0;
}

bool disk_image_format(const char *options)
{
	/* Before mke2fs had this option it had another for the same, which it has lost. */
	static const char new_way[] = "-E revision=0", old_way[] = "-r 0";
	const char *revision = strstr(options, new_way);
	char command[512], output[4096];
	int status;

	snprintf(command, sizeof(command), "mke2fs -q -F %s %s 2>&1", options, path);
	status = run(command, output, sizeof(output));
	if (status != 0 && revision) {
		snprintf(command, sizeof(command), "mke2fs -q -F %.*s%s%s %s 2>&1",
			 (int)(revision - options), options, old_way,
			 revision + strlen(new_way), path);
		status = run(command, output, sizeof(output));
	}
	if (status != 0)
		printf("%s: %d\n%s\n", command, status, output);
	return status == 0;
}

bool disk_image_is_clean(void)
{
	char command[128], output[8192];
	int status;

	snprintf(command, sizeof(command), "e2fsck -fn %s 2>&1", path);
	status = run(command, output, sizeof(output));
	if (status != 0)
		printf("e2fsck says %d:\n%s\n", status, output);
	return status == 0;
}

bool disk_image_seems_clean(void)
{
	char command[128], output[8192];

	snprintf(command, sizeof(command), "e2fsck -fn %s 2>&1", path);
	return run(command, output, sizeof(output)) == 0;
}

bool disk_image_mend(void)
{
	enum { MENDED = 1 };	/* e2fsck(8), of the status */
	char command[128], output[8192];
	int status;

	snprintf(command, sizeof(command), "e2fsck -fy %s 2>&1", path);
	status = run(command, output, sizeof(output));
	if (status & ~MENDED)
		printf("e2fsck -fy says %d:\n%s\n", status, output);
	return (status & ~MENDED) == 0;
}

bool disk_image_debugfs(const char *request, char *output, size_t size)
{
	char command[512];

	snprintf(command, sizeof(command), "debugfs -w -R '%s' %s 2>/dev/null", request, path);
	return run(command, output, size) == 0;
}
