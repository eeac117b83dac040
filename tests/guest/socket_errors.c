/* Which error wins when several apply. */
#include "socket_util.h"

/* Volatile, so that the compiler does not see through it. */
static void *volatile bad_address = (void *)8;

#define BAD bad_address

static void making(void)
{
	int fds[2];

	CHECK_ERRNO(socket(-1, SOCK_STREAM, 0), EAFNOSUPPORT);
	CHECK_ERRNO(socket(46, SOCK_STREAM, 0), EAFNOSUPPORT);
	CHECK_ERRNO(socket(46, 0x10, 0), EINVAL);
	CHECK_ERRNO(socket(AF_UNIX, 15, 0), EINVAL);
	CHECK_ERRNO(socket(AF_UNIX, 11, 0), EINVAL);
	CHECK_ERRNO(socket(AF_UNIX, 0, 0), ESOCKTNOSUPPORT);
	CHECK_ERRNO(socket(AF_UNIX, SOCK_RDM, 0), ESOCKTNOSUPPORT);
	CHECK_ERRNO(socket(AF_UNIX, SOCK_STREAM, 2), EPROTONOSUPPORT);
	CHECK_ERRNO(socket(AF_UNIX, SOCK_RDM, 2), EPROTONOSUPPORT);
	CHECK_ERRNO(socket(AF_UNIX, SOCK_STREAM | 0x10, 0), EINVAL);
	int fd = MUST(socket(AF_UNIX, SOCK_RAW, 1));
	CHECK_EQ(get_option(fd, SO_TYPE), SOCK_DGRAM);
	close(fd);
	CHECK_ERRNO(socketpair(AF_UNIX, SOCK_STREAM, 0, BAD), EFAULT);
	CHECK_ERRNO(socketpair(46, SOCK_STREAM, 0, BAD), EFAULT);
	CHECK_ERRNO(socketpair(46, SOCK_STREAM, 0, fds), EAFNOSUPPORT);
	CHECK_ERRNO(socketpair(AF_UNIX, SOCK_STREAM | 0x10, 0, BAD), EINVAL);
	CHECK_ERRNO(socketpair(AF_UNIX, SOCK_STREAM, 7, fds), EPROTONOSUPPORT);
}

static void on_what_is_no_socket(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "x" };
	socklen_t size = sizeof(name);
	char byte;
	int value = 0;
	int file = MUST(open("plain", O_CREAT | O_RDWR, 0600));
	struct sockaddr *address = (struct sockaddr *)&name;

	for (int i = 0; i < 2; i++) {
		int fd = i ? file : 999;
		int error = i ? ENOTSOCK : EBADF;

		CHECK_ERRNO(bind(fd, BAD, 4), error);
		CHECK_ERRNO(bind(fd, address, -1), error);
		CHECK_ERRNO(listen(fd, 1), error);
		CHECK_ERRNO(accept(fd, NULL, NULL), error);
		CHECK_ERRNO(accept4(fd, NULL, NULL, 1), i ? EINVAL : EBADF);
		CHECK_ERRNO(getsockname(fd, address, &size), error);
		CHECK_ERRNO(getpeername(fd, BAD, BAD), error);
		CHECK_ERRNO(send(fd, "x", 1, 0), error);
		CHECK_ERRNO(recv(fd, &byte, 1, 0), error);
		CHECK_ERRNO(sendmsg(fd, BAD, 0), error);
		CHECK_ERRNO(recvmsg(fd, BAD, 0), error);
		CHECK_ERRNO(shutdown(fd, 9), error);
		CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, 4), error);
		CHECK_ERRNO(getsockopt(fd, SOL_SOCKET, SO_TYPE, BAD, BAD), error);
		CHECK_ERRNO(connect(fd, address, size), error);
		CHECK_ERRNO(connect(fd, BAD, size), i ? EFAULT : EBADF);
		CHECK_ERRNO(connect(fd, address, 129), i ? EINVAL : EBADF);
	}
	close(file);
	int place = MUST(open("plain", O_PATH));
	CHECK_ERRNO(listen(place, 1), EBADF);
	close(place);
}

static void on_headers(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "nobody" };
	char byte = 'x';
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	int fds[2];

	make_pair(SOCK_DGRAM, fds);
	message.msg_iovlen = 1025;
	CHECK_ERRNO(sendmsg(fds[0], &message, 0), EMSGSIZE);
	CHECK_ERRNO(recvmsg(fds[0], &message, 0), EMSGSIZE);
	message.msg_iovlen = 1;
	message.msg_name = &name;
	message.msg_namelen = -1;
	CHECK_ERRNO(sendmsg(fds[0], &message, 0), EINVAL);
	message.msg_namelen = sizeof(name);
	CHECK_ERRNO(sendmsg(fds[0], &message, 0), ENOENT);
	message.msg_name = NULL;
	message.msg_namelen = -1;
	CHECK_EQ(sendmsg(fds[0], &message, 0), 1); /* no name: its size does not matter */
	message.msg_namelen = 0;
	message.msg_control = BAD;
	message.msg_controllen = 16;
	CHECK_ERRNO(sendmsg(fds[0], &message, 0), EFAULT);
	part.iov_base = BAD;
	message.msg_control = NULL;
	CHECK_ERRNO(sendmsg(fds[0], &message, 0), EFAULT);
	CHECK_ERRNO(send(fds[0], &byte, 1, MSG_OOB), EOPNOTSUPP);
	CHECK_ERRNO(recv(fds[1], &byte, 1, MSG_OOB), EOPNOTSUPP);
	/* A datagram that has nowhere to go is gone. */
	CHECK_ERRNO(recv(fds[1], BAD, 1, 0), EFAULT);
	CHECK_ERRNO(recv(fds[1], &byte, 1, MSG_DONTWAIT), EAGAIN);
	close(fds[0]);
	close(fds[1]);
	make_pair(SOCK_STREAM, fds);
	CHECK_ERRNO(send(fds[0], BAD, 1, 0), EFAULT);
	CHECK_EQ(write(fds[0], "kept", 4), 4);
	CHECK_ERRNO(read(fds[1], BAD, 4), EFAULT);
	CHECK_EQ(read(fds[1], &byte, 1), 1);
	CHECK_EQ(byte, 'k');
	/* A part of a write that cannot be read: what came before it is sent. */
	char *end = map_page_before_hole();
	CHECK_EQ(read(fds[1], end - 3, 3), 3);
	CHECK_ERRNO(write(fds[0], end - 3, 6), EFAULT);
	CHECK_EQ(write(fds[0], "abcdef", 6), 6);
	CHECK_ERRNO(read(fds[1], end - 3, 6), EFAULT);
	close(fds[0]);
	close(fds[1]);
}

static void table_is_full(void)
{
	struct rlimit limit = { 32, 32 };
	int fds[2], listener, client;

	listener = make_listener(SOCK_STREAM, "@limited", 5);
	client = make_client(SOCK_STREAM, "@limited");
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	while (dup(0) >= 0)
		;
	CHECK_EQ(errno, EMFILE);
	CHECK_ERRNO(socket(AF_UNIX, SOCK_STREAM, 0), EMFILE);
	CHECK_ERRNO(socketpair(AF_UNIX, SOCK_STREAM, 0, BAD), EMFILE);
	CHECK_ERRNO(accept(listener, NULL, NULL), EMFILE);
	close(31);
	close(30);
	/* The connection that could not be accepted is still there. */
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	close(fds[0]);
	CHECK_EQ(accept(listener, NULL, NULL), fds[0]);
	close(client);
}

int main(void)
{
	making();
	on_what_is_no_socket();
	on_headers();
	in_child(table_is_full);
	return 0;
}
