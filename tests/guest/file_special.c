/* mknod for FIFOs and devices; /dev/null, zero, full, random do what they do. */
#include "check.h"
#include <sys/sysmacros.h>

int main(void)
{
	char buffer[256];
	struct stat status;
	int fd, zeros = 0;

	umask(0);
	CHECK(mknod("null", S_IFCHR | 0644, makedev(1, 3)) == 0);
	CHECK(stat("null", &status) == 0);
	CHECK(S_ISCHR(status.st_mode));
	CHECK_EQ(status.st_rdev, makedev(1, 3));
	CHECK(mknod("fifo", S_IFIFO | 0600, 0) == 0);
	CHECK(mknod("plain", S_IFREG | 0600, 0) == 0);
	CHECK(stat("plain", &status) == 0 && S_ISREG(status.st_mode));
	CHECK_ERRNO(mknod("directory", S_IFDIR | 0755, 0), EPERM);
	CHECK_ERRNO(mknod("plain", S_IFREG | 0600, 0), EEXIST);

	fd = MUST(open("/dev/null", O_RDWR));
	CHECK_EQ(read(fd, buffer, sizeof(buffer)), 0);
	CHECK_EQ(write(fd, buffer, sizeof(buffer)), sizeof(buffer));
	fd = MUST(open("/dev/zero", O_RDWR));
	memset(buffer, 1, sizeof(buffer));
	CHECK_EQ(read(fd, buffer, sizeof(buffer)), sizeof(buffer));
	for (size_t i = 0; i < sizeof(buffer); i++)
		CHECK_EQ(buffer[i], 0);
	char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	CHECK(map != MAP_FAILED);
	CHECK_EQ(map[5], 0);
	map[5] = 1;
	if ((fd = open("/dev/full", O_RDWR)) >= 0)
		CHECK_ERRNO(write(fd, "x", 1), ENOSPC);
	fd = MUST(open("/dev/urandom", O_RDONLY));
	CHECK_EQ(read(fd, buffer, sizeof(buffer)), sizeof(buffer));
	for (size_t i = 0; i < sizeof(buffer); i++)
		zeros += buffer[i] == 0;
	CHECK(zeros < 16);
	CHECK_EQ(syscall(SYS_getrandom, buffer, 16, 0), 16);
	CHECK_ERRNO(open("/dev/missing", O_RDONLY), ENOENT);
	return 0;
}
