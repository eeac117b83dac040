/*
 * Sockets that lie in each other's queues, with nobody left to receive them, are closed with all
 * that they hold; the end of a pipe tells. Linux does it a little later, at the next occasion.
 */
#include "socket_util.h"

/* Until the writers of the pipe are gone; closes the reading end. */
static void expect_end(int read_end)
{
	struct pollfd poll_fd = { read_end, POLLIN, 0 };

	for (int tries = 0; tries < 200; tries++) {
		int occasion[2];

		if (MUST(poll(&poll_fd, 1, 10)) == 1) {
			CHECK_EQ(poll_fd.revents, POLLHUP);
			close(read_end);
			return;
		}
		make_pair(SOCK_STREAM, occasion);
		send_fd(occasion[0], occasion[1]);
		close(occasion[0]);
		close(occasion[1]);
	}
	FAIL("a pipe's writing end leaked");
}

static void still_open(int read_end)
{
	struct pollfd poll_fd = { read_end, POLLIN, 0 };

	CHECK_EQ(poll(&poll_fd, 1, 0), 0);
}

/* Put the writing end of a new pipe into `fd`; the reading end. */
static int bury_pipe(int fd)
{
	int fds[2];

	CHECK(pipe(fds) == 0);
	send_fd(fd, fds[1]);
	close(fds[1]);
	return fds[0];
}

/* One socket in its own queue. */
static void in_itself(void)
{
	int fds[2];

	make_pair(SOCK_DGRAM, fds);
	int pipe_end = bury_pipe(fds[0]);
	send_fd(fds[0], fds[1]); /* into the queue of fds[1] */
	close(fds[1]);
	close(fds[0]);
	expect_end(pipe_end);
}

/* Each of a pair in the other's queue. */
static void in_each_other(int type)
{
	int fds[2];

	make_pair(type, fds);
	int pipe_end = bury_pipe(fds[0]);
	send_fd(fds[0], fds[0]);
	send_fd(fds[1], fds[1]);
	close(fds[0]);
	still_open(pipe_end);
	close(fds[1]);
	expect_end(pipe_end);
}

/* A long ring of pairs, entered from outside until the last moment. */
static void in_a_ring(void)
{
	enum { COUNT = 40 };
	int near[COUNT], far[COUNT];

	for (int i = 0; i < COUNT; i++) {
		int fds[2];

		make_pair(SOCK_STREAM, fds);
		near[i] = fds[0];
		far[i] = fds[1];
	}
	int pipe_end = bury_pipe(near[7]);
	/* far[i + 1] lies in the queue of far[i]. */
	for (int i = 0; i < COUNT; i++)
		send_fd(near[i], far[(i + 1) % COUNT]);
	for (int i = 0; i < COUNT; i++)
		close(near[i]);
	for (int i = 1; i < COUNT; i++)
		close(far[i]);
	/* far[0] is held: everything can still be had. */
	still_open(pipe_end);
	int at = far[0];
	for (int i = 0; i < 7; i++) {
		int next = receive_fd(at);

		close(at);
		at = next;
	}
	int buried = receive_fd(at);
	still_open(pipe_end);
	close(buried);
	expect_end(pipe_end);
	close(at);
}

static void broken_ring(void)
{
	enum { COUNT = 10 };
	int near[COUNT], far[COUNT];

	for (int i = 0; i < COUNT; i++) {
		int fds[2];

		make_pair(SOCK_STREAM, fds);
		near[i] = fds[0];
		far[i] = fds[1];
	}
	int pipe_end = bury_pipe(near[3]);
	for (int i = 0; i < COUNT; i++)
		send_fd(near[i], far[(i + 1) % COUNT]);
	for (int i = 0; i < COUNT; i++) {
		close(near[i]);
		close(far[i]);
	}
	expect_end(pipe_end);
}

/* What a client sent to a listener that nobody will ever accept from. */
static void in_a_listener(void)
{
	int listener = make_listener(SOCK_STREAM, "@in-a-listener", 5);
	int client = make_client(SOCK_STREAM, "@in-a-listener");
	int pipe_end = bury_pipe(client);

	send_fd(client, listener);
	send_fd(client, client);
	close(client);
	still_open(pipe_end);
	close(listener);
	expect_end(pipe_end);
}

/* Accepted after all: nothing may be lost. */
static void accepted_in_time(void)
{
	int listener = make_listener(SOCK_STREAM, "@in-time", 5);
	int client = make_client(SOCK_STREAM, "@in-time");
	int pipe_end = bury_pipe(client);
	int other[2];

	send_fd(client, listener);
	int server = MUST(accept(listener, NULL, NULL));
	close(listener);
	make_pair(SOCK_STREAM, other);
	send_fd(other[0], other[1]);
	close(other[0]);
	close(other[1]);
	still_open(pipe_end);
	int buried = receive_fd(server);
	int again = receive_fd(server);
	CHECK_EQ(get_option(again, SO_ACCEPTCONN), 1);
	still_open(pipe_end);
	close(buried);
	expect_end(pipe_end);
	close(again);
	close(server);
	close(client);
}

/* Peeking brings one back to life. */
static void peeked_at(void)
{
	int fds[2], peeked;

	make_pair(SOCK_DGRAM, fds);
	send_fd(fds[0], fds[1]);
	int pipe_end = bury_pipe(fds[0]);
	CHECK_EQ(receive_fds_flags(fds[1], &peeked, 1, MSG_PEEK, NULL), 1);
	close(fds[1]);
	close(fds[0]);
	still_open(pipe_end);
	close(receive_fd(peeked));
	int buried = receive_fd(peeked);
	close(peeked);
	still_open(pipe_end);
	close(buried);
	expect_end(pipe_end);
}

/* A process ends and leaves a ring. */
static void left_by_exit(void)
{
	int fds[2];

	CHECK(pipe(fds) == 0);
	pid_t child = FORK();
	if (child == 0) {
		int pair[2];

		make_pair(SOCK_STREAM, pair);
		send_fd(pair[0], fds[1]);
		send_fd(pair[0], pair[0]);
		send_fd(pair[1], pair[1]);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	close(fds[1]);
	expect_end(fds[0]);
}

/* Sockets in sockets in sockets: closing the outermost must not need a stack as deep. */
static void very_deep(void)
{
	enum { DEPTH = 3000 };
	int inner[2], outer[2];

	make_pair(SOCK_STREAM, inner);
	int pipe_end = bury_pipe(inner[0]);
	for (int i = 0; i < DEPTH; i++) {
		make_pair(SOCK_STREAM, outer);
		if (send_fds(outer[0], inner, 2) != 1) {
			CHECK_EQ(errno, ETOOMANYREFS);
			close(outer[0]);
			close(outer[1]);
			break;
		}
		close(inner[0]);
		close(inner[1]);
		inner[0] = outer[0];
		inner[1] = outer[1];
	}
	still_open(pipe_end);
	close(inner[0]);
	close(inner[1]);
	expect_end(pipe_end);
}

int main(void)
{
	in_itself();
	in_each_other(SOCK_STREAM);
	in_each_other(SOCK_DGRAM);
	in_a_ring();
	broken_ring();
	in_a_listener();
	accepted_in_time();
	peeked_at();
	left_by_exit();
	very_deep();
	return 0;
}
