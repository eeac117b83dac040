/*
 * A write through a shared map is seen at once by read() and other maps, and the other way round.
 */
#include "check.h"

int main(void)
{
	char byte;
	int fd;

	enter_disk_directory();
	make_pattern_file("mapped", 3 * PAGE);
	fd = MUST(open("mapped", O_RDWR));

	char *one = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *two = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, PAGE);

	CHECK(one != MAP_FAILED && two != MAP_FAILED);
	one[PAGE + 5] = 'A';
	CHECK_EQ(two[5], 'A');
	CHECK_EQ(pread(fd, &byte, 1, PAGE + 5), 1);
	CHECK_EQ(byte, 'A');
	CHECK_EQ(pwrite(fd, "B", 1, 2 * PAGE), 1);
	CHECK_EQ(one[2 * PAGE], 'B');
	CHECK_EQ(two[PAGE], 'B');

	pid_t child = FORK();

	if (child == 0) {
		one[7] = 'C';
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(one[7], 'C');
	CHECK(unlink("mapped") == 0);
	return 0;
}
