/* Sockets for tests: pairs, names, passing descriptors. */
#pragma once
#include "check.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

static inline void make_pair(int type, int fds[2])
{
	CHECK(socketpair(AF_UNIX, type, 0, fds) == 0);
}

/* The address of a path, or of an abstract name that begins with '@'. */
static inline socklen_t make_address(struct sockaddr_un *address, const char *name)
{
	size_t length = strlen(name);

	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, name, length);
	if (name[0] == '@')
		address->sun_path[0] = '\0';
	else
		length++;
	return offsetof(struct sockaddr_un, sun_path) + length;
}

static inline int bind_name(int fd, const char *name)
{
	struct sockaddr_un address;
	socklen_t size = make_address(&address, name);

	return bind(fd, (struct sockaddr *)&address, size);
}

static inline int connect_name(int fd, const char *name)
{
	struct sockaddr_un address;
	socklen_t size = make_address(&address, name);

	return connect(fd, (struct sockaddr *)&address, size);
}

static inline ssize_t send_to_name(int fd, const void *bytes, size_t count, const char *name)
{
	struct sockaddr_un address;
	socklen_t size = make_address(&address, name);

	return sendto(fd, bytes, count, 0, (struct sockaddr *)&address, size);
}

static inline int make_listener(int type, const char *name, int backlog)
{
	int fd = MUST(socket(AF_UNIX, type, 0));

	CHECK(bind_name(fd, name) == 0);
	CHECK(listen(fd, backlog) == 0);
	return fd;
}

static inline int make_client(int type, const char *name)
{
	int fd = MUST(socket(AF_UNIX, type, 0));

	CHECK(connect_name(fd, name) == 0);
	return fd;
}

static inline int get_option(int fd, int name)
{
	int value = -1;
	socklen_t size = sizeof(value);

	CHECK(getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0);
	CHECK_EQ(size, sizeof(value));
	return value;
}

static inline void set_option(int fd, int name, int value)
{
	CHECK(setsockopt(fd, SOL_SOCKET, name, &value, sizeof(value)) == 0);
}

static inline int poll_now(int fd, int events)
{
	struct pollfd poll_fd = { fd, events, 0 };

	MUST(poll(&poll_fd, 1, 0));
	return poll_fd.revents;
}

/* One byte with `count` descriptors beside it. */
static inline ssize_t send_fds_flags(int fd, const int *fds, int count, int flags)
{
	char control[CMSG_SPACE(253 * sizeof(int))] = { 0 };
	char byte = 'f';
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (count > 0) {
		message.msg_control = control;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		struct cmsghdr *head = CMSG_FIRSTHDR(&message);

		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(head), fds, count * sizeof(int));
	}
	return sendmsg(fd, &message, flags);
}

static inline ssize_t send_fds(int fd, const int *fds, int count)
{
	return send_fds_flags(fd, fds, count, 0);
}

static inline void send_fd(int fd, int passed)
{
	CHECK_EQ(send_fds(fd, &passed, 1), 1);
}

/* One byte; how many descriptors came with it, in `fds`, of at most `room`. */
static inline int receive_fds_flags(int fd, int *fds, int room, int flags, int *out_flags)
{
	char control[CMSG_SPACE(253 * sizeof(int))];
	char byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_LEN(room * sizeof(int)),
	};
	struct cmsghdr *head;

	if (MUST(recvmsg(fd, &message, flags)) != 1)
		return -1;
	if (out_flags)
		*out_flags = message.msg_flags;
	head = CMSG_FIRSTHDR(&message);
	if (!head || head->cmsg_type != SCM_RIGHTS)
		return 0;
	memcpy(fds, CMSG_DATA(head), head->cmsg_len - CMSG_LEN(0));
	return (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
}

static inline int receive_fd(int fd)
{
	int passed = -1;

	CHECK_EQ(receive_fds_flags(fd, &passed, 1, 0, NULL), 1);
	return passed;
}
