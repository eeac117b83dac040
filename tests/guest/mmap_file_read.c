/* Ten pages of a file mapped at offset 0, and ten at offset 2 pages: the same bytes as read(). */
#include "check.h"

#define SIZE (10 * PAGE)
#define FILE_SIZE (12 * PAGE)

int main(void)
{
	static char contents[FILE_SIZE];
	int fd;

	enter_disk_directory();
	make_pattern_file("mapped", FILE_SIZE);
	fd = MUST(open("mapped", O_RDONLY));
	CHECK_EQ(read(fd, contents, FILE_SIZE), FILE_SIZE);

	char *whole = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
	char *later = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 2 * PAGE);

	CHECK(whole != MAP_FAILED);
	CHECK(later != MAP_FAILED);
	CHECK(close(fd) == 0);
	CHECK(memcmp(whole, contents, SIZE) == 0);
	CHECK(memcmp(later, contents + 2 * PAGE, SIZE) == 0);
	for (int i = 0; i < SIZE; i++) {
		CHECK_EQ(whole[i], pattern_byte(i));
		CHECK_EQ(later[i], pattern_byte(2 * PAGE + i));
	}
	CHECK(unlink("mapped") == 0);
	CHECK_EQ(whole[SIZE - 1], pattern_byte(SIZE - 1));
	return 0;
}
