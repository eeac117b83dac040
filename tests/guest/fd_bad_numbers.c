/* Calls on descriptors that are not open give EBADF; on one opened the other way, too. */
#include "check.h"
#include <dirent.h>
#include <sys/ioctl.h>

static void check_all(int fd)
{
	struct iovec part = { "x", 1 };
	struct stat status;
	char byte;
	int value;

	CHECK_ERRNO(read(fd, &byte, 1), EBADF);
	CHECK_ERRNO(write(fd, &byte, 1), EBADF);
	CHECK_ERRNO(pread(fd, &byte, 1, 0), EBADF);
	CHECK_ERRNO(pwrite(fd, &byte, 1, 0), EBADF);
	CHECK_ERRNO(readv(fd, &part, 1), EBADF);
	CHECK_ERRNO(writev(fd, &part, 1), EBADF);
	CHECK_ERRNO(lseek(fd, 0, SEEK_SET), EBADF);
	CHECK_ERRNO(lseek64(fd, 0, SEEK_SET), EBADF);
	CHECK_ERRNO(fstat(fd, &status), EBADF);
	CHECK_ERRNO(fsync(fd), EBADF);
	CHECK_ERRNO(fdatasync(fd), EBADF);
	CHECK_ERRNO(ftruncate(fd, 0), EBADF);
	CHECK_ERRNO(fchmod(fd, 0), EBADF);
	CHECK_ERRNO(fchown(fd, 0, 0), EBADF);
	CHECK_ERRNO(fchdir(fd), EBADF);
	CHECK_ERRNO(fcntl(fd, F_GETFL), EBADF);
	CHECK_ERRNO(ioctl(fd, FIONREAD, &value), EBADF);
	CHECK_ERRNO(dup(fd), EBADF);
	CHECK_ERRNO(close(fd), EBADF);
	CHECK_EQ(raw_syscall(SYS_getdents64, fd, &status, sizeof(status)), -EBADF);
}

int main(void)
{
	char byte;

	check_all(-1);
	check_all(999);
	check_all(0x7fffffff);
	make_file("file", "x");
	int reading = MUST(open("file", O_RDONLY));
	int writing = MUST(open("file", O_WRONLY));

	CHECK_ERRNO(write(reading, "y", 1), EBADF);
	CHECK_ERRNO(read(writing, &byte, 1), EBADF);
	CHECK_ERRNO(ftruncate(reading, 0), EINVAL);
	CHECK(close(reading) == 0);
	CHECK_ERRNO(close(reading), EBADF);
	return 0;
}
