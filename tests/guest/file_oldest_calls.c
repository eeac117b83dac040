/* readdir (89), ustat (62), sysfs (135), oldolduname (59). */
#include "check.h"
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>

struct old_entry {
	uint32_t inode, position;
	uint16_t length;
	char name[260];
} __attribute__((packed));

static void one_entry_at_a_time(void)
{
	struct old_entry entry;
	struct stat status;
	int dots = 0, files = 0;
	long got;

	CHECK(mkdir("some", 0755) == 0);
	make_file("some/a-file", "x");
	make_file("some/b", "x");
	int fd = MUST(open("some", O_RDONLY | O_DIRECTORY));

	while ((got = raw_syscall(SYS_readdir, fd, &entry, 1)) == 1) {
		CHECK_EQ(strlen(entry.name), entry.length);
		if (entry.name[0] == '.') {
			dots++;
			continue;
		}
		char path[300];

		snprintf(path, sizeof(path), "some/%s", entry.name);
		CHECK(stat(path, &status) == 0);
		CHECK_EQ(entry.inode, (uint32_t)status.st_ino);
		files++;
	}
	CHECK_EQ(got, 0);
	CHECK_EQ(dots, 2);
	CHECK_EQ(files, 2);
	CHECK_EQ(raw_syscall(SYS_readdir, -1, &entry, 1), -EBADF);
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	CHECK_EQ(raw_syscall(SYS_readdir, fd, NULL, 1), -EFAULT);
	close(fd);
	fd = MUST(open("some/b", O_RDONLY));
	CHECK_EQ(raw_syscall(SYS_readdir, fd, &entry, 1), -ENOTDIR);
	close(fd);
}

static void by_device(void)
{
	struct { int32_t blocks; uint32_t inodes; char names[12]; } figures;
	struct statfs fs;
	struct stat status;

	memset(&figures, 'x', sizeof(figures));
	CHECK(stat("/proc", &status) == 0);
	CHECK_EQ(raw_syscall(SYS_ustat, (long)status.st_dev, &figures), 0);
	CHECK(statfs("/proc", &fs) == 0);
	CHECK_EQ(figures.blocks, fs.f_bfree);
	CHECK_EQ(figures.inodes, fs.f_ffree);
	for (int i = 0; i < 12; i++)
		CHECK_EQ(figures.names[i], 0);
	CHECK_EQ(raw_syscall(SYS_ustat, 0xfff12, &figures), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_ustat, (long)status.st_dev, NULL), -EFAULT);
}

static void kinds(void)
{
	char name[64];
	long count = raw_syscall(SYS_sysfs, 3), index = raw_syscall(SYS_sysfs, 1, "proc");

	if (count == -ENOSYS)
		return;
	CHECK(count > 3);
	CHECK(index >= 0 && index < count);
	CHECK_EQ(raw_syscall(SYS_sysfs, 2, index, name), 0);
	CHECK(!strcmp(name, "proc"));
	CHECK_EQ(raw_syscall(SYS_sysfs, 2, count, name), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_sysfs, 2, index, NULL), -EFAULT);
	CHECK_EQ(raw_syscall(SYS_sysfs, 1, "no such thing"), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_sysfs, 1, NULL), -EFAULT);
	CHECK_EQ(raw_syscall(SYS_sysfs, 4, 0, 0), -EINVAL);
}

static void first_uname(void)
{
	char old[5][9];
	struct utsname now;

	memset(old, 'x', sizeof(old));
	CHECK(uname(&now) == 0);
	CHECK_EQ(raw_syscall(SYS_oldolduname, old), 0);
	CHECK(!strncmp(old[0], now.sysname, 8) && !strncmp(old[1], now.nodename, 8));
	CHECK(!strncmp(old[2], now.release, 8) && !strncmp(old[3], now.version, 8));
	CHECK(!strncmp(old[4], now.machine, 8));
	for (int i = 0; i < 5; i++)
		CHECK_EQ(old[i][8], 0);
	CHECK_EQ(raw_syscall(SYS_oldolduname, NULL), -EFAULT);
}

int main(void)
{
	one_entry_at_a_time();
	by_device();
	kinds();
	first_uname();
	return 0;
}
