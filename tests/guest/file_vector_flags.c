/* preadv2() and pwritev2(): offset -1 means the position; RWF_APPEND, RWF_SYNC; others refused. */
#include "check.h"

#ifndef RWF_APPEND
#define RWF_APPEND 0x10
#endif

int main(void)
{
	char first[4], second[4];
	struct iovec parts[2] = { { first, 4 }, { second, 4 } };
	struct iovec text = { (char *)"XY", 2 };
	int fd, fds[2];

	make_file("file", "0123456789");
	fd = MUST(open("file", O_RDWR));
	CHECK_EQ(preadv2(fd, parts, 2, 1, 0), 8);
	CHECK(memcmp(first, "1234", 4) == 0 && memcmp(second, "5678", 4) == 0);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 0);
	CHECK_EQ(preadv2(fd, parts, 1, -1, 0), 4);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 4);
	CHECK_ERRNO(preadv2(fd, parts, 1, -2, 0), EINVAL);
	CHECK_ERRNO(preadv2(fd, parts, 1, 0, 0x10000), EOPNOTSUPP);
	CHECK_EQ(preadv2(fd, parts, 1, 0, RWF_HIPRI), 4);
	CHECK_EQ(pwritev2(fd, &text, 1, -1, RWF_SYNC), 2);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 6);
	CHECK_EQ(pwritev2(fd, &text, 1, 0, RWF_DSYNC), 2);
	/* The end, whatever the offset; the position moves only if it was asked to. */
	CHECK_EQ(pwritev2(fd, &text, 1, 0, RWF_APPEND), 2);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 6);
	CHECK(file_has_text("file", "XY23XY6789XY"));
	CHECK_EQ(pwritev2(fd, &text, 1, -1, RWF_APPEND), 2);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 14);
	CHECK(file_has_text("file", "XY23XY6789XYXY"));
	CHECK(pipe(fds) == 0);
	CHECK_EQ(pwritev2(fds[1], &text, 1, -1, 0), 2);
	CHECK_ERRNO(pwritev2(fds[1], &text, 1, 0, 0), ESPIPE);
	CHECK_EQ(preadv2(fds[0], parts, 1, -1, 0), 2);
	CHECK_ERRNO(preadv2(-1, parts, 1, -1, 0x10000), EBADF);
	CHECK_ERRNO(preadv2(fds[1], parts, 1, -1, 0x10000), EBADF);
	return 0;
}
