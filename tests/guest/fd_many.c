/*
 * Thousands of descriptors at once: the table grows, numbers are the lowest free, all close again.
 */
#include "check.h"

#define COUNT 4000

int main(void)
{
	struct rlimit limit = { COUNT + 100, COUNT + 100 };
	int first;

	close_inherited();
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	first = MUST(open("/dev/null", O_RDONLY));
	for (int i = 1; i < COUNT; i++)
		CHECK_EQ(i % 2 ? dup(first) : open("/dev/null", O_RDONLY), first + i);
	for (int i = 7; i < COUNT; i += 100)
		CHECK(close(first + i) == 0);
	for (int i = 7; i < COUNT; i += 100)
		CHECK_EQ(dup(first), first + i);

	pid_t child = FORK();

	if (child == 0) {
		for (int i = 0; i < COUNT; i++)
			CHECK(close(first + i) == 0);
		CHECK_EQ(open("/dev/null", O_RDONLY), first);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(fcntl(first + COUNT - 1, F_GETFD), 0);
	return 0;
}
