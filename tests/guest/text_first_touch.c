/*
 * Four processes touch the pages of one file at the same moment, each for the first time: all get
 * the same frames, with the right contents, and the disk reads each page once.
 *
 * They do so twice, and the second time counts: by then the disk has nothing else to read, such as
 * pages of this program and the blocks that say where the file's are.
 */
#include "check.h"
#include <sys/sysmacros.h>

#define PROCESSES 4
#define PAGES 256
#define SECTORS (PAGES * (PAGE / 512))

/*
 * How many sectors the disk of this file has read, by /proc/diskstats; -1: it is on no disk, as may
 * be where it is not Quartet that runs the test.
 */
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
	if (access("/proc/quartet", F_OK) == 0)
		FAIL("/proc/diskstats has no disk %u:%u", major(status.st_dev),
		     minor(status.st_dev));
	return -1;
}

/* Says how many sectors the disk has read for it; -1: it is on no disk. */
static long long touch_together(int fd)
{
	pid_t pids[PROCESSES];
	uint64_t *frames = shared_memory(PROCESSES * PAGES * sizeof(*frames));
	struct gate ready = gate_create(), start = gate_create();
	long long before, after;

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
	for (int page = 0; page < PAGES; page++) {
		CHECK(frames[page] != 0);
		for (int i = 1; i < PROCESSES; i++)
			CHECK_EQ(frames[i * PAGES + page], frames[page]);
	}
	return before < 0 ? -1 : after - before;
}

int main(void)
{
	long long sectors;
	int fd;

	enter_disk_directory();
	make_pattern_file("first_touch", PAGES * PAGE);
	fd = MUST(open("first_touch", O_RDONLY));
	CHECK(fsync(fd) == 0);
	touch_together(fd);
	sectors = touch_together(fd);
	if (sectors >= 0)
		CHECK_EQ(sectors, SECTORS);
	CHECK(unlink("first_touch") == 0);
	return 0;
}
