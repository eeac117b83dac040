/* Passing descriptors: what arrives, what is cut off, what is closed when nobody takes it. */
#include "socket_util.h"

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* The writers of a pipe are gone. */
static bool is_at_end(int read_end)
{
	struct pollfd poll_fd = { read_end, POLLIN, 0 };

	return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLHUP);
}

static void one_is_the_same_file(int type)
{
	int fds[2];
	char text[8] = "";

	make_pair(type, fds);
	make_file("passed", "abcdef");
	int file = MUST(open("passed", O_RDONLY));
	CHECK_EQ(read(file, text, 2), 2);
	send_fd(fds[0], file);
	int copy = receive_fd(fds[1]);
	CHECK(copy != file);
	CHECK_EQ(fcntl(copy, F_GETFD), 0);
	/* The position is shared: it is the same description. */
	CHECK_EQ(read(copy, text, 2), 2);
	CHECK_EQ(lseek(file, 0, SEEK_CUR), 4);
	close(copy);
	send_fd(fds[0], file);
	close(file);
	int flags;
	CHECK_EQ(receive_fds_flags(fds[1], &copy, 1, MSG_CMSG_CLOEXEC, &flags), 1);
	CHECK(flags & MSG_CMSG_CLOEXEC);
	CHECK_EQ(fcntl(copy, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(lseek(copy, 0, SEEK_CUR), 4);
	close(copy);
	close(fds[0]);
	close(fds[1]);
}

static void many_and_too_many(void)
{
	int fds[2], list[254], got[254];

	make_pair(SOCK_STREAM, fds);
	for (int i = 0; i < 254; i++)
		list[i] = fds[0];
	CHECK_EQ(send_fds(fds[0], list, 253), 1);
	CHECK_EQ(receive_fds_flags(fds[1], got, 253, 0, NULL), 253);
	for (int i = 0; i < 253; i++)
		CHECK(close(got[i]) == 0);
	char control[CMSG_SPACE(254 * sizeof(int))] = { 0 };
	char byte = 'x';
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(list));
	memcpy(CMSG_DATA(head), list, sizeof(list));
	CHECK_ERRNO(sendmsg(fds[0], &message, 0), EINVAL);
	/* Nothing was sent. */
	CHECK_ERRNO(recv(fds[1], &byte, 1, MSG_DONTWAIT), EAGAIN);
	close(fds[0]);
	close(fds[1]);
}

static void bad_control_messages(void)
{
	char control[CMSG_SPACE(8)] = { 0 };
	char byte = 'x';
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = CMSG_SPACE(4),
	};
	struct cmsghdr *head = (struct cmsghdr *)control;
	int fds[2], bad = 999;

	make_pair(SOCK_STREAM, fds);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(4);
	memcpy(CMSG_DATA(head), &bad, 4);
	CHECK_ERRNO(sendmsg(fds[0], &message, 0), EBADF);
	head->cmsg_len = CMSG_LEN(0) - 1;
	CHECK_ERRNO(sendmsg(fds[0], &message, 0), EINVAL);
	head->cmsg_len = 1000;
	CHECK_ERRNO(sendmsg(fds[0], &message, 0), EINVAL);
	head->cmsg_len = CMSG_LEN(4);
	head->cmsg_type = 77;
	CHECK_ERRNO(sendmsg(fds[0], &message, 0), EINVAL);
	head->cmsg_level = 77; /* another level's: not looked at */
	CHECK_EQ(sendmsg(fds[0], &message, 0), 1);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(0); /* no descriptors at all */
	CHECK_EQ(sendmsg(fds[0], &message, 0), 1);
	CHECK_EQ(recv(fds[1], control, 2, 0), 2);
	static char huge[30000];
	message.msg_control = huge;
	message.msg_controllen = sizeof(huge);
	((struct cmsghdr *)huge)->cmsg_len = CMSG_LEN(0);
	errno = 0;
	if (sendmsg(fds[0], &message, 0) >= 0 || (errno != ENOBUFS && errno != EINVAL))
		FAIL("a huge control buffer");
	close(fds[0]);
	close(fds[1]);
}

/* Without room, or without asking, they are closed and the message says so. */
static void not_taken(void)
{
	int fds[2], pipe_fds[2], got[4], flags;
	char byte;

	make_pair(SOCK_STREAM, fds);
	CHECK(pipe(pipe_fds) == 0);
	int both[2] = { pipe_fds[1], pipe_fds[1] };
	CHECK_EQ(send_fds(fds[0], both, 2), 1);
	close(pipe_fds[1]);
	CHECK_EQ(receive_fds_flags(fds[1], got, 1, 0, &flags), 1);
	CHECK_EQ(flags & MSG_CTRUNC, MSG_CTRUNC);
	CHECK(!is_at_end(pipe_fds[0]));
	send_fd(fds[0], got[0]);
	close(got[0]);
	CHECK(!is_at_end(pipe_fds[0]));
	CHECK_EQ(read(fds[1], &byte, 1), 1);
	CHECK(is_at_end(pipe_fds[0]));
	close(pipe_fds[0]);
	/* No control buffer at all. */
	send_fd(fds[0], 0);
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	CHECK_EQ(recvmsg(fds[1], &message, 0), 1);
	CHECK_EQ(message.msg_flags, MSG_CTRUNC);
	/* A table without room. */
	struct rlimit old, limit;
	CHECK(getrlimit(RLIMIT_NOFILE, &old) == 0);
	int list[3] = { 0, 0, 0 };
	CHECK_EQ(send_fds(fds[0], list, 3), 1);
	int highest = MUST(dup(0));
	limit = (struct rlimit){ highest + 1, old.rlim_max };
	close(highest);
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHECK_EQ(receive_fds_flags(fds[1], got, 3, 0, &flags), 1);
	CHECK_EQ(got[0], highest);
	CHECK(flags & MSG_CTRUNC);
	CHECK(setrlimit(RLIMIT_NOFILE, &old) == 0);
	close(highest);
	close(fds[0]);
	close(fds[1]);
}

/* Never received: closing the sockets closes what lies in them. */
static void lost_with_the_socket(void)
{
	int fds[2], pipe_fds[2];

	for (int which = 0; which < 2; which++) {
		make_pair(SOCK_DGRAM, fds);
		CHECK(pipe(pipe_fds) == 0);
		send_fd(fds[0], pipe_fds[1]);
		close(pipe_fds[1]);
		CHECK(!is_at_end(pipe_fds[0]));
		close(fds[which]);
		if (which == 0)
			CHECK(!is_at_end(pipe_fds[0]));
		close(fds[!which]);
		CHECK(is_at_end(pipe_fds[0]));
		close(pipe_fds[0]);
	}
	/* Or with the listener that never accepted. */
	int listener = make_listener(SOCK_STREAM, "@lost", 1);
	int client = make_client(SOCK_STREAM, "@lost");
	CHECK(pipe(pipe_fds) == 0);
	send_fd(client, pipe_fds[1]);
	close(pipe_fds[1]);
	CHECK(!is_at_end(pipe_fds[0]));
	close(listener);
	CHECK(is_at_end(pipe_fds[0]));
	close(client);
	close(pipe_fds[0]);
}

/* A stream's reader stops behind bytes that came with descriptors. */
static void borders_in_streams(void)
{
	char buffer[16];
	int fds[2];

	make_pair(SOCK_STREAM, fds);
	CHECK_EQ(write(fds[0], "ab", 2), 2);
	send_fd(fds[0], 0);
	CHECK_EQ(write(fds[0], "cd", 2), 2);
	CHECK_EQ(read(fds[1], buffer, sizeof(buffer)), 3);
	CHECK_EQ(read(fds[1], buffer, sizeof(buffer)), 2);
	close(fds[0]);
	close(fds[1]);
}

static void peeked_ones_are_copies(void)
{
	int fds[2], first, second;

	make_pair(SOCK_STREAM, fds);
	send_fd(fds[0], 0);
	CHECK_EQ(receive_fds_flags(fds[1], &first, 1, MSG_PEEK, NULL), 1);
	CHECK_EQ(receive_fds_flags(fds[1], &second, 1, 0, NULL), 1);
	CHECK(first != second && is_open(first) && is_open(second));
	close(first);
	close(second);
	close(fds[0]);
	close(fds[1]);
}

static void place_only(void)
{
	int fds[2];

	make_pair(SOCK_STREAM, fds);
	int place = MUST(open(".", O_PATH));
	send_fd(fds[0], place);
	close(place);
	place = receive_fd(fds[1]);
	CHECK_ERRNO(read(place, fds, 1), EBADF);
	CHECK(fchdir(place) == 0);
	close(place);
	close(fds[0]);
	close(fds[1]);
}

/* An ordinary user may have only so many under way. */
static void as_user(void)
{
	struct rlimit limit = { 64, 64 };
	int fds[2], list[50], result = 0, sent = 0;

	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	make_pair(SOCK_STREAM, fds);
	for (int i = 0; i < 50; i++)
		list[i] = 0;
	while (sent < 20 && (result = send_fds(fds[0], list, 50)) == 1)
		sent++;
	CHECK(result < 0);
	CHECK_EQ(errno, ETOOMANYREFS);
	CHECK_EQ(sent, 2);
	char byte;
	CHECK_EQ(read(fds[1], &byte, 1), 1);
	CHECK_EQ(send_fds(fds[0], list, 1), 1);
}

int main(void)
{
	one_is_the_same_file(SOCK_STREAM);
	one_is_the_same_file(SOCK_DGRAM);
	one_is_the_same_file(SOCK_SEQPACKET);
	many_and_too_many();
	bad_control_messages();
	not_taken();
	lost_with_the_socket();
	borders_in_streams();
	peeked_ones_are_copies();
	place_only();
	run_as(OTHER_UID, as_user);
	return 0;
}
