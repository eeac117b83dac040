/* pread and pwrite: at their place, the offset stays, 64-bit places, buffers that end in a hole. */
#include "check.h"

int main(void)
{
	char *end = map_page_before_hole();
	char buffer[32];
	int fd;

	enter_disk_directory();
	make_file("file", "0123456789");
	fd = MUST(open("file", O_RDWR | O_LARGEFILE));
	CHECK_EQ(pread(fd, buffer, 4, 3), 4);
	CHECK(memcmp(buffer, "3456", 4) == 0);
	CHECK_EQ(pread(fd, buffer, 100 < sizeof(buffer) ? 100 : sizeof(buffer), 8), 2);
	CHECK_EQ(pread(fd, buffer, 4, 10), 0);
	CHECK_EQ(pwrite(fd, "AB", 2, 20), 2);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 0);
	CHECK_EQ(pread(fd, buffer, 22, 0), 22);
	CHECK(memcmp(buffer, "0123456789\0\0\0\0\0\0\0\0\0\0AB", 22) == 0);
	CHECK_ERRNO(pread(fd, buffer, 1, -1), EINVAL);
	CHECK_ERRNO(pwrite(fd, buffer, 1, -1), EINVAL);
	CHECK_EQ(pwrite64(fd, "far", 3, 6LL << 30), 3);
	CHECK_EQ(pread64(fd, buffer, 10, (6LL << 30) + 1), 2);
	CHECK(memcmp(buffer, "ar", 2) == 0);

	/* A buffer that ends in an unmapped page takes what fits, or nothing. */
	ssize_t got = pread(fd, end - 4, 10, 0);

	CHECK(got == 4 || (got == -1 && errno == EFAULT));
	CHECK_ERRNO(pread(fd, end, 10, 0), EFAULT);
	CHECK_ERRNO(pwrite(fd, end, 10, 0), EFAULT);
	CHECK_EQ(pread64(fd, end, 10, 7LL << 30), 0);	/* nothing to copy, nothing to fault */
	CHECK_EQ(pread(fd, buffer, 1, 0), 1);
	CHECK_EQ(buffer[0], '0');
	CHECK(unlink("file") == 0);
	return 0;
}
