/* The old door socketcall(2) and the calls of their own do the same, down to the errors. */
#include "socket_util.h"

enum {
	CALL_SOCKET = 1, CALL_BIND, CALL_CONNECT, CALL_LISTEN, CALL_ACCEPT, CALL_GETSOCKNAME,
	CALL_GETPEERNAME, CALL_SOCKETPAIR, CALL_SEND, CALL_RECV, CALL_SENDTO, CALL_RECVFROM,
	CALL_SHUTDOWN, CALL_SETSOCKOPT, CALL_GETSOCKOPT, CALL_SENDMSG, CALL_RECVMSG, CALL_ACCEPT4,
	CALL_RECVMMSG, CALL_SENDMMSG,
};

static long door(long call, long a, long b, long c, long d, long e, long f)
{
	long block[6] = { a, b, c, d, e, f };

	return raw_syscall(102, call, block, 0, 0, 0, 0);
}

#define ADDRESS(object) ((long)&(object))

static void through_the_door(void)
{
	struct sockaddr_un name;
	socklen_t size;
	char buffer[16];
	int fds[2], value = 1;

	long listener = door(CALL_SOCKET, AF_UNIX, SOCK_STREAM, 0, 0, 0, 0);
	CHECK(listener >= 0);
	size = make_address(&name, "@door");
	CHECK_EQ(door(CALL_BIND, listener, ADDRESS(name), size, 0, 0, 0), 0);
	CHECK_EQ(door(CALL_LISTEN, listener, 5, 0, 0, 0, 0), 0);
	long client = door(CALL_SOCKET, AF_UNIX, SOCK_STREAM, 0, 0, 0, 0);
	CHECK_EQ(door(CALL_CONNECT, client, ADDRESS(name), size, 0, 0, 0), 0);
	size = sizeof(name);
	long server = door(CALL_ACCEPT, listener, ADDRESS(name), ADDRESS(size), 0, 0, 0);
	CHECK(server >= 0);
	CHECK_EQ(size, 2);
	CHECK_EQ(door(CALL_SEND, client, (long)"hello", 5, 0, 0, 0), 5);
	CHECK_EQ(door(CALL_RECV, server, (long)buffer, 3, 0, 0, 0), 3);
	size = sizeof(name);
	CHECK_EQ(door(CALL_RECVFROM, server, (long)buffer, 16, 0, ADDRESS(name), ADDRESS(size)), 2);
	CHECK_EQ(door(CALL_SENDTO, server, (long)"back", 4, 0, 0, 0), 4);
	struct iovec part = { buffer, sizeof(buffer) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	CHECK_EQ(door(CALL_RECVMSG, client, ADDRESS(message), 0, 0, 0, 0), 4);
	part.iov_len = 4;
	CHECK_EQ(door(CALL_SENDMSG, client, ADDRESS(message), 0, 0, 0, 0), 4);
	struct mmsghdr many = { .msg_hdr = message };
	CHECK_EQ(door(CALL_RECVMMSG, server, ADDRESS(many), 1, 0, 0, 0), 1);
	CHECK_EQ(many.msg_len, 4);
	CHECK_EQ(door(CALL_SENDMMSG, server, ADDRESS(many), 1, 0, 0, 0), 1);
	size = sizeof(name);
	CHECK_EQ(door(CALL_GETSOCKNAME, server, ADDRESS(name), ADDRESS(size), 0, 0, 0), 0);
	CHECK_EQ(size, 2 + 5);
	size = sizeof(name);
	CHECK_EQ(door(CALL_GETPEERNAME, client, ADDRESS(name), ADDRESS(size), 0, 0, 0), 0);
	CHECK_EQ(size, 2 + 5);
	CHECK_EQ(door(CALL_SETSOCKOPT, client, SOL_SOCKET, SO_KEEPALIVE, ADDRESS(value), 4, 0), 0);
	value = 0;
	size = 4;
	CHECK_EQ(door(CALL_GETSOCKOPT, client, SOL_SOCKET, SO_KEEPALIVE, ADDRESS(value),
		      ADDRESS(size), 0), 0);
	CHECK_EQ(value, 1);
	CHECK_EQ(door(CALL_SHUTDOWN, client, SHUT_WR, 0, 0, 0, 0), 0);
	CHECK_EQ(door(CALL_ACCEPT4, listener, 0, 0, 1, 0, 0), -EINVAL);
	CHECK_EQ(door(CALL_SOCKETPAIR, AF_UNIX, SOCK_DGRAM, 0, ADDRESS(fds), 0, 0), 0);
}

static void errors(void)
{
	CHECK_EQ(door(0, 0, 0, 0, 0, 0, 0), -EINVAL);
	CHECK_EQ(door(21, 0, 0, 0, 0, 0, 0), -EINVAL);
	CHECK_EQ(door(-1, 0, 0, 0, 0, 0, 0), -EINVAL);
	CHECK_EQ(raw_syscall(102, CALL_SOCKET, 8, 0, 0, 0, 0), -EFAULT);
	CHECK_EQ(raw_syscall(102, 99, 8, 0, 0, 0, 0), -EINVAL);
	/* A block that ends at the end of a page: only what the call takes is read. */
	char *end = map_page_before_hole();
	long *block = (long *)(end - 2 * sizeof(long));
	block[0] = 999;
	block[1] = 1;
	CHECK_EQ(raw_syscall(102, CALL_LISTEN, block, 0, 0, 0, 0), -EBADF);
	CHECK_EQ(raw_syscall(102, CALL_BIND, block, 0, 0, 0, 0), -EFAULT);
	CHECK_EQ(door(CALL_SOCKET, 46, SOCK_STREAM, 0, 0, 0, 0), -EAFNOSUPPORT);
}

/* By their own numbers. */
static void directly(void)
{
	struct sockaddr_un name;
	socklen_t size = make_address(&name, "@direct");
	char buffer[8];
	int fds[2], value;

	long listener = raw_syscall(359, AF_UNIX, SOCK_STREAM, 0, 0, 0, 0);
	CHECK(listener >= 0);
	CHECK_EQ(raw_syscall(361, listener, &name, size, 0, 0, 0), 0);
	CHECK_EQ(raw_syscall(363, listener, 5, 0, 0, 0, 0), 0);
	long client = raw_syscall(359, AF_UNIX, SOCK_STREAM, 0, 0, 0, 0);
	CHECK_EQ(raw_syscall(362, client, &name, size, 0, 0, 0), 0);
	long server = raw_syscall(364, listener, 0, 0, SOCK_CLOEXEC, 0, 0);
	CHECK(server >= 0);
	CHECK_EQ(raw_syscall(369, client, "abc", 3, 0, 0, 0), 3);
	CHECK_EQ(raw_syscall(371, server, buffer, 8, 0, 0, 0), 3);
	size = 4;
	CHECK_EQ(raw_syscall(365, client, SOL_SOCKET, SO_TYPE, &value, &size, 0), 0);
	CHECK_EQ(value, SOCK_STREAM);
	value = 1;
	CHECK_EQ(raw_syscall(366, client, SOL_SOCKET, SO_PASSCRED, &value, 4, 0), 0);
	size = sizeof(name);
	CHECK_EQ(raw_syscall(367, listener, &name, &size, 0, 0, 0), 0);
	CHECK_EQ(size, 2 + 7);
	CHECK_EQ(raw_syscall(368, client, &name, &size, 0, 0, 0), 0);
	CHECK_EQ(raw_syscall(373, client, SHUT_RDWR, 0, 0, 0, 0), 0);
	CHECK_EQ(raw_syscall(360, AF_UNIX, SOCK_STREAM, 0, fds, 0, 0), 0);
	struct iovec part = { "xyz", 3 };
	struct mmsghdr many = { .msg_hdr = { .msg_iov = &part, .msg_iovlen = 1 } };
	CHECK_EQ(raw_syscall(345, fds[0], &many, 1, 0, 0, 0), 1);
	part.iov_base = buffer;
	int64_t limit[2] = { 5, 0 };
	CHECK_EQ(raw_syscall(417, fds[1], &many, 1, 0, limit, 0), 1);
	CHECK(memcmp(buffer, "xyz", 3) == 0);
	CHECK(limit[0] <= 5);
	CHECK_EQ(raw_syscall(345, fds[0], &many, 1, 0, 0, 0), 1);
	int32_t narrow[2] = { 5, 0 };
	CHECK_EQ(raw_syscall(337, fds[1], &many, 1, 0, narrow, 0), 1);
}

int main(void)
{
	through_the_door();
	errors();
	directly();
	return 0;
}
