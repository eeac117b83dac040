/* test: timeout=60
 * Open files of /proc cost the kernel next to nothing, however long their text is: a process with a
 * megabyte of arguments, or with tens of thousands of regions, holds hundreds of them half read.
 */
#include "check.h"
#include <sys/sysinfo.h>

enum { FILES = 900, ARGUMENTS = 8, LENGTH = 120000, REGIONS = 20000 };

static size_t free_memory(void)
{
	struct sysinfo info;

	CHECK(sysinfo(&info) == 0);
	return (size_t)info.freeram * info.mem_unit;
}

/* One byte of each of many open descriptions, all held until the memory was looked at. */
static void hold_many(const char *path)
{
	static int fds[FILES];
	size_t before = free_memory(), after;
	char byte;

	for (int i = 0; i < FILES; i++) {
		fds[i] = open(path, O_RDONLY | O_CLOEXEC);
		CHECK(fds[i] >= 0);
		CHECK_EQ(read(fds[i], &byte, 1), 1);
	}
	after = free_memory();
	if (before > after && before - after > 24u << 20)
		FAIL("%s: %d half-read files took %zu KiB", path, FILES, (before - after) / 1024);
	for (int i = 0; i < FILES; i++)
		CHECK(close(fds[i]) == 0);
}

/* The text arrives whole all the same, in pieces of an odd size. */
static void read_arguments(const char *path, char first)
{
	static char piece[5001];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t place = 0;
	ssize_t got;

	CHECK(fd >= 0);
	while ((got = read(fd, piece, sizeof(piece))) > 0) {
		for (ssize_t i = 0; i < got; i++, place++) {
			size_t in_argument = place % LENGTH;
			char wanted = (char)(first + place / LENGTH);

			CHECK_EQ(piece[i], in_argument == LENGTH - 1 ? '\0' : wanted);
		}
	}
	CHECK_EQ(got, 0);
	CHECK_EQ(place, (size_t)ARGUMENTS * LENGTH);
	CHECK_EQ(pread(fd, piece, 10, 3 * LENGTH - 3), 10);
	CHECK(memcmp(piece,
		     (char[10]){ first + 2, first + 2, 0, first + 3, first + 3, first + 3,
				 first + 3, first + 3, first + 3, first + 3 },
		     10) == 0);
	CHECK_EQ(pread(fd, piece, 10, ARGUMENTS * LENGTH), 0);
	CHECK_EQ(pread(fd, piece, 10, (off_t)INT32_MAX), 0);
	CHECK(close(fd) == 0);
}

static void make_strings(char **strings, char first)
{
	for (int i = 0; i < ARGUMENTS; i++) {
		strings[i] = malloc(LENGTH);
		CHECK(strings[i] != NULL);
		memset(strings[i], first + i, LENGTH - 1);
		strings[i][LENGTH - 1] = '\0';
	}
}

int main(int argc, char **argv)
{
	static char *arguments[ARGUMENTS + 1], *environment[ARGUMENTS + 1];
	char *window;

	if (argv[0][0] != 'A') {
		(void)argc;
		make_strings(arguments, 'A');
		make_strings(environment, 'a');
		execve("/proc/self/exe", arguments, environment);
		FAIL("execve");
	}
	read_arguments("/proc/self/cmdline", 'A');
	read_arguments("/proc/self/environ", 'a');
	hold_many("/proc/self/cmdline");
	hold_many("/proc/self/environ");

	window = mmap(NULL, REGIONS * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(window != MAP_FAILED);
	for (int page = 1; page < REGIONS; page += 2)
		CHECK(mprotect(window + page * PAGE, PAGE, PROT_NONE) == 0);
	hold_many("/proc/self/maps");
	hold_many("/proc/self/smaps");
	return 0;
}
