/* execveat(): by descriptor, below a directory, through links; what the program is told it is. */
#include "check.h"
#include <sys/auxv.h>

static int self;

static int exec_at(int fd, const char *path, int flags, const char *word)
{
	char *arguments[] = { "program", (char *)word, NULL };
	char *environment[] = { NULL };

	return syscall(SYS_execveat, fd, path, arguments, environment, flags);
}

static void expect_run(int fd, const char *path, int flags, const char *word)
{
	pid_t pid = FORK();

	if (pid == 0) {
		exec_at(fd, path, flags, word);
		FAIL("execveat(%d, %s, %#x)", fd, path, flags);
	}
	CHECK_EQ(wait_exit_status(pid), 0);
}

int main(int argc, char **argv)
{
	char execfn[PATH_MAX + 1];
	int directory, link, script;

	if (argc > 1) {
		const char *name = (const char *)getauxval(AT_EXECFN);

		/* "=NAME": that is what we must be called. */
		if (argv[1][0] == '=' && strcmp(name, argv[1] + 1) != 0)
			FAIL("called %s, not %s", name, argv[1] + 1);
		return 0;
	}
	self = MUST(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
	snprintf(execfn, sizeof(execfn), "=/dev/fd/%d", self);
	expect_run(self, "", AT_EMPTY_PATH, execfn);
	CHECK_ERRNO(exec_at(self, "", 0, "x"), ENOENT);
	CHECK_ERRNO(exec_at(self, "", 1, "x"), ENOENT);
	CHECK_ERRNO(exec_at(-1, "name", 1, "x"), EINVAL);
	CHECK_ERRNO(exec_at(-1, "", AT_EMPTY_PATH, "x"), EBADF);
	CHECK_ERRNO(exec_at(self, "name", 0, "x"), ENOTDIR);

	char program[PATH_MAX];
	ssize_t length = MUST(readlink("/proc/self/exe", program, sizeof(program) - 1));

	program[length] = '\0';
	CHECK(symlink(program, "link") == 0);
	directory = MUST(open(".", O_RDONLY | O_DIRECTORY));
	snprintf(execfn, sizeof(execfn), "=/dev/fd/%d/link", directory);
	expect_run(directory, "link", 0, execfn);
	expect_run(AT_FDCWD, "link", 0, "=link");
	snprintf(execfn, sizeof(execfn), "=%s", program);
	expect_run(directory, program, 0, execfn);
	CHECK_ERRNO(exec_at(directory, "link", AT_SYMLINK_NOFOLLOW, "x"), ELOOP);
	CHECK_ERRNO(exec_at(directory, "", AT_EMPTY_PATH, "x"), EACCES);
	link = MUST(open("link", O_PATH));
	expect_run(link, "", AT_EMPTY_PATH, "x");

	/* A script needs to be opened again by its name. */
	char text[PATH_MAX + 16];

	snprintf(text, sizeof(text), "#!%s word\n", program);
	make_file("script", text);
	CHECK(chmod("script", 0755) == 0);
	script = MUST(open("script", O_RDONLY));
	expect_run(script, "", AT_EMPTY_PATH, "x");
	expect_run(AT_FDCWD, "script", 0, "x");
	CHECK(fcntl(script, F_SETFD, FD_CLOEXEC) == 0);
	CHECK_ERRNO(exec_at(script, "", AT_EMPTY_PATH, "x"), ENOENT);

	/* From memory. */
	int memory = MUST(memfd_create("program", MFD_CLOEXEC));
	char buffer[PAGE];
	ssize_t got;

	while ((got = read(self, buffer, sizeof(buffer))) > 0)
		CHECK_EQ(write(memory, buffer, got), got);
	/* It is open for writing. */
	CHECK_ERRNO(exec_at(memory, "", AT_EMPTY_PATH, "x"), ETXTBSY);
	snprintf(text, sizeof(text), "/proc/self/fd/%d", memory);
	int read_only = MUST(open(text, O_RDONLY | O_CLOEXEC));

	close(memory);
	expect_run(read_only, "", AT_EMPTY_PATH, "x");
	return 0;
}
