/* stat in its three layouts (18, 106, 195), fstat, statx: the fields agree and say the truth. */
#include "check.h"
#include <sys/sysmacros.h>

/* Linux's struct stat of call 106, and struct __old_kernel_stat of call 18. */
struct stat_106 {
	uint32_t device, inode;
	uint16_t mode, links, uid, gid;
	uint32_t real_device, size, block_size, blocks;
	uint32_t access, access_ns, modify, modify_ns, change, change_ns, unused[2];
};

struct stat_18 {
	uint16_t device, inode, mode, links, uid, gid, real_device;
	uint32_t size, access, modify, change;
};

int main(void)
{
	struct stat64 status, other;
	struct stat_106 middle;
	struct stat_18 old;
	struct statx extended;
	int fd;

	enter_disk_directory();
	make_pattern_file("file", 10000);
	CHECK(chown("file", 77, 78) == 0);
	CHECK(chmod("file", 0641) == 0);
	CHECK(link("file", "second") == 0);
	CHECK(stat64("file", &status) == 0);
	CHECK_EQ(status.st_size, 10000);
	CHECK_EQ(status.st_mode, S_IFREG | 0641);
	CHECK_EQ(status.st_nlink, 2);
	CHECK_EQ(status.st_uid, 77);
	CHECK_EQ(status.st_gid, 78);
	CHECK(status.st_ino != 0);
	CHECK(status.st_blksize >= 512);
	CHECK_EQ(status.st_rdev, 0);
	CHECK(llabs((long long)status.st_mtime - time(NULL)) < 100);

	fd = MUST(open("file", O_RDONLY));
	CHECK(fsync(fd) == 0);
	CHECK(fstat64(fd, &other) == 0);
	CHECK_EQ(other.st_ino, status.st_ino);
	CHECK_EQ(other.st_dev, status.st_dev);
	CHECK(other.st_blocks * 512 >= 10000 && other.st_blocks < 100);

	CHECK_EQ(raw_syscall(106, "file", &middle), 0);
	CHECK_EQ(middle.size, 10000);
	CHECK_EQ(middle.mode, S_IFREG | 0641);
	CHECK_EQ(middle.links, 2);
	CHECK_EQ(middle.uid, 77);
	CHECK_EQ(middle.inode, (uint32_t)status.st_ino);
	CHECK_EQ(middle.modify, (uint32_t)status.st_mtime);
	CHECK_EQ(raw_syscall(108, fd, &middle), 0);
	CHECK_EQ(middle.gid, 78);

	long result = raw_syscall(18, "file", &old);

	CHECK(result == 0 || result == -EOVERFLOW);	/* numbers of 16 bits */
	if (result == 0)
		CHECK_EQ(old.size, 10000);

	CHECK(statx(AT_FDCWD, "file", 0, STATX_BASIC_STATS, &extended) == 0);
	CHECK_EQ(extended.stx_mask & STATX_BASIC_STATS, STATX_BASIC_STATS);
	CHECK_EQ(extended.stx_size, 10000);
	CHECK_EQ(extended.stx_mode, S_IFREG | 0641);
	CHECK_EQ(extended.stx_nlink, 2);
	CHECK_EQ(extended.stx_ino, status.st_ino);
	CHECK_EQ(makedev(extended.stx_dev_major, extended.stx_dev_minor), status.st_dev);

	CHECK(stat64("/dev/null", &status) == 0);
	CHECK(S_ISCHR(status.st_mode));
	CHECK_EQ(status.st_rdev, makedev(1, 3));
	CHECK(stat64("/dev/zero", &status) == 0);
	CHECK_EQ(status.st_rdev, makedev(1, 5));

	/* A size beyond 2 GiB does not fit the old structures. */
	CHECK(truncate64("file", 3000000000LL) == 0);
	CHECK(stat64("file", &status) == 0);
	CHECK_EQ(status.st_size, 3000000000LL);
	CHECK_EQ(raw_syscall(106, "file", &middle), -EOVERFLOW);
	result = raw_syscall(18, "file", &old);
	CHECK(result == -EOVERFLOW || result == 0);	/* a 64-bit Linux cuts it off */
	CHECK(unlink("file") == 0 && unlink("second") == 0);
	return 0;
}
