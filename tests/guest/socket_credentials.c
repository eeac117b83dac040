/* Who is at the other side, and who sent this: SO_PEERCRED, SCM_CREDENTIALS, SO_PASSCRED. */
#include "socket_util.h"

static void expect_peer(int fd, pid_t pid, uid_t uid, gid_t gid)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	CHECK(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0);
	CHECK_EQ(size, sizeof(peer));
	CHECK_EQ(peer.pid, pid);
	CHECK_EQ(peer.uid, uid);
	CHECK_EQ(peer.gid, gid);
}

static ssize_t send_as(int fd, pid_t pid, uid_t uid, gid_t gid)
{
	char control[CMSG_SPACE(sizeof(struct ucred))] = { 0 };
	struct ucred claim = { pid, uid, gid };
	struct iovec part = { "c", 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_CREDENTIALS;
	head->cmsg_len = CMSG_LEN(sizeof(claim));
	memcpy(CMSG_DATA(head), &claim, sizeof(claim));
	return sendmsg(fd, &message, 0);
}

/* One message; false if it came without credentials. */
static bool receive_from(int fd, struct ucred *who, int size)
{
	char control[CMSG_SPACE(sizeof(struct ucred))];
	char buffer[16];
	struct iovec part = { buffer, size };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *head;

	CHECK(recvmsg(fd, &message, 0) > 0);
	head = CMSG_FIRSTHDR(&message);
	if (!head)
		return false;
	CHECK_EQ(head->cmsg_level, SOL_SOCKET);
	CHECK_EQ(head->cmsg_type, SCM_CREDENTIALS);
	CHECK_EQ(head->cmsg_len, CMSG_LEN(sizeof(*who)));
	memcpy(who, CMSG_DATA(head), sizeof(*who));
	return true;
}

static void expect_from(int fd, pid_t pid, uid_t uid, gid_t gid)
{
	struct ucred who;

	CHECK(receive_from(fd, &who, 1));
	CHECK_EQ(who.pid, pid);
	CHECK_EQ(who.uid, uid);
	CHECK_EQ(who.gid, gid);
}

static void peers(void)
{
	int fds[2];
	struct gate gate = gate_create();
	int lone = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	expect_peer(lone, 0, -1, -1);
	close(lone);
	make_pair(SOCK_STREAM, fds);
	expect_peer(fds[0], getpid(), 0, 0);
	close(fds[0]);
	close(fds[1]);
	int listener = make_listener(SOCK_STREAM, "@peers", 5);
	pid_t child = FORK();
	if (child == 0) {
		become_user(OTHER_UID, OTHER_GID);
		int client = make_client(SOCK_STREAM, "@peers");
		expect_peer(client, getppid(), 0, 0);
		gate_pass(&gate);
		_exit(0);
	}
	int server = MUST(accept(listener, NULL, NULL));
	expect_peer(server, child, OTHER_UID, OTHER_GID);
	gate_open(&gate);
	CHECK_EQ(wait_exit_status(child), 0);
	/* It was who it was, even when it is gone. */
	expect_peer(server, child, OTHER_UID, OTHER_GID);
	gid_t groups[64];
	socklen_t size = sizeof(groups);
	CHECK(getsockopt(server, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0);
	CHECK_EQ(size, 0);
	close(server);
	close(listener);
}

static void sent_along(void)
{
	struct ucred who;
	int fds[2];

	make_pair(SOCK_DGRAM, fds);
	/* Not asked for: not told. Asked for too late: nobody in particular. */
	CHECK_EQ(send_as(fds[0], getpid(), 0, 0), 1);
	CHECK(!receive_from(fds[1], &who, 1));
	CHECK_EQ(write(fds[0], "x", 1), 1);
	set_option(fds[1], SO_PASSCRED, 1);
	CHECK_EQ(get_option(fds[1], SO_PASSCRED), 1);
	expect_from(fds[1], 0, 65534, 65534);
	CHECK_EQ(write(fds[0], "x", 1), 1);
	expect_from(fds[1], getpid(), 0, 0);
	/* Root may claim to be anybody who exists. */
	CHECK_EQ(send_as(fds[0], 1, 5, 6), 1);
	expect_from(fds[1], 1, 5, 6);
	CHECK_ERRNO(send_as(fds[0], 999999, 0, 0), ESRCH);
	pid_t child = FORK();
	if (child == 0) {
		become_user(OTHER_UID, OTHER_GID);
		CHECK_ERRNO(send_as(fds[0], getppid(), OTHER_UID, OTHER_GID), EPERM);
		CHECK_ERRNO(send_as(fds[0], getpid(), 0, OTHER_GID), EPERM);
		CHECK_ERRNO(send_as(fds[0], getpid(), OTHER_UID, 0), EPERM);
		CHECK_EQ(send_as(fds[0], getpid(), OTHER_UID, OTHER_GID), 1);
		_exit(0);
	}
	expect_from(fds[1], child, OTHER_UID, OTHER_GID);
	CHECK_EQ(wait_exit_status(child), 0);
	close(fds[0]);
	close(fds[1]);
}

/* Who wants to know who wrote gets no bytes of two writers at once. */
static void streams_are_cut(void)
{
	struct ucred who;
	char buffer[16];
	int fds[2];

	make_pair(SOCK_STREAM, fds);
	set_option(fds[1], SO_PASSCRED, 1);
	CHECK_EQ(write(fds[0], "ab", 2), 2);
	CHECK_EQ(write(fds[0], "cd", 2), 2);
	pid_t child = FORK();
	if (child == 0)
		_exit(write(fds[0], "ef", 2) == 2 ? 0 : 1);
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(recv(fds[1], buffer, 16, MSG_PEEK), 4);
	CHECK(receive_from(fds[1], &who, 16));
	CHECK_EQ(who.pid, getpid());
	CHECK(receive_from(fds[1], &who, 16));
	CHECK_EQ(who.pid, child);
	close(fds[0]);
	close(fds[1]);
}

/* Sent before it is accepted: told all the same. Asking makes an automatic name. */
static void before_accept(void)
{
	struct sockaddr_un name;
	socklen_t size = sizeof(name);
	int listener = make_listener(SOCK_STREAM, "@before", 5);

	set_option(listener, SO_PASSCRED, 1);
	int client = make_client(SOCK_STREAM, "@before");
	CHECK_EQ(write(client, "x", 1), 1);
	int server = MUST(accept(listener, NULL, NULL));
	CHECK_EQ(get_option(server, SO_PASSCRED), 1);
	expect_from(server, getpid(), 0, 0);
	close(client);
	close(server);
	client = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	set_option(client, SO_PASSCRED, 1);
	CHECK(connect_name(client, "@before") == 0);
	CHECK(getsockname(client, (struct sockaddr *)&name, &size) == 0);
	CHECK_EQ(size, 2 + 6);
	close(client);
	close(listener);
}

/* A small control buffer is filled as far as it goes. */
static void little_room(void)
{
	char control[CMSG_LEN(0) + 6];
	char byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fds[2];

	make_pair(SOCK_STREAM, fds);
	set_option(fds[1], SO_PASSCRED, 1);
	CHECK_EQ(write(fds[0], "xyz", 3), 3);
	CHECK_EQ(recvmsg(fds[1], &message, 0), 1);
	CHECK_EQ(message.msg_flags, MSG_CTRUNC);
	CHECK_EQ(message.msg_controllen, sizeof(control));
	CHECK_EQ(((struct cmsghdr *)control)->cmsg_len, sizeof(control));
	message.msg_controllen = CMSG_LEN(0) - 1;
	CHECK_EQ(recvmsg(fds[1], &message, 0), 1);
	CHECK_EQ(message.msg_flags, MSG_CTRUNC);
	CHECK_EQ(message.msg_controllen, 0);
	message.msg_control = NULL;
	CHECK_EQ(recvmsg(fds[1], &message, 0), 1);
	CHECK_EQ(message.msg_flags, MSG_CTRUNC);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	peers();
	sent_along();
	streams_are_cut();
	before_accept();
	little_room();
	return 0;
}
