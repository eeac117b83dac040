/*
 * /proc/kmsg gives the kernel log line by line as it grows, and what it gave is gone: for its next
 * reader and for syslog(2), which shares with it what is unread. An empty one makes its reader
 * wait. Only privilege opens it.
 */
#include "capabilities.h"
#include "kernel_log.h"

enum { READ = 2, READ_ALL = 3, SIZE_UNREAD = 9, SIZE_BUFFER = 10 };

static void write_line(const char *text)
{
	int fd = MUST(open("/dev/kmsg", O_WRONLY));

	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	CHECK(close(fd) == 0);
}

/* Read until nothing is left. Returns whether `text` was there. */
static bool drain(int fd, const char *text)
{
	char buffer[4096];
	bool found = false;
	ssize_t size;

	while ((size = read(fd, buffer, sizeof(buffer) - 1)) > 0) {
		buffer[size] = 0;
		found = found || (text && strstr(buffer, text));
	}
	CHECK(size == -1 && errno == EAGAIN);
	return found;
}

/* Nothing is left, unless the kernel says something just now: then once more. */
static void expect_nothing_unread(int fd)
{
	struct pollfd poll_of = { .fd = fd, .events = POLLIN };

	for (int tries = 0; tries < 10; tries++) {
		drain(fd, NULL);
		if (poll(&poll_of, 1, 0) == 0 && raw_syscall(SYS_syslog, SIZE_UNREAD, NULL, 0) == 0)
			return;
	}
	FAIL("what has been read is still there");
}

static long read_some(int fd, bool by_call, char *buffer, size_t size)
{
	return by_call ? raw_syscall(SYS_syslog, READ, buffer, size) : read(fd, buffer, size);
}

/* Reads until `text` has come, behind lines of the kernel's own if need be. */
static void read_until(int fd, bool by_call, const char *text, char *buffer, size_t room)
{
	size_t filled = 0;

	for (buffer[0] = 0; !strstr(buffer, text); buffer[filled] = 0) {
		long got = read_some(fd, by_call, buffer + filled, room - 1 - filled);

		CHECK(got > 0);
		filled += got;
	}
}

static void is_consumed(int fd)
{
	struct pollfd poll_of = { .fd = fd, .events = POLLIN };
	static char buffer[1 << 16];
	long size;

	expect_nothing_unread(fd);
	write_line("<5>kmsg test one\n");
	CHECK(poll(&poll_of, 1, 1000) == 1 && poll_of.revents == POLLIN);
	CHECK(raw_syscall(SYS_syslog, SIZE_UNREAD, NULL, 0) > 20);
	read_until(fd, false, "] kmsg test one\n", buffer, sizeof(buffer));
	CHECK(buffer[0] == '<' && strstr(buffer, ">["));
	CHECK(!drain(fd, "test one"));
	expect_nothing_unread(fd);
	/* All of it is still there for those who do not consume. */
	size = raw_syscall(SYS_syslog, READ_ALL, buffer, sizeof(buffer) - 1);
	CHECK(size > 20);
	buffer[size] = 0;
	CHECK(strstr(buffer, "] kmsg test one\n"));
}

static void syslog_consumes_too(int fd)
{
	char buffer[4096] = "";

	write_line("<5>kmsg test two\n");
	CHECK_EQ(raw_syscall(SYS_syslog, READ, 16, 10), -EFAULT);
	CHECK_EQ(raw_syscall(SYS_read, fd, 16, 10), -EFAULT);
	drain(fd, NULL);	/* what could not be copied may be gone, too */
	write_line("<5>kmsg test two\n");
	CHECK_EQ(raw_syscall(SYS_syslog, READ, NULL, 10), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_syslog, READ, buffer, -1), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_syslog, READ, buffer, 0), 0);
	/* Parts of a line will do. */
	CHECK_EQ(raw_syscall(SYS_syslog, READ, buffer, 4), 4);
	CHECK(buffer[0] == '<');
	read_until(-1, true, "kmsg test two\n", buffer, sizeof(buffer));
	CHECK(!drain(fd, "test two"));
}

/* Who waits is woken by a line, and by a signal. */
static void waits(bool by_call)
{
	char buffer[4096] = "";
	pid_t child = MUST(fork());

	if (child == 0) {
		int fd = MUST(open("/proc/kmsg", O_RDONLY));

		read_until(fd, by_call, "kmsg test three", buffer, sizeof(buffer));
		_exit(0);
	}
	wait_until_blocked(child);
	write_line("<5>kmsg test three\n");
	CHECK_EQ(wait_exit_status(child), 0);
	child = MUST(fork());
	if (child == 0) {
		int fd = MUST(open("/proc/kmsg", O_RDONLY));

		while (read_some(fd, by_call, buffer, sizeof(buffer)) > 0)
			;
		_exit(1);
	}
	wait_until_blocked(child);
	CHECK(kill(child, SIGTERM) == 0);
	expect_signal_death(child, SIGTERM);
}

/* Who polls is told, too. */
static void waits_in_poll(int fd)
{
	pid_t child;

	expect_nothing_unread(fd);
	child = FORK();
	if (child == 0) {
		struct pollfd poll_of = { .fd = fd, .events = POLLIN };

		alarm(10);
		do	/* the kernel may say something first */
			CHECK(poll(&poll_of, 1, -1) == 1 && poll_of.revents == POLLIN);
		while (!drain(fd, "test four"));
		_exit(0);
	}
	wait_until_blocked(child);
	write_line("<5>kmsg test four\n");
	CHECK_EQ(wait_exit_status(child), 0);
}

/* What is not kept any more is not there to be read. */
static void grows_over(int fd)
{
	long kept = raw_syscall(SYS_syslog, SIZE_BUFFER, NULL, 0), unread;
	static char line[300];

	memset(line, 'x', sizeof(line) - 1);
	memcpy(line, "<15>", 4);
	line[sizeof(line) - 2] = '\n';
	for (long written = 0; written < 2 * kept; written += sizeof(line))
		write_line(line);
	unread = raw_syscall(SYS_syslog, SIZE_UNREAD, NULL, 0);
	CHECK(unread > kept / 2 && unread < kept + kept / 4);
	expect_nothing_unread(fd);
	write_line("<15>kmsg test five\n");
	CHECK(drain(fd, "test five"));
}

static int file;

static void user_may_not(void)
{
	char bytes[4096];

	CHECK(setresuid(1000, 1000, 1000) == 0);
	CHECK_ERRNO(open("/proc/kmsg", O_RDONLY), EACCES);
	CHECK_EQ(raw_syscall(SYS_syslog, READ, bytes, 1), -EPERM);
	/* Who was given it may go on. */
	CHECK(read(file, bytes, sizeof(bytes)) > 0 || errno == EAGAIN);
}

/* One of the two will do. */
static void root_with_less_may_not(void)
{
	give_up(CAP_SYS_ADMIN);
	CHECK(close(MUST(open("/proc/kmsg", O_RDONLY))) == 0);
	give_up(CAP_SYSLOG);
	CHECK_ERRNO(open("/proc/kmsg", O_RDONLY), EPERM);
}

int main(void)
{
	struct stat status;
	int fd;

	log_take_all();
	CHECK(stat("/proc/kmsg", &status) == 0);
	CHECK_EQ(status.st_mode, S_IFREG | 0400);
	fd = MUST(open("/proc/kmsg", O_RDONLY | O_NONBLOCK));
	is_consumed(fd);
	syslog_consumes_too(fd);
	waits(false);
	waits(true);
	waits_in_poll(fd);
	grows_over(fd);
	file = fd;
	in_child(user_may_not);
	in_child(root_with_less_may_not);
	CHECK(close(fd) == 0);
	return 0;
}
