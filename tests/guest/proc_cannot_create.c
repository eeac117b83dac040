/*
 * Nothing can be made in /proc: the name is not found, whoever asks, before anybody asks whether he
 * may write. In /sys the name is looked up and found missing, and then rights are asked for.
 */
#include "check.h"
#include <sys/mount.h>
#include <sys/sysmacros.h>

static void check_making_in_proc(void)
{
	CHECK_ERRNO(mkdir("/proc/new", 0755), ENOENT);
	CHECK_ERRNO(mkdir("/proc/new/", 0755), ENOENT);
	CHECK_ERRNO(open("/proc/new", O_CREAT | O_WRONLY, 0644), ENOENT);
	CHECK_ERRNO(open("/proc/new", O_CREAT | O_EXCL | O_WRONLY, 0644), ENOENT);
	CHECK_ERRNO(mknod("/proc/new", S_IFREG | 0600, 0), ENOENT);
	CHECK_ERRNO(mknod("/proc/new", S_IFIFO | 0600, 0), ENOENT);
	CHECK_ERRNO(mknod("/proc/new", S_IFCHR | 0600, makedev(1, 3)), ENOENT);
	CHECK_ERRNO(symlink("x", "/proc/new"), ENOENT);
	CHECK_ERRNO(link("/proc/version", "/proc/new"), ENOENT);
	CHECK_ERRNO(link("/etc", "/proc/new"), ENOENT);
	CHECK_ERRNO(mkdir("/proc/self/new", 0755), ENOENT);
	CHECK_ERRNO(mkdir("/proc/999999", 0755), ENOENT);
	CHECK_ERRNO(symlink("x", "/proc/self/task/new"), ENOENT);
	CHECK_ERRNO(open("/proc/self/fd/new", O_CREAT | O_WRONLY, 0644), ENOENT);
	CHECK_ERRNO(mkdir("/proc/self/fdinfo/new", 0755), ENOENT);
	CHECK_ERRNO(mkdir("/proc/sys/kernel/new", 0755), ENOENT);
	CHECK_ERRNO(mkdir("/proc/sys/new", 0755), ENOENT);
	CHECK_ERRNO(rename("/proc/version", "/proc/new"), ENOENT);
	CHECK_ERRNO(rename("/proc/new", "/proc/newer"), ENOENT);
	CHECK_ERRNO(rename("/proc/sys", "/proc/self/new"), ENOENT);
	CHECK_ERRNO(rename("file", "/proc/new"), EXDEV);
	CHECK_ERRNO(mkdir("/proc/version", 0755), EEXIST);
	CHECK_ERRNO(symlink("x", "/proc/self"), EEXIST);
	CHECK_ERRNO(mkdir("/proc/version/new", 0755), ENOTDIR);
	CHECK_ERRNO(unlink("/proc/new"), ENOENT);
	CHECK_ERRNO(rmdir("/proc/new"), ENOENT);
}

static void check_removing_in_proc(int refused)
{
	CHECK_ERRNO(unlink("/proc/version"), refused);
	CHECK_ERRNO(rmdir("/proc/sys"), refused);
	CHECK_ERRNO(rename("/proc/version", "/proc/stat"), refused);
}

/* `refused`: what who may write to every directory hears, or who may not. */
static void check_sys(int refused)
{
	CHECK_ERRNO(mkdir("/sys/new", 0755), refused);
	CHECK_ERRNO(mkdir("/sys/devices/new", 0755), refused);
	CHECK_ERRNO(open("/sys/new", O_CREAT | O_WRONLY, 0644), EACCES);
	CHECK_ERRNO(open("/sys/devices/new", O_CREAT | O_WRONLY, 0644), EACCES);
	CHECK_ERRNO(mknod("/sys/new", S_IFIFO | 0600, 0), refused);
	CHECK_ERRNO(mknod("/sys/new", S_IFCHR | 0600, makedev(1, 3)), refused);
	CHECK_ERRNO(symlink("x", "/sys/new"), refused);
	CHECK_ERRNO(link("/sys/devices/system/cpu/online", "/sys/new"), EPERM);
	CHECK_ERRNO(link("/etc", "/sys/new"), EXDEV);
	CHECK_ERRNO(rename("/sys/block", "/sys/new"), refused);
	CHECK_ERRNO(rename("/sys/new", "/sys/newer"), ENOENT);
	CHECK_ERRNO(rename("file", "/sys/new"), EXDEV);
	CHECK_ERRNO(mkdir("/sys/block", 0755), EEXIST);
	CHECK_ERRNO(unlink("/sys/devices/system/cpu/online"), refused);
	CHECK_ERRNO(rmdir("/sys/block"), refused);
	CHECK_ERRNO(unlink("/sys/new"), ENOENT);
}

/* A mount that may only be read is asked after the name in /proc, too. */
static void check_read_only(void)
{
	CHECK(mkdir("proc", 0755) == 0);
	CHECK(mount("none", "proc", "proc", MS_RDONLY, NULL) == 0);
	CHECK_ERRNO(access("proc/version", W_OK), EROFS);
	CHECK_ERRNO(mkdir("proc/new", 0755), ENOENT);
	CHECK_ERRNO(open("proc/new", O_CREAT | O_WRONLY, 0644), ENOENT);
	CHECK_ERRNO(mkdir("proc/version", 0755), EEXIST);
	CHECK(umount("proc") == 0);
}

int main(void)
{
	struct stat status;
	pid_t child;

	CHECK(close(open("file", O_CREAT | O_WRONLY, 0644)) == 0);
	check_making_in_proc();
	check_removing_in_proc(EPERM);
	check_sys(EPERM);
	CHECK(stat("/sys", &status) == 0 && (status.st_mode & 07777) == 0555);
	CHECK(stat("/sys/devices", &status) == 0 && (status.st_mode & 07777) == 0755);
	check_read_only();
	CHECK(chmod(".", 0777) == 0);
	child = fork();
	if (child == 0) {
		CHECK(setgroups(0, NULL) == 0);
		CHECK(setgid(OTHER_GID) == 0);
		CHECK(setuid(OTHER_UID) == 0);
		check_making_in_proc();
		check_removing_in_proc(EACCES);
		check_sys(EACCES);
		_exit(0);
	}
	CHECK(wait_exit_status(child) == 0);
	return 0;
}
