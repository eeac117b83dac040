/*
 * Four processes touch the pages of one file at the same moment, each for the first time: all get
 * the same frames, with the right contents, and the disk reads each page once.
 */
#include "check.h"
#include <sys/sysmacros.h>

#define PROCESSES 4
#define PAGES 256
#define SECTORS (PAGES * (PAGE / 512))

/* How many sectors the disk of this file has read, by /proc/diskstats; -1: it is on no disk. */
static long long sectors_read(int fd)
{
	unsigned int major_number, minor_number;
	unsigned long long sectors;
	struct stat status;
	char text[8192];

	CHECK(fstat(fd, &status) == 0);
	read_text("/proc/diskstats", text, sizeof(text));
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (sscanf(line, "%u %u %*s %*u %*u %llu", &major_number, &minor_number,
			   &sectors) == 3 &&
		    makedev(major_number, minor_number) == status.st_dev)
			return (long long)sectors;
	}
	return -1;
}

int main(void)
{
	pid_t pids[PROCESSES];
	uint64_t *frames = shared_memory(PROCESSES * PAGES * sizeof(*frames));
	struct gate ready = gate_create(), start = gate_create();
	long long before, after;
	int fd;

	enter_disk_directory();
	make_pattern_file("first_touch", PAGES * PAGE);
	fd = MUST(open("first_touch", O_RDONLY));
	CHECK(fsync(fd) == 0);
	/* Out of the cache, where the system does that. */
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);

	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = FORK();
		if (pids[i] != 0)
			continue;
		char *map = mmap(NULL, PAGES * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

		CHECK(map != MAP_FAILED);
		gate_open(&ready);
		gate_pass(&start);
		for (int page = 0; page < PAGES; page++) {
			CHECK_EQ(map[page * PAGE + 5], pattern_byte(page * PAGE + 5));
			frames[i * PAGES + page] = frame_of(map + page * PAGE);
		}
		_exit(0);
	}
	for (int i = 0; i < PROCESSES; i++)
		gate_pass(&ready);
	before = sectors_read(fd);
	for (int i = 0; i < PROCESSES; i++)
		gate_open(&start);
	for (int i = 0; i < PROCESSES; i++)
		CHECK(wait_exit_status(pids[i]) == 0);
	after = sectors_read(fd);
	if (before >= 0) {
		CHECK(after - before >= SECTORS);	/* they were out of the cache, every one */
		/* The program's own pages and the file system's blocks are read as well. */
		CHECK(after - before < SECTORS * 3 / 2);
	}
	for (int page = 0; page < PAGES; page++) {
		CHECK(frames[page] != 0);
		for (int i = 1; i < PROCESSES; i++)
			CHECK_EQ(frames[i * PAGES + page], frames[page]);
	}
	CHECK(unlink("first_touch") == 0);
	return 0;
}
