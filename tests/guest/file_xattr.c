/*
 * Extended attributes of a file system that has none (/proc): which error comes first, in all
 * twelve calls.
 */
#include "check.h"
#include <sys/xattr.h>

#define FILE_PATH "/proc/version"

/* Not known to the compiler, who warns of them. */
static void *volatile bad_pointer = (void *)1;

static void names(void)
{
	char name[300];

	memset(name, 'n', sizeof(name));
	memcpy(name, "user.", 5);
	name[256] = '\0';
	/* The file comes first. Newer kernels look at the name before. */
	CHECK_ERRNO(getxattr("nowhere", "user.x", NULL, 0), ENOENT);
	CHECK_ERRNO(setxattr("nowhere", "user.x", "value", 5, 0), ENOENT);
	CHECK_ERRNO(listxattr("nowhere", NULL, 0), ENOENT);
	CHECK_ERRNO(getxattr(FILE_PATH, "", NULL, 0), ERANGE);
	CHECK_ERRNO(getxattr(FILE_PATH, name, NULL, 0), ERANGE);
	CHECK_ERRNO(getxattr(FILE_PATH, bad_pointer, NULL, 0), EFAULT);
	CHECK_ERRNO(removexattr(FILE_PATH, ""), ERANGE);
	CHECK_ERRNO(setxattr(FILE_PATH, "", NULL, 0, 4), EINVAL);
	CHECK_ERRNO(setxattr(FILE_PATH, "", bad_pointer, 65537, 0), ERANGE);
	CHECK_ERRNO(setxattr(FILE_PATH, "user.x", bad_pointer, 65537, 0), E2BIG);
	CHECK_ERRNO(setxattr(FILE_PATH, "user.x", bad_pointer, 5, 0), EFAULT);
	name[255] = '\0';
	CHECK_ERRNO(getxattr(FILE_PATH, name, NULL, 0), EOPNOTSUPP);
}

static void answers(void)
{
	int fd = MUST(open(FILE_PATH, O_RDONLY));
	int path = MUST(open(FILE_PATH, O_PATH));
	char value[64];

	CHECK_ERRNO(setxattr(FILE_PATH, "user.x", "value", 5, 0), EOPNOTSUPP);
	CHECK_ERRNO(lsetxattr(FILE_PATH, "user.x", "value", 5, XATTR_CREATE), EOPNOTSUPP);
	CHECK_ERRNO(fsetxattr(fd, "user.x", "value", 5, XATTR_REPLACE), EOPNOTSUPP);
	CHECK_ERRNO(getxattr(FILE_PATH, "user.x", value, sizeof(value)), EOPNOTSUPP);
	CHECK_ERRNO(lgetxattr(FILE_PATH, "trusted.x", value, sizeof(value)), EOPNOTSUPP);
	CHECK_ERRNO(fgetxattr(fd, "user.x", value, sizeof(value)), EOPNOTSUPP);
	CHECK_ERRNO(getxattr(FILE_PATH, "system.posix_acl_access", value, sizeof(value)),
		    EOPNOTSUPP);
	CHECK_EQ(listxattr(FILE_PATH, value, sizeof(value)), 0);
	CHECK_EQ(llistxattr(FILE_PATH, value, sizeof(value)), 0);
	CHECK_EQ(flistxattr(fd, value, sizeof(value)), 0);
	CHECK_ERRNO(removexattr(FILE_PATH, "user.x"), EOPNOTSUPP);
	CHECK_ERRNO(lremovexattr(FILE_PATH, "user.x"), EOPNOTSUPP);
	CHECK_ERRNO(fremovexattr(fd, "user.x"), EOPNOTSUPP);
	CHECK_ERRNO(fgetxattr(path, "user.x", value, sizeof(value)), EBADF);
	CHECK_ERRNO(flistxattr(-1, value, sizeof(value)), EBADF);
	/* Links and devices may have none of the user's. */
	CHECK_ERRNO(lgetxattr("/proc/self", "user.x", value, sizeof(value)), ENODATA);
	CHECK_ERRNO(lsetxattr("/proc/self", "user.x", "value", 5, 0), EPERM);
	close(fd);
	close(path);
}

static void as_user(void)
{
	char value[64];

	CHECK_ERRNO(getxattr(FILE_PATH, "trusted.x", value, sizeof(value)), ENODATA);
	CHECK_ERRNO(setxattr(FILE_PATH, "trusted.x", "value", 5, 0), EPERM);
	CHECK_ERRNO(setxattr(FILE_PATH, "user.x", "value", 5, 0), EACCES);
}

int main(void)
{
	names();
	answers();
	run_as(OTHER_UID, as_user);
	return 0;
}
