/*
 * What is gone from the kernel log: a reader of /dev/kmsg who was too slow is told once; what
 * syslog(2) cleared is there for who wants all, and not for who asks for news. syslog(2) gives
 * whole lines, whatever the size of the buffer.
 */
#include "check.h"
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

static void expect_line(int fd, const char *text)
{
	ssize_t size = read(fd, buffer, sizeof(buffer) - 1);

	if (size < 0)
		FAIL("no line");
	buffer[size] = 0;
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

static void cleared(void)
{
	int fd = MUST(open("/dev/kmsg", O_RDONLY | O_NONBLOCK));

	CHECK_EQ(klogctl(CLEAR, NULL, 0), 0);
	CHECK(lseek(fd, 0, SEEK_DATA) == 0);
	CHECK_ERRNO(read(fd, buffer, sizeof(buffer)), EAGAIN);
	CHECK_EQ(klogctl(READ_ALL, buffer, sizeof(buffer)), 0);
	write_line("<7>after\n");
	expect_line(fd, ";after\n");
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	expect_line(fd, "xxx");
	CHECK(lseek(fd, 0, SEEK_DATA) == 0);
	expect_line(fd, ";after\n");
	CHECK(close(fd) == 0);
}

static void whole_lines(void)
{
	int both;

	CHECK_EQ(klogctl(CLEAR, NULL, 0), 0);
	write_line("<7>alpha\n");
	write_line("<7>beta\n");
	both = klogctl(READ_ALL, buffer, sizeof(buffer));
	CHECK(both > 40 && strncmp(buffer, "<15>[", 5) == 0);
	CHECK_EQ(klogctl(READ_ALL, buffer, both), both);
	for (int size = both / 2; size < both; size++) {
		memset(buffer, 0, sizeof(buffer));
		CHECK_EQ(klogctl(READ_ALL, buffer, size), both / 2);
		CHECK(strncmp(buffer, "<15>[", 5) == 0 && strstr(buffer, "] beta\n"));
	}
	CHECK_EQ(klogctl(READ_ALL, buffer, both / 2 - 1), 0);
}

int main(void)
{
	int limit = open("/proc/sys/kernel/printk_devkmsg", O_WRONLY);

	/* Linux takes only some lines a second unless it is told to take all. */
	if (limit >= 0)
		CHECK(write(limit, "on\n", 3) == 3);
	writer = MUST(open("/dev/kmsg", O_WRONLY));
	slow_reader();
	cleared();
	whole_lines();
	return 0;
}
