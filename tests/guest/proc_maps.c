/* /proc/PID/maps: every region with its protection, offset and name; changes are seen at once. */
#include "check.h"
#include "maps.h"

static int data_word = 5;

int main(void)
{
	struct map_line line;
	char name[PATH_MAX];
	int fd;

	CHECK(map_line_at(getpid(), (void *)(uintptr_t)main, &line));
	CHECK(strncmp(line.protection, "r-xp", 4) == 0);
	CHECK(strstr(line.name, "proc_maps") != NULL);
	CHECK(map_line_at(getpid(), &data_word, &line));
	CHECK(strncmp(line.protection, "rw-p", 4) == 0);
	CHECK(map_line_at(getpid(), &line, &line));
	CHECK(strcmp(line.name, "[stack]") == 0);
	CHECK(map_line_at(getpid(), (char *)sbrk(0) - 1, &line));
	CHECK(strcmp(line.name, "[heap]") == 0);

	make_pattern_file("mapped", 4 * PAGE);
	fd = MUST(open("mapped", O_RDWR));
	char *map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE);

	CHECK(map != MAP_FAILED);
	CHECK(map_line_at(getpid(), map, &line));
	CHECK_EQ(line.start, (uintptr_t)map);
	CHECK_EQ(line.end, (uintptr_t)map + 2 * PAGE);
	CHECK_EQ(line.offset, PAGE);
	CHECK(strncmp(line.protection, "rw-s", 4) == 0);
	CHECK(getcwd(name, sizeof(name) - 10) != NULL);
	strcat(name, "/mapped");
	CHECK(strcmp(line.name, name) == 0);
	CHECK(unlink("mapped") == 0);
	CHECK(map_line_at(getpid(), map, &line));
	strcat(name, " (deleted)");
	CHECK(strcmp(line.name, name) == 0);
	CHECK(munmap(map, 2 * PAGE) == 0);
	CHECK(!map_line_at(getpid(), map, &line));

	char *pages = map_pages(3);

	CHECK(mprotect(pages + PAGE, PAGE, PROT_NONE) == 0);
	CHECK(map_line_at(getpid(), pages + PAGE, &line));
	CHECK(strncmp(line.protection, "---p", 4) == 0);
	CHECK_EQ(line.name[0], '\0');

	/* Another process's, as long as it lives. */
	pid_t child = FORK();

	if (child == 0) {
		for (;;)
			pause();
	}
	CHECK(map_line_at(child, pages + PAGE, &line));
	kill_and_reap(child);
	return 0;
}
