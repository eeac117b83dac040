/*
 * SO_TIMESTAMP and its three other forms: when a datagram came, told beside it; which of the
 * options reads as on; streams, which do not tell.
 */
#include "socket_util.h"

enum { OLD = 29, OLD_NS = 35, NEW = 63, NEW_NS = 64 };

#define NS_PER_SECOND 1000000000ll

static long long real_now_ns(void)
{
	struct timespec now;

	CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static bool is_old(int option)
{
	return option == OLD || option == OLD_NS;
}

static bool tells_ns(int option)
{
	return option == OLD_NS || option == NEW_NS;
}

/* The time in a control message of that form. */
static long long stamp_of(const struct cmsghdr *head, int option)
{
	int unit = tells_ns(option) ? 1 : 1000;
	int narrow[2];
	long long wide[2];

	if (is_old(option)) {
		CHECK_EQ(head->cmsg_len, CMSG_LEN(sizeof(narrow)));
		memcpy(narrow, CMSG_DATA(head), sizeof(narrow));
		return narrow[0] * NS_PER_SECOND + narrow[1] * (long long)unit;
	}
	CHECK_EQ(head->cmsg_len, CMSG_LEN(sizeof(wide)));
	memcpy(wide, CMSG_DATA(head), sizeof(wide));
	return wide[0] * NS_PER_SECOND + wide[1] * unit;
}

/* Receive 5 bytes; the time that came along, or -1. *others: messages of another kind. */
static long long receive(int fd, int option, int flags, int *others)
{
	char control[200], bytes[8];
	struct iovec part = { bytes, sizeof(bytes) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	long long stamp = -1;

	*others = 0;
	CHECK_EQ(recvmsg(fd, &message, flags), 5);
	for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); head;
	     head = CMSG_NXTHDR(&message, head)) {
		CHECK_EQ(head->cmsg_level, SOL_SOCKET);
		if (head->cmsg_type == option) {
			CHECK_EQ(*others, 0); /* it is the first */
			stamp = stamp_of(head, option);
		} else {
			++*others;
		}
	}
	return stamp;
}

static void told(int type, int option)
{
	int others;
	int fds[2];
	long long before, between, stamp;
	long long grain = tells_ns(option) ? 0 : 1000;

	make_pair(type, fds);
	CHECK_EQ(send(fds[0], "early", 5, 0), 5);
	set_option(fds[1], option, 1);
	before = real_now_ns();
	CHECK_EQ(send(fds[0], "later", 5, 0), 5);
	between = real_now_ns();
	set_option(fds[1], SO_PASSCRED, 1);
	usleep(2000);
	/* One that came before anybody asked counts as come when it is looked at, and stays so. */
	stamp = receive(fds[1], option, MSG_PEEK, &others);
	CHECK(stamp > between && stamp <= real_now_ns());
	CHECK_EQ(others, 1);
	usleep(2000);
	CHECK_EQ(receive(fds[1], option, 0, &others), stamp);
	stamp = receive(fds[1], option, 0, &others);
	CHECK(stamp >= before - grain && stamp <= between);
	CHECK_EQ(others, 1);
	close(fds[0]);
	close(fds[1]);
}

static void streams_do_not_tell(void)
{
	int fds[2], others;

	make_pair(SOCK_STREAM, fds);
	set_option(fds[1], OLD, 1);
	CHECK_EQ(get_option(fds[1], OLD), 1);
	CHECK_EQ(send(fds[0], "bytes", 5, 0), 5);
	CHECK_EQ(receive(fds[1], OLD, 0, &others), -1);
	CHECK_EQ(others, 0);
	close(fds[0]);
	close(fds[1]);
}

static void check_on(int fd, int old, int old_ns, int new, int new_ns)
{
	CHECK_EQ(get_option(fd, OLD), old);
	CHECK_EQ(get_option(fd, OLD_NS), old_ns);
	CHECK_EQ(get_option(fd, NEW), new);
	CHECK_EQ(get_option(fd, NEW_NS), new_ns);
}

static void which_is_on(void)
{
	int fd = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));

	check_on(fd, 0, 0, 0, 0);
	set_option(fd, OLD, 5);
	check_on(fd, 1, 0, 0, 0);
	set_option(fd, OLD_NS, 1);
	check_on(fd, 0, 1, 0, 0);
	set_option(fd, NEW, 1);
	check_on(fd, 0, 0, 1, 0);
	set_option(fd, NEW_NS, 1);
	check_on(fd, 0, 0, 1, 1);
	set_option(fd, OLD, 0); /* any of them turns all off */
	check_on(fd, 0, 0, 0, 0);
	close(fd);
}

/* A buffer too small for it: cut, and MSG_CTRUNC says so. */
static void small_room(void)
{
	char control[CMSG_LEN(4)], bytes[8];
	struct iovec part = { bytes, sizeof(bytes) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	int fds[2];

	make_pair(SOCK_DGRAM, fds);
	set_option(fds[1], OLD, 1);
	CHECK_EQ(send(fds[0], "bytes", 5, 0), 5);
	CHECK_EQ(recvmsg(fds[1], &message, 0), 5);
	CHECK_EQ(message.msg_flags, MSG_CTRUNC);
	CHECK_EQ(CMSG_FIRSTHDR(&message)->cmsg_len, sizeof(control));
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	static const int options[] = { OLD, OLD_NS, NEW, NEW_NS };

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		told(SOCK_DGRAM, options[i]);
		told(SOCK_SEQPACKET, options[i]);
	}
	streams_do_not_tell();
	which_is_on();
	small_room();
	return 0;
}
