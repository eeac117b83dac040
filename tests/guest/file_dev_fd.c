/*
 * /dev/fd, /dev/stdin, /dev/stdout and /dev/stderr are a program's own descriptors; a pipe that is
 * opened by such a name gets one more end, of the kind that is asked for, and nobody waits for the
 * other side to come.
 */
#include "check.h"

static int open_number(int number, int flags)
{
	char path[40];

	snprintf(path, sizeof(path), "/dev/fd/%d", number);
	return open(path, flags);
}

static void check_links(void)
{
	static const char *const names[] = { "/dev/stdin", "/dev/stdout", "/dev/stderr" };

	for (int i = 0; i < 3; i++) {
		char target[40] = "", expected[40];

		CHECK(readlink(names[i], target, sizeof(target) - 1) > 0);
		snprintf(expected, sizeof(expected), "/proc/self/fd/%d", i);
		CHECK(strcmp(target, expected) == 0);
	}
}

static void expect_byte(int from, int to, char sent)
{
	char byte;

	CHECK(write(to, &sent, 1) == 1);
	CHECK(read(from, &byte, 1) == 1);
	CHECK_EQ(byte, sent);
}

/* A pipe belongs to who made it. */
static void check_owner(void)
{
	pid_t pid = FORK();
	struct stat status;
	int ends[2];

	if (pid == 0) {
		CHECK(setresgid(OTHER_GID, OTHER_GID, OTHER_GID) == 0);
		CHECK(setresuid(OTHER_UID, OTHER_UID, OTHER_UID) == 0);
		CHECK(pipe(ends) == 0);
		CHECK(fstat(ends[0], &status) == 0);
		CHECK_EQ(status.st_uid, OTHER_UID);
		CHECK_EQ(status.st_gid, OTHER_GID);
		/* Else /proc/self is root's, as it is after each change of who one is. */
		execl("/proc/self/exe", "child", (char *)NULL);
		_exit(CHECK_FAILED);
	}
	CHECK_EQ(wait_exit_status(pid), 0);
}

/* The same program, as somebody else from the start. */
static int be_somebody_else(void)
{
	int first[2];

	CHECK(pipe(first) == 0);
	expect_byte(MUST(open_number(first[0], O_RDONLY)), first[1], 'g');
	return 0;
}

int main(int argc, char **argv)
{
	int first[2], reader, writer;
	char byte;

	(void)argc;
	if (strcmp(argv[0], "child") == 0)
		return be_somebody_else();
	check_links();
	check_owner();
	CHECK(pipe(first) == 0);
	reader = MUST(open_number(first[0], O_RDONLY));
	expect_byte(reader, first[1], 'a');
	writer = MUST(open_number(first[0], O_WRONLY | O_NONBLOCK));
	CHECK(close(first[1]) == 0);
	expect_byte(reader, writer, 'b');

	/* The last writer has gone; then one comes back. */
	CHECK(close(writer) == 0);
	CHECK_EQ(read(reader, &byte, 1), 0);
	writer = MUST(open_number(reader, O_WRONLY));
	expect_byte(first[0], writer, 'c');

	/* And the same for readers. */
	CHECK(close(reader) == 0 && close(first[0]) == 0);
	signal(SIGPIPE, SIG_IGN);
	CHECK_ERRNO(write(writer, "d", 1), EPIPE);
	CHECK(close(MUST(open_number(writer, O_WRONLY | O_NONBLOCK))) == 0);
	reader = MUST(open_number(writer, O_RDONLY));
	expect_byte(reader, writer, 'e');

	CHECK(dup2(writer, 1) == 1);
	expect_byte(reader, MUST(open("/dev/stdout", O_WRONLY)), 'f');
	return 0;
}
