/* readv and writev: order, short ends, empty parts, too many parts, sums that wrap, bad parts. */
#include "check.h"

int main(void)
{
	static struct iovec many[1025];
	char one[4], two[6], three[10], *end = map_page_before_hole();
	struct iovec out[4] = { { "abc", 3 }, { "", 0 }, { "defgh", 5 }, { "ij", 2 } };
	struct iovec in[3] = { { one, 4 }, { two, 6 }, { three, 10 } };
	int fd;

	enter_disk_directory();
	fd = MUST(open("file", O_CREAT | O_RDWR, 0644));
	CHECK_EQ(writev(fd, out, 4), 10);
	CHECK(file_has_text("file", "abcdefghij"));
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(readv(fd, in, 3), 10);
	CHECK(memcmp(one, "abcd", 4) == 0);
	CHECK(memcmp(two, "efghij", 6) == 0);
	CHECK_EQ(readv(fd, in, 3), 0);
	CHECK_EQ(readv(fd, in, 0), 0);
	CHECK_ERRNO(syscall(SYS_readv, fd, in, -1), EINVAL);
	CHECK_ERRNO(readv(fd, many, 1025), EINVAL);
	for (int i = 0; i < 1024; i++)
		many[i] = (struct iovec){ "x", 1 };
	CHECK_EQ(writev(fd, many, 1024), 1024);
	in[0].iov_len = 0x80000000;
	CHECK_ERRNO(readv(fd, in, 1), EINVAL);
	CHECK_ERRNO(readv(fd, (struct iovec *)end, 1), EFAULT);

	/* What comes before a bad part counts. */
	out[2].iov_base = end;
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	ssize_t written = writev(fd, out, 4);

	CHECK(written == 3 || (written == -1 && errno == EFAULT));

	/* At a given place, without moving the offset. */
	CHECK_EQ(lseek(fd, 7, SEEK_SET), 7);
	out[2] = (struct iovec){ "DEFGH", 5 };
	CHECK_EQ(pwritev(fd, out, 4, 100), 10);
	in[0].iov_len = 4;
	CHECK_EQ(preadv(fd, in, 2, 100), 10);
	CHECK(memcmp(two, "EFGHij", 6) == 0);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 7);
	CHECK_ERRNO(preadv(fd, in, 2, -1), EINVAL);
	CHECK(unlink("file") == 0);
	return 0;
}
