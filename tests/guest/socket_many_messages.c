/* sendmmsg and recvmmsg: many messages in one call, and where they stop. */
#include "socket_util.h"

enum { COUNT = 8 };

static char texts[COUNT][16];
static struct iovec parts[COUNT];
static struct mmsghdr messages[COUNT];

static void prepare(int count)
{
	memset(messages, 0, sizeof(messages));
	for (int i = 0; i < count; i++) {
		parts[i] = (struct iovec){ texts[i], sizeof(texts[i]) };
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
}

static void prepare_texts(int count)
{
	prepare(count);
	for (int i = 0; i < count; i++)
		parts[i].iov_len = snprintf(texts[i], sizeof(texts[i]), "message %d", i * 1000);
}

static void all_of_them(void)
{
	int fds[2];

	make_pair(SOCK_DGRAM, fds);
	prepare_texts(COUNT);
	CHECK_EQ(sendmmsg(fds[0], messages, COUNT, 0), COUNT);
	for (int i = 0; i < COUNT; i++)
		CHECK_EQ(messages[i].msg_len, parts[i].iov_len);
	memset(texts, 0, sizeof(texts));
	prepare(COUNT);
	CHECK_EQ(recvmmsg(fds[1], messages, 3, 0, NULL), 3);
	CHECK_EQ(messages[0].msg_len, 9);
	CHECK_EQ(messages[1].msg_len, 12);
	CHECK(strcmp(texts[2], "message 2000") == 0);
	/* The others, then no more: not an error while there were some. */
	CHECK_EQ(recvmmsg(fds[1], messages, COUNT, MSG_DONTWAIT, NULL), 5);
	CHECK_ERRNO(recvmmsg(fds[1], messages, COUNT, MSG_DONTWAIT, NULL), EAGAIN);
	CHECK_EQ(recvmmsg(fds[1], messages, 0, 0, NULL), 0);
	CHECK_EQ(sendmmsg(fds[0], messages, 0, 0), 0);
	/* MSG_WAITFORONE waits for the first only. */
	CHECK_EQ(send(fds[0], "x", 1, 0), 1);
	CHECK_EQ(recvmmsg(fds[1], messages, COUNT, MSG_WAITFORONE, NULL), 1);
	close(fds[0]);
	close(fds[1]);
}

static void stopped_by_errors(void)
{
	int fds[2];

	make_pair(SOCK_DGRAM, fds);
	prepare_texts(4);
	parts[2].iov_base = (void *)8;
	CHECK_EQ(sendmmsg(fds[0], messages, 4, 0), 2);
	CHECK_ERRNO(sendmmsg(fds[0], messages + 2, 2, 0), EFAULT);
	prepare(4);
	parts[1].iov_base = (void *)8;
	CHECK_EQ(recvmmsg(fds[1], messages, 4, MSG_DONTWAIT, NULL), 1);
	/* What stopped it is told by the next call. */
	CHECK_EQ(get_option(fds[1], SO_ERROR), EFAULT);
	CHECK_ERRNO(recvmmsg(fds[1], messages, 4, MSG_DONTWAIT, NULL), EAGAIN);
	/* Past the C library, which would look at the time itself. */
	CHECK_ERRNO(syscall(SYS_recvmmsg, fds[1], messages, 1, 0, 8), EFAULT);
	long bad[2] = { 0, 2000000000 };
	CHECK_ERRNO(syscall(SYS_recvmmsg, fds[1], messages, 1, 0, bad), EINVAL);
	CHECK_ERRNO(sendmmsg(999, messages, 1, 0), EBADF);
	CHECK_ERRNO(recvmmsg(0, messages, 1, 0, NULL), ENOTSOCK);
	close(fds[0]);
	close(fds[1]);
}

static void until_a_time(void)
{
	struct timespec limit = { 5, 0 };
	int fds[2];

	make_pair(SOCK_DGRAM, fds);
	prepare_texts(2);
	CHECK_EQ(sendmmsg(fds[0], messages, 2, 0), 2);
	prepare(2);
	CHECK_EQ(recvmmsg(fds[1], messages, 2, 0, &limit), 2);
	CHECK(limit.tv_sec <= 5 && limit.tv_sec >= 1);
	/* No time at all: one message is received all the same. */
	CHECK_EQ(send(fds[0], "x", 1, 0), 1);
	CHECK_EQ(send(fds[0], "y", 1, 0), 1);
	limit = (struct timespec){ 0, 0 };
	CHECK_EQ(recvmmsg(fds[1], messages, 2, 0, &limit), 1);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	close(0);
	CHECK_EQ(open("/dev/null", O_RDONLY), 0);
	all_of_them();
	stopped_by_errors();
	until_a_time();
	return 0;
}
