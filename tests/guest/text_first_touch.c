/*
 * Four processes touch the pages of one file at the same moment, each for the first time: all get
 * the same frames, with the right contents.
 */
#include "check.h"

#define PROCESSES 4
#define PAGES 64

int main(void)
{
	pid_t pids[PROCESSES];
	uint64_t *frames = shared_memory(PROCESSES * PAGES * sizeof(*frames));
	struct gate ready = gate_create(), start = gate_create();
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
	for (int i = 0; i < PROCESSES; i++)
		gate_open(&start);
	for (int i = 0; i < PROCESSES; i++)
		CHECK(wait_exit_status(pids[i]) == 0);
	for (int page = 0; page < PAGES; page++) {
		CHECK(frames[page] != 0);
		for (int i = 1; i < PROCESSES; i++)
			CHECK_EQ(frames[i * PAGES + page], frames[page]);
	}
	CHECK(unlink("first_touch") == 0);
	return 0;
}
