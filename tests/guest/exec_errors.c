/* What exec refuses, with which error; the caller goes on unharmed. */
#include "check.h"

static int try_exec(const char *path)
{
	char *arguments[] = { "x", NULL };

	return execve(path, arguments, arguments + 1);
}

static void as_user(void)
{
	CHECK_ERRNO(try_exec("private"), EACCES);
	CHECK_ERRNO(try_exec("closed/program"), EACCES);
}

int main(void)
{
	char long_name[300], long_path[PATH_MAX + 10];
	char *bad_arguments[] = { "x", (char *)0x10, NULL };
	char *none[] = { NULL };

	memset(long_name, 'n', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	memset(long_path, '/', sizeof(long_path));
	long_path[sizeof(long_path) - 1] = '\0';
	make_file("text", "hello\n");
	make_file("private", "hello\n");
	CHECK(chmod("private", 0700) == 0);
	CHECK(mkdir("closed", 0700) == 0);
	CHECK(mkdir("directory", 0755) == 0);
	CHECK(symlink("loop", "loop") == 0);

	CHECK_ERRNO(try_exec("missing"), ENOENT);
	CHECK_ERRNO(try_exec(""), ENOENT);
	CHECK_ERRNO(try_exec("missing/program"), ENOENT);
	CHECK_ERRNO(try_exec("text/program"), ENOTDIR);
	CHECK_ERRNO(try_exec("text"), EACCES);
	CHECK_ERRNO(try_exec("directory"), EACCES);
	CHECK_ERRNO(try_exec("loop"), ELOOP);
	CHECK_ERRNO(try_exec(long_name), ENAMETOOLONG);
	CHECK_ERRNO(try_exec(long_path), ENAMETOOLONG);
	CHECK_EQ(raw_syscall(SYS_execve, 0, none, none), -EFAULT);
	CHECK_EQ(raw_syscall(SYS_execve, "/proc/self/exe", 0x10, none), -EFAULT);
	CHECK_EQ(raw_syscall(SYS_execve, "/proc/self/exe", bad_arguments, none), -EFAULT);
	CHECK_EQ(raw_syscall(SYS_execve, "/proc/self/exe", none, bad_arguments), -EFAULT);
	/* Strings are looked at before the file, flags and descriptors; but after its name. */
	CHECK_EQ(raw_syscall(SYS_execve, "missing", bad_arguments, none), -EFAULT);
	CHECK_EQ(raw_syscall(SYS_execve, "text/x", none, bad_arguments), -EFAULT);
	CHECK_EQ(raw_syscall(SYS_execve, "", bad_arguments, none), -ENOENT);
	CHECK_EQ(raw_syscall(SYS_execveat, -1, "x", bad_arguments, none, 0), -EFAULT);
	CHECK_EQ(raw_syscall(SYS_execveat, -1, "x", none, bad_arguments, -1), -EFAULT);
	CHECK_EQ(raw_syscall(SYS_execveat, -1, "x", none, none, -1), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_execveat, -1, "x", none, none, 0), -EBADF);
	run_as(OTHER_UID, as_user);
	return 0;
}
