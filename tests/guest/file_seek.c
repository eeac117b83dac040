/*
 * lseek and _llseek: three origins, beyond the end, 64-bit offsets, overflow, and what cannot seek.
 */
#include "check.h"

int main(void)
{
	int64_t result;
	char byte;
	int fd, fds[2];

	enter_disk_directory();
	make_pattern_file("file", 1000);
	fd = MUST(open("file", O_RDWR | O_LARGEFILE));
	CHECK_EQ(lseek(fd, 100, SEEK_SET), 100);
	CHECK_EQ(lseek(fd, -30, SEEK_CUR), 70);
	CHECK_EQ(read(fd, &byte, 1), 1);
	CHECK_EQ(byte, pattern_byte(70));
	CHECK_EQ(lseek(fd, -1, SEEK_END), 999);
	CHECK_EQ(lseek(fd, 5000, SEEK_END), 6000);
	CHECK_EQ(read(fd, &byte, 1), 0);
	CHECK_ERRNO(lseek(fd, -1, SEEK_SET), EINVAL);
	CHECK_ERRNO(lseek(fd, -7000, SEEK_CUR), EINVAL);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 6000);
	CHECK_ERRNO(lseek(fd, 0, 99), EINVAL);

	CHECK_EQ(raw_syscall(SYS__llseek, fd, 1, 5, &result, SEEK_SET), 0);
	CHECK_EQ(result, (1LL << 32) + 5);
	CHECK_EQ(raw_syscall(SYS__llseek, fd, -1, -5, &result, SEEK_CUR), 0);
	CHECK_EQ(result, 1LL << 32);
	/* A 64-bit Linux cuts the result off instead. */
	long narrow = raw_syscall(SYS_lseek, fd, 0, SEEK_CUR);

	CHECK(narrow == -EOVERFLOW || narrow == 0);
	CHECK_EQ(raw_syscall(SYS__llseek, fd, 0x80000000, 0, &result, SEEK_SET), -EINVAL);

	/* Without O_LARGEFILE a file cannot be made longer than 2 GiB. */
	int small = MUST(open("file", O_RDWR));

	fcntl(small, F_GETFL);
	if (!(fcntl(small, F_GETFL) & 0100000))
		CHECK_ERRNO(pwrite64(small, "x", 1, 0x7fffffffLL), EFBIG);
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_EQ(lseek64(fd, 0, SEEK_END), (1LL << 32) + 1);
	CHECK_ERRNO(open("file", O_RDONLY | O_APPEND | O_NOFOLLOW), EOVERFLOW);
	CHECK(unlink("file") == 0);

	CHECK(pipe(fds) == 0);
	CHECK_ERRNO(lseek(fds[0], 0, SEEK_CUR), ESPIPE);
	fd = MUST(open("/dev/null", O_RDONLY));
	CHECK_EQ(lseek(fd, 50, SEEK_SET), 0);
	return 0;
}
