/* Nothing can be made in /proc: the name is simply not found. */
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
	CHECK_ERRNO(mkdir("/proc/new", 0755), ENOENT);
	CHECK_ERRNO(open("/proc/new", O_CREAT | O_WRONLY, 0644), ENOENT);
	CHECK_ERRNO(mkdir("/proc/self/new", 0755), ENOENT);
	CHECK_ERRNO(symlink("x", "/proc/self/task/new"), ENOENT);
	CHECK_ERRNO(open("/proc/self/fd/new", O_CREAT | O_WRONLY, 0644), ENOENT);
	CHECK_ERRNO(mkdir("/proc/sys/kernel/new", 0755), ENOENT);
	CHECK_ERRNO(unlink("/proc/version"), EPERM);
	return 0;
}
