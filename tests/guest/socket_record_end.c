/*
 * MSG_EOR: each message of a seqpacket socket is a record, however it was sent; the flag is taken
 * by every kind of local socket, and none gives it back.
 */
#include "socket_util.h"

static int receive_flags(int fd, size_t expected, char *text, size_t room)
{
	struct iovec part = { text, room };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_flags = -1 };

	CHECK_EQ(recvmsg(fd, &message, 0), expected);
	return message.msg_flags;
}

static void send_record(int fd, const char *text, int flags)
{
	struct iovec part = { (char *)text, strlen(text) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	CHECK_EQ(sendmsg(fd, &message, flags), strlen(text));
}

static void test_records(int type)
{
	char text[16];
	int fds[2];

	make_pair(type, fds);
	CHECK_EQ(send(fds[0], "one", 3, MSG_EOR), 3);
	send_record(fds[0], "second", MSG_EOR);
	send_record(fds[0], "third", 0);
	CHECK_EQ(write(fds[0], "4", 1), 1);
	CHECK_EQ(receive_flags(fds[1], 3, text, sizeof(text)), 0);
	CHECK(memcmp(text, "one", 3) == 0);
	CHECK_EQ(receive_flags(fds[1], 2, text, 2), MSG_TRUNC);
	CHECK(memcmp(text, "se", 2) == 0);
	CHECK_EQ(receive_flags(fds[1], 5, text, sizeof(text)), 0);
	CHECK(memcmp(text, "third", 5) == 0);
	CHECK_EQ(receive_flags(fds[1], 1, text, sizeof(text)), 0);
	close(fds[0]);
	close(fds[1]);
}

static void test_stream(void)
{
	char text[16];
	int fds[2];

	make_pair(SOCK_STREAM, fds);
	CHECK_EQ(send(fds[0], "one", 3, MSG_EOR), 3);
	send_record(fds[0], "two", MSG_EOR);
	/* A stream has no records. */
	CHECK_EQ(receive_flags(fds[1], 6, text, sizeof(text)), 0);
	CHECK(memcmp(text, "onetwo", 6) == 0);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	test_records(SOCK_SEQPACKET);
	test_records(SOCK_DGRAM);
	test_stream();
	return 0;
}
