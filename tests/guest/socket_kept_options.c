/*
 * Options that only networks heed, on local sockets: what a new socket says, who may set what, and
 * that it is given back; and what a local socket can tell of itself: who its peer is, and how much
 * of its sending is under way.
 */
#include "socket_util.h"

/* Not in every libc's headers. */
enum {
	BINDTODEVICE = 25, GET_FILTER = 26, DETACH_FILTER = 27, PEERNAME = 28, TIMESTAMPING = 37,
	LOCK_FILTER = 44, BUSY_POLL = 46, PACING = 47, INCOMING_CPU = 49, ATTACH_BPF = 50,
	MEMINFO = 55, ZEROCOPY = 60, TXTIME = 61, BINDTOIFINDEX = 62, PREFER_BUSY_POLL = 69,
	BUSY_POLL_BUDGET = 70, NETNS_COOKIE = 71, BUF_LOCK = 72, RESERVE_MEM = 73, TXREHASH = 74,
};

static int set_error(int fd, int name, int value)
{
	return setsockopt(fd, SOL_SOCKET, name, &value, sizeof(value)) == 0 ? 0 : errno;
}

static int get_error(int fd, int name, void *to, socklen_t *size)
{
	return getsockopt(fd, SOL_SOCKET, name, to, size) == 0 ? 0 : errno;
}

static void numbers(int fd)
{
	static const struct { int name, first, set, told, wrong; } options[] = {
		{ BUSY_POLL, 0, 50, 50, -1 }, { PREFER_BUSY_POLL, 0, 7, 1, 0 },
		{ PACING, -1, 1000, 1000, 0 }, { INCOMING_CPU, -1, 3, 3, 0 },
		{ BUF_LOCK, 0, 3, 3, 4 }, { TXREHASH, 0, 1, 1, 2 }, { BINDTOIFINDEX, 0, 4, 4, -1 },
		{ LOCK_FILTER, 0, 5, 1, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		CHECK_EQ(get_option(fd, options[i].name), options[i].first);
		set_option(fd, options[i].name, options[i].set);
		CHECK_EQ(get_option(fd, options[i].name), options[i].told);
		if (options[i].wrong)
			CHECK_EQ(set_error(fd, options[i].name, options[i].wrong), EINVAL);
	}
	set_option(fd, TXREHASH, -1);
	CHECK_EQ(get_option(fd, TXREHASH), 1);
	set_option(fd, BUSY_POLL_BUDGET, 65535);
	CHECK_EQ(set_error(fd, BUSY_POLL_BUDGET, 65536), EINVAL);
	/* A lock stays. */
	CHECK_EQ(set_error(fd, LOCK_FILTER, 0), EPERM);
	CHECK_EQ(set_error(fd, DETACH_FILTER, 0), EPERM);
}

static void chosen_buffers(void)
{
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	set_option(fd, SO_SNDBUF, 10000);
	CHECK_EQ(get_option(fd, BUF_LOCK), 1);
	set_option(fd, SO_RCVBUF, 10000);
	CHECK_EQ(get_option(fd, BUF_LOCK), 3);
	close(fd);
}

static void refused(void)
{
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	char name[16] = "none0";
	socklen_t size = sizeof(name);

	CHECK_EQ(set_error(fd, ZEROCOPY, 1), EOPNOTSUPP);
	CHECK_EQ(get_option(fd, ZEROCOPY), 0);
	CHECK_EQ(set_error(fd, RESERVE_MEM, 4096), EOPNOTSUPP);
	CHECK_EQ(set_error(fd, RESERVE_MEM, -1), EINVAL);
	CHECK_EQ(set_error(fd, DETACH_FILTER, 0), ENOENT);
	CHECK_EQ(set_error(fd, ATTACH_BPF, 999), EBADF);
	CHECK_EQ(set_error(fd, ATTACH_BPF, fd), EINVAL);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, BINDTODEVICE, name, sizeof(name)), ENODEV);
	CHECK(setsockopt(fd, SOL_SOCKET, BINDTODEVICE, "", 0) == 0);
	CHECK_EQ(get_error(fd, BINDTODEVICE, name, &size), 0);
	CHECK_EQ(size, 0);
	size = sizeof(name);
	CHECK_EQ(get_error(fd, GET_FILTER, name, &size), 0);
	CHECK_EQ(size, 0);
	close(fd);
}

static void stamping(int fd)
{
	CHECK_EQ(get_option(fd, TIMESTAMPING), 0);
	set_option(fd, TIMESTAMPING, 1 << 3 | 1 << 4);
	CHECK_EQ(get_option(fd, TIMESTAMPING), 1 << 3 | 1 << 4);
	CHECK_EQ(set_error(fd, TIMESTAMPING, 1 << 30), EINVAL);
	CHECK_EQ(set_error(fd, TIMESTAMPING, 1 << 12), EINVAL);
	CHECK_EQ(set_error(fd, TIMESTAMPING, 1 << 12 | 1 << 11), 0);
	CHECK_EQ(set_error(fd, TIMESTAMPING, 0), 0);
}

static void send_time(int fd)
{
	int time[2] = { CLOCK_MONOTONIC, 3 };
	socklen_t size = sizeof(time);

	CHECK(setsockopt(fd, SOL_SOCKET, TXTIME, time, sizeof(time)) == 0);
	time[1] = 0;
	CHECK_EQ(get_error(fd, TXTIME, time, &size), 0);
	CHECK(size == 8 && time[0] == CLOCK_MONOTONIC && time[1] == 3);
	time[1] = 4;
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, TXTIME, time, sizeof(time)), EINVAL);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, TXTIME, time, 4), EINVAL);
}

static void about_itself(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "\0kept-options" }, peer;
	socklen_t size = offsetof(struct sockaddr_un, sun_path) + 13;
	int listener = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	unsigned int memory[9];
	char bytes[1000] = "";
	uint64_t cookie = 0;

	CHECK(bind(listener, (struct sockaddr *)&address, size) == 0);
	CHECK(listen(listener, 1) == 0);
	CHECK_EQ(get_error(fd, PEERNAME, &peer, &size), ENOTCONN);
	CHECK(connect(fd, (struct sockaddr *)&address, size) == 0);
	CHECK_EQ(get_error(fd, PEERNAME, &peer, &size), 0);
	CHECK(memcmp(&peer, &address, size) == 0);
	size++;
	CHECK_EQ(get_error(fd, PEERNAME, &peer, &size), EINVAL);

	CHECK_EQ(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	size = sizeof(memory);
	CHECK_EQ(get_error(fd, MEMINFO, memory, &size), 0);
	CHECK_EQ(size, sizeof(memory));
	CHECK_EQ(memory[1], get_option(fd, SO_RCVBUF));
	CHECK(memory[2] >= sizeof(bytes) && memory[2] < 10 * sizeof(bytes));
	CHECK_EQ(memory[3], get_option(fd, SO_SNDBUF));
	size = sizeof(cookie);
	CHECK_EQ(get_error(fd, NETNS_COOKIE, &cookie, &size), 0);
	CHECK(cookie != 0);
	size = 4;
	CHECK_EQ(get_error(fd, NETNS_COOKIE, &cookie, &size), EINVAL);
	close(fd);
	close(listener);
}

static void as_user(void)
{
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	int time[2] = { CLOCK_REALTIME, 0 };

	CHECK_EQ(set_error(fd, BUSY_POLL, 1), EPERM);
	CHECK_EQ(set_error(fd, BUSY_POLL, 0), 0);
	CHECK_EQ(set_error(fd, BUSY_POLL, -1), EPERM);	/* counted without a sign */
	CHECK_EQ(set_error(fd, PREFER_BUSY_POLL, 1), EPERM);
	CHECK_EQ(set_error(fd, BUSY_POLL_BUDGET, 0), 0);
	CHECK_EQ(set_error(fd, BUSY_POLL_BUDGET, 1), EPERM);
	CHECK_EQ(set_error(fd, BUSY_POLL_BUDGET, -1), EINVAL);
	CHECK_EQ(set_error(fd, BINDTOIFINDEX, 4), 0);
	CHECK_EQ(set_error(fd, BINDTOIFINDEX, 4), EPERM);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, TXTIME, time, sizeof(time)), EPERM);
}

int main(void)
{
	int fd = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));

	numbers(fd);
	stamping(fd);
	send_time(fd);
	close(fd);
	chosen_buffers();
	refused();
	about_itself();
	run_as(OTHER_UID, as_user);
	return 0;
}
