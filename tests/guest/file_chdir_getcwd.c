/*
 * chdir, fchdir and getcwd: by any way in, after renaming above, over mounts and in removed places.
 */
#include "check.h"

int main(void)
{
	char start[PATH_MAX], path[PATH_MAX], expected[PATH_MAX * 2];
	int top;

	CHECK(getcwd(start, sizeof(start)) != NULL);
	CHECK_EQ(start[0], '/');
	CHECK(mkdir("a", 0755) == 0 && mkdir("a/b", 0755) == 0);
	CHECK(symlink("a/b", "link") == 0);
	top = MUST(open(".", O_RDONLY));

	CHECK(chdir("link") == 0);
	CHECK(getcwd(path, sizeof(path)) != NULL);
	snprintf(expected, sizeof(expected), "%s/a/b", start);
	CHECK(strcmp(path, expected) == 0);
	CHECK_EQ(raw_syscall(SYS_getcwd, path, sizeof(path)), strlen(expected) + 1);
	CHECK_EQ(raw_syscall(SYS_getcwd, path, strlen(expected)), -ERANGE);
	CHECK_EQ(raw_syscall(SYS_getcwd, path, strlen(expected) + 1), strlen(expected) + 1);

	/* The directory is renamed while we are in it. */
	CHECK(renameat(top, "a", top, "renamed") == 0);
	CHECK(getcwd(path, sizeof(path)) != NULL);
	snprintf(expected, sizeof(expected), "%s/renamed/b", start);
	CHECK(strcmp(path, expected) == 0);
	CHECK(chdir("..") == 0);
	CHECK(getcwd(path, sizeof(path)) != NULL);
	snprintf(expected, sizeof(expected), "%s/renamed", start);
	CHECK(strcmp(path, expected) == 0);
	CHECK(chdir("b/../../renamed/./b//") == 0);
	CHECK(chdir("/..") == 0);
	CHECK(getcwd(path, sizeof(path)) != NULL);
	CHECK(strcmp(path, "/") == 0);
	CHECK(fchdir(top) == 0);
	CHECK(getcwd(path, sizeof(path)) != NULL);
	CHECK(strcmp(path, start) == 0);

	CHECK_ERRNO(chdir("missing"), ENOENT);
	CHECK_ERRNO(chdir(""), ENOENT);
	make_file("file", "");
	CHECK_ERRNO(chdir("file"), ENOTDIR);
	CHECK_ERRNO(chdir("file/x"), ENOTDIR);

	/* chroot: "/" is here, ".." ends here, the outside is unreachable. */
	pid_t child = FORK();

	if (child == 0) {
		CHECK(chroot("renamed") == 0);
		CHECK(chdir("/") == 0);
		CHECK(getcwd(path, sizeof(path)) != NULL);
		CHECK(strcmp(path, "/") == 0);
		CHECK(access("/b", F_OK) == 0);
		CHECK_ERRNO(access("/renamed", F_OK), ENOENT);
		CHECK(chdir("../../..") == 0);
		CHECK(access("b", F_OK) == 0);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	return 0;
}
