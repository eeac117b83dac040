/*
 * What is gone from the kernel log: a reader of /dev/kmsg who was too slow is told once; what
 * syslog(2) cleared is there for who wants all, and not for who asks for news. syslog(2) gives
 * whole lines, whatever the size of the buffer.
 */
#include "kernel_log.h"
#include <sys/klog.h>

enum { READ_ALL = 3, CLEAR = 5, LINE = 380, LINES = 1500 };

static int writer;
static char buffer[2048];

static void write_line(const char *text)
{
	CHECK(write(writer, text, strlen(text)) == (ssize_t)strlen(text));
}

static int poll_of(int fd)
{
	struct pollfd request = { .fd = fd, .events = POLLIN | POLLOUT | POLLPRI };

	CHECK(poll(&request, 1, 0) >= 0);
	return request.revents;
}

/* The next line of a program's: the kernel may say something at any time. */
static void expect_line(int fd, const char *text)
{
	do {
		ssize_t size = read(fd, buffer, sizeof(buffer) - 1);

		if (size < 0)
			FAIL("no line");
		buffer[size] = 0;
	} while (atoi(buffer) < FIRST_OF_USERS);
	if (!strstr(buffer, text))
		FAIL("%s instead of %s", buffer, text);
}

static void slow_reader(void)
{
	int fd = MUST(open("/dev/kmsg", O_RDONLY | O_NONBLOCK));
	int other = MUST(open("/dev/kmsg", O_RDONLY | O_NONBLOCK));
	char line[LINE];

	CHECK(lseek(fd, 0, SEEK_END) == 0);
	CHECK_EQ(poll_of(fd), 0);
	CHECK_EQ(poll_of(writer), POLLIN);
	write_line("<7>the first\n");
	CHECK_EQ(poll_of(fd), POLLIN);
	memset(line, 'x', LINE);
	memcpy(line, "<7>", 3);
	line[LINE - 1] = '\n';
	for (int i = 0; i < LINES; i++)
		CHECK(write(writer, line, LINE) == LINE);
	CHECK_EQ(poll_of(fd), POLLIN | POLLERR | POLLPRI);
	CHECK_ERRNO(read(fd, buffer, sizeof(buffer)), EPIPE);
	CHECK_EQ(poll_of(fd), POLLIN);
	expect_line(fd, "xxx");
	/* Who says where he wants to begin has lost nothing. */
	CHECK(lseek(other, 0, SEEK_SET) == 0);
	expect_line(other, "xxx");
	CHECK(close(fd) == 0 && close(other) == 0);
}

/* Nothing is told of what was there. What the kernel says just then is: then once more. */
static void clear(int fd)
{
	for (int tries = 0; tries < 10; tries++) {
		CHECK_EQ(klogctl(CLEAR, NULL, 0), 0);
		CHECK(lseek(fd, 0, SEEK_DATA) == 0);
		if (read(fd, buffer, sizeof(buffer)) < 0 &&
		    klogctl(READ_ALL, buffer, sizeof(buffer)) == 0)
			return;
	}
	FAIL("what was cleared is still there");
}

static void cleared(void)
{
	int fd = MUST(open("/dev/kmsg", O_RDONLY | O_NONBLOCK));

	clear(fd);
	write_line("<7>after\n");
	expect_line(fd, ";after\n");
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	expect_line(fd, "xxx");
	CHECK(lseek(fd, 0, SEEK_DATA) == 0);
	expect_line(fd, ";after\n");
	CHECK(close(fd) == 0);
}

static int count_lines(const char *text)
{
	int count = 0;

	while ((text = strchr(text, '\n')) != NULL) {
		text++;
		count++;
	}
	return count;
}

static void whole_lines(void)
{
	int fd = MUST(open("/dev/kmsg", O_RDONLY | O_NONBLOCK)), both, tries = 0;

	do {	/* until there are only ours */
		CHECK(tries++ < 10);
		clear(fd);
		write_line("<7>alpha\n");
		write_line("<7>beta\n");
		memset(buffer, 0, sizeof(buffer));
		both = klogctl(READ_ALL, buffer, sizeof(buffer));
	} while (count_lines(buffer) != 2);
	CHECK(both > 40 && strncmp(buffer, "<15>[", 5) == 0);
	CHECK_EQ(klogctl(READ_ALL, buffer, both), both);
	for (int size = both / 2; size < both; size++) {
		memset(buffer, 0, sizeof(buffer));
		CHECK_EQ(klogctl(READ_ALL, buffer, size), both / 2);
		CHECK(strncmp(buffer, "<15>[", 5) == 0 && strstr(buffer, "] beta\n"));
	}
	CHECK_EQ(klogctl(READ_ALL, buffer, both / 2 - 1), 0);
	CHECK(close(fd) == 0);
}

int main(void)
{
	log_take_all();
	writer = MUST(open("/dev/kmsg", O_WRONLY));
	slow_reader();
	cleared();
	whole_lines();
	return 0;
}
