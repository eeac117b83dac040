/* What is written to a private map is seen there alone: not by read(), other maps, or the file. */
#include "check.h"

int main(void)
{
	char byte;
	int fd;

	enter_disk_directory();
	make_pattern_file("mapped", 2 * PAGE);
	fd = MUST(open("mapped", O_RDWR));

	char *one = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	char *two = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	char *shared = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);

	CHECK(one != MAP_FAILED && two != MAP_FAILED && shared != MAP_FAILED);
	one[10] = 'A';
	two[10] = 'B';
	CHECK_EQ(one[10], 'A');
	CHECK_EQ(two[10], 'B');
	CHECK_EQ(one[11], pattern_byte(11));
	CHECK_EQ(shared[10], pattern_byte(10));
	CHECK_EQ(pread(fd, &byte, 1, 10), 1);
	CHECK_EQ(byte, pattern_byte(10));

	/* A page not yet copied still follows the file. */
	CHECK_EQ(pwrite(fd, "n", 1, PAGE), 1);
	CHECK_EQ(one[PAGE], 'n');

	/* A private map may be written although the file is open for reading only. */
	int reading = MUST(open("mapped", O_RDONLY));
	char *three = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, reading, 0);

	CHECK(three != MAP_FAILED);
	three[0] = 'C';
	CHECK_EQ(shared[0], pattern_byte(0));
	CHECK(unlink("mapped") == 0);
	return 0;
}
