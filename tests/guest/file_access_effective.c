/*
 * faccessat2: by the real user, or with AT_EACCESS by the effective one; a symbolic link itself
 * with AT_SYMLINK_NOFOLLOW; a descriptor with AT_EMPTY_PATH.
 */
#include "check.h"

#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

static int access_at(int fd, const char *name, int mode, int flags)
{
	return (int)syscall(SYS_faccessat2, fd, name, mode, flags);
}

static int may(const char *name, int mode, int flags)
{
	return access_at(AT_FDCWD, name, mode, flags);
}

/* As a set-user-id program of root's, started by a user. */
static void user_as_root(void)
{
	CHECK(setresgid(OTHER_GID, 0, 0) == 0);
	CHECK(setresuid(OTHER_UID, 0, 0) == 0);
	CHECK_ERRNO(may("roots", R_OK, 0), EACCES);
	CHECK_ERRNO(may("roots", W_OK, AT_SYMLINK_NOFOLLOW), EACCES);
	CHECK_ERRNO(access("roots", R_OK), EACCES);
	CHECK_ERRNO(may("closed/file", F_OK, 0), EACCES);
	CHECK(may("roots", F_OK, 0) == 0);
	CHECK(may("roots", R_OK | W_OK, AT_EACCESS) == 0);
	CHECK(may("closed/file", F_OK, AT_EACCESS) == 0);
	CHECK_ERRNO(may("roots", X_OK, AT_EACCESS), EACCES);
	CHECK(may("users", R_OK, 0) == 0);
	CHECK(may("users", R_OK, AT_EACCESS) == 0);
	/* The question changes nothing of who asks. */
	CHECK(close(MUST(open("roots", O_RDWR))) == 0);
	CHECK_EQ(geteuid(), 0);
}

/* Root that acts for a user for a while. */
static void root_as_user(void)
{
	CHECK(seteuid(OTHER_UID) == 0);
	CHECK(may("roots", R_OK | W_OK, 0) == 0);
	CHECK(may("closed/file", F_OK, 0) == 0);
	CHECK_ERRNO(may("roots", R_OK, AT_EACCESS), EACCES);
	CHECK_ERRNO(may("closed/file", F_OK, AT_EACCESS), EACCES);
	CHECK(may("users", R_OK | W_OK, AT_EACCESS) == 0);
	CHECK_ERRNO(open("roots", O_RDONLY), EACCES);
	CHECK(seteuid(0) == 0);
	CHECK(may("roots", R_OK, AT_EACCESS) == 0);
}

/* The groups: real and effective one apart as well. */
static void groups(void)
{
	CHECK(setgroups(0, NULL) == 0);
	CHECK(setresgid(OTHER_GID, OTHER_GID + 1, OTHER_GID + 1) == 0);
	CHECK(setresuid(OTHER_UID + 1, OTHER_UID + 1, OTHER_UID + 1) == 0);
	CHECK(may("groups", R_OK, 0) == 0);
	CHECK_ERRNO(may("groups", R_OK, AT_EACCESS), EACCES);
	CHECK(setresgid(OTHER_GID + 1, OTHER_GID, OTHER_GID) == 0);
	CHECK_ERRNO(may("groups", R_OK, 0), EACCES);
	CHECK(may("groups", R_OK, AT_EACCESS) == 0);
}

static void links(void)
{
	int fd = MUST(open("users", O_RDONLY)), link = MUST(open("to_roots", O_PATH | O_NOFOLLOW));

	CHECK_ERRNO(may("dangling", F_OK, 0), ENOENT);
	CHECK(may("dangling", F_OK, AT_SYMLINK_NOFOLLOW) == 0);
	CHECK(may("dangling", R_OK | W_OK | X_OK, AT_SYMLINK_NOFOLLOW) == 0);
	CHECK_ERRNO(may("to_roots", R_OK, 0), EACCES);
	CHECK(may("to_roots", R_OK, AT_SYMLINK_NOFOLLOW) == 0);
	/* Only the last name of a path. */
	CHECK(may("to_here/to_roots", R_OK, AT_SYMLINK_NOFOLLOW) == 0);

	CHECK(access_at(fd, "", R_OK, AT_EMPTY_PATH) == 0);
	CHECK_ERRNO(access_at(fd, "", X_OK, AT_EMPTY_PATH | AT_EACCESS), EACCES);
	CHECK_ERRNO(access_at(fd, "", R_OK, 0), ENOENT);
	CHECK(access_at(link, "", R_OK, AT_EMPTY_PATH) == 0);
	CHECK_ERRNO(access_at(fd, "name", R_OK, 0), ENOTDIR);
	CHECK_ERRNO(access_at(-1, "name", R_OK, 0), EBADF);
	CHECK_ERRNO(may("users", 8, 0), EINVAL);
	CHECK_ERRNO(may("users", R_OK, AT_SYMLINK_FOLLOW), EINVAL);
	CHECK_ERRNO(may("users", R_OK, 1), EINVAL);
	CHECK_ERRNO(access_at(AT_FDCWD, (const char *)16, R_OK, 0), EFAULT);
}

int main(void)
{
	umask(0);
	CHECK(chmod(".", 0755) == 0);
	make_file("roots", "");
	CHECK(chmod("roots", 0600) == 0);
	make_file("users", "");
	CHECK(chmod("users", 0600) == 0);
	CHECK(chown("users", OTHER_UID, OTHER_GID) == 0);
	make_file("groups", "");
	CHECK(chown("groups", 0, OTHER_GID) == 0);
	CHECK(chmod("groups", 0640) == 0);
	CHECK(mkdir("closed", 0700) == 0);
	make_file("closed/file", "");
	CHECK(symlink("nowhere", "dangling") == 0);
	CHECK(symlink("roots", "to_roots") == 0);
	CHECK(symlink(".", "to_here") == 0);
	in_child(user_as_root);
	in_child(root_as_user);
	in_child(groups);
	run_as(OTHER_UID, links);
	return 0;
}
