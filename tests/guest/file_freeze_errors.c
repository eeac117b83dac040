/*
 * What cannot be frozen says so (FIFREEZE), what is not frozen cannot be thawed (FITHAW), and file
 * systems in memory know nothing of discarding what is free (FITRIM). All of it is for
 * administrators alone, whatever the file is.
 */
#include "check.h"
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

static void as_a_user(int memory, int disk)
{
	struct fstrim_range range = { .len = UINT64_MAX };
	pid_t child = FORK();

	if (child == 0) {
		CHECK(seteuid(OTHER_UID) == 0);
		CHECK_ERRNO(ioctl(memory, FIFREEZE, 0), EPERM);
		CHECK_ERRNO(ioctl(memory, FITHAW, 0), EPERM);
		CHECK_ERRNO(ioctl(memory, FITRIM, &range), ENOTTY);
		if (disk < 0)
			_exit(0);
		CHECK_ERRNO(ioctl(disk, FIFREEZE, 0), EPERM);
		CHECK_ERRNO(ioctl(disk, FITHAW, 0), EPERM);
		CHECK_ERRNO(ioctl(disk, FITRIM, &range), EPERM);
		CHECK_ERRNO(ioctl(disk, FITRIM, NULL), EPERM);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
}

static void cannot_freeze(int fd)
{
	CHECK_ERRNO(ioctl(fd, FIFREEZE, 0), EOPNOTSUPP);
	CHECK_ERRNO(ioctl(fd, FITHAW, 0), EINVAL);
	CHECK_ERRNO(ioctl(fd, FITRIM, NULL), ENOTTY);
}

int main(void)
{
	const char *folder = getenv("TEST_DISK_DIR");
	struct fstrim_range range = { .len = UINT64_MAX };
	int memory, disk = -1, fds[2];

	if (folder)
		disk = MUST(open(folder, O_RDONLY));
	CHECK(mkdir("memory", 0755) == 0);
	CHECK(mount("none", "memory", "tmpfs", 0, NULL) == 0);
	memory = MUST(open("memory", O_RDONLY));
	as_a_user(memory, disk);
	cannot_freeze(memory);
	CHECK(close(memory) == 0);
	memory = MUST(open("memory/file", O_CREAT | O_RDWR, 0600));
	cannot_freeze(memory);
	CHECK(close(memory) == 0);
	CHECK(pipe(fds) == 0);
	cannot_freeze(fds[0]);
	if (disk >= 0) {
		CHECK_ERRNO(ioctl(disk, FITHAW, 0), EINVAL);
		/* There are disks that can discard. */
		if (ioctl(disk, FITRIM, &range) != 0)
			CHECK_EQ(errno, EOPNOTSUPP);
	}
	fds[0] = MUST(open(".", O_PATH));
	CHECK_ERRNO(ioctl(fds[0], FIFREEZE, 0), EBADF);
	CHECK(umount("memory") == 0);
	return 0;
}
