/*
 * The limits in /proc/sys/net: what new sockets have, what programs may ask for, how many may wait.
 */
#include "socket_util.h"

static int read_limit(const char *name)
{
	char path[80], text[32];
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	fd = MUST(open(path, O_RDONLY));
	size = MUST(read(fd, text, sizeof(text) - 1));
	text[size] = '\0';
	close(fd);
	return atoi(text);
}

static int write_limit(const char *name, int value)
{
	char path[80], text[32];
	int fd, result;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	snprintf(text, sizeof(text), "%d\n", value);
	fd = MUST(open(path, O_WRONLY));
	result = write(fd, text, strlen(text)) < 0 ? errno : 0;
	close(fd);
	return result;
}

static void buffers(const char *normal, const char *most, int option)
{
	int old_normal = read_limit(normal), old_most = read_limit(most);
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	CHECK_EQ(get_option(fd, option), old_normal);
	set_option(fd, option, 0x7fffffff);
	CHECK_EQ(get_option(fd, option), 2 * old_most);
	CHECK_EQ(write_limit(most, 50000), 0);
	set_option(fd, option, 60000);
	CHECK_EQ(get_option(fd, option), 100000);
	close(fd);
	CHECK_EQ(write_limit(normal, 70000), 0);
	fd = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
	CHECK_EQ(get_option(fd, option), 70000);
	CHECK_EQ(write_limit(normal, 2000), EINVAL);
	CHECK_EQ(write_limit(most, -1), EINVAL);
	CHECK_EQ(read_limit(normal), 70000);
	CHECK_EQ(write_limit(normal, old_normal), 0);
	CHECK_EQ(write_limit(most, old_most), 0);
	/* The least that a socket may have is what these may be, too. */
	set_option(fd, option, 1);
	CHECK_EQ(write_limit(normal, get_option(fd, option) - 1), EINVAL);
	CHECK_EQ(write_limit(normal, get_option(fd, option)), 0);
	CHECK_EQ(write_limit(normal, old_normal), 0);
	close(fd);
}

/* How many clients connect before one would wait. */
static int count_waiting(int backlog)
{
	int listener = make_listener(SOCK_STREAM, "@limits", backlog);
	int fds[16], count = 0;

	for (;;) {
		fds[count] = MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
		if (connect_name(fds[count], "@limits") < 0)
			break;
		CHECK(++count < 16);
	}
	CHECK_EQ(errno, EAGAIN);
	for (int i = 0; i <= count; i++)
		close(fds[i]);
	close(listener);
	return count;
}

static void backlogs(void)
{
	int old = read_limit("core/somaxconn");

	CHECK_EQ(count_waiting(5), 6);
	CHECK_EQ(write_limit("core/somaxconn", 2), 0);
	CHECK_EQ(count_waiting(5), 3);
	CHECK_EQ(write_limit("core/somaxconn", old), 0);
}

/* How many datagrams go to a socket that does not read. */
static int count_datagrams(void)
{
	int receiver = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
	int sender = MUST(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
	int count = 0;

	CHECK(bind_name(receiver, "@datagrams") == 0);
	while (send_to_name(sender, "x", 1, "@datagrams") == 1)
		CHECK(++count < 600);
	CHECK_EQ(errno, EAGAIN);
	close(sender);
	close(receiver);
	return count;
}

static void datagrams(void)
{
	int old = read_limit("unix/max_dgram_qlen");

	CHECK_EQ(write_limit("unix/max_dgram_qlen", 3), 0);
	CHECK_EQ(count_datagrams(), 4);
	CHECK_EQ(write_limit("unix/max_dgram_qlen", old), 0);
}

static void as_user(void)
{
	CHECK_ERRNO(open("/proc/sys/net/core/wmem_max", O_WRONLY), EACCES);
	CHECK(read_limit("core/wmem_max") > 0);
}

int main(void)
{
	buffers("core/wmem_default", "core/wmem_max", SO_SNDBUF);
	buffers("core/rmem_default", "core/rmem_max", SO_RCVBUF);
	backlogs();
	datagrams();
	run_as(OTHER_UID, as_user);
	return 0;
}
