/*
 * SO_PEEK_OFF: each MSG_PEEK goes on where the last one ended; what is received moves the place
 * back.
 */
#include "socket_util.h"

/* Look at, or take, up to `size` bytes: they must be `expected`, and the place then `offset`. */
static void expect(int fd, int flags, size_t size, const char *expected, int offset)
{
	char bytes[64] = "";

	CHECK_EQ(recv(fd, bytes, size, flags), (ssize_t)strlen(expected));
	if (strncmp(bytes, expected, strlen(expected)) != 0)
		FAIL("'%s' came, not '%s'", bytes, expected);
	CHECK_EQ(get_option(fd, SO_PEEK_OFF), offset);
}

static void expect_nothing(int fd)
{
	char byte;
	int offset = get_option(fd, SO_PEEK_OFF);

	CHECK_ERRNO(recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(get_option(fd, SO_PEEK_OFF), offset);
}

static void fill(int type, int fds[2])
{
	make_pair(type, fds);
	CHECK_EQ(get_option(fds[1], SO_PEEK_OFF), -1);
	set_option(fds[1], SO_PEEK_OFF, 0);
	CHECK_EQ(send(fds[0], "abcdef", 6, 0), 6);
	CHECK_EQ(send(fds[0], "ghijkl", 6, 0), 6);
}

static void streams(void)
{
	int fds[2];

	fill(SOCK_STREAM, fds);
	expect(fds[1], MSG_PEEK, 4, "abcd", 4);
	expect(fds[1], MSG_PEEK, 4, "efgh", 8);
	expect(fds[1], MSG_PEEK, 10, "ijkl", 12);
	expect_nothing(fds[1]);
	expect(fds[1], 0, 2, "ab", 10);
	expect_nothing(fds[1]);
	set_option(fds[1], SO_PEEK_OFF, 3);
	expect(fds[1], MSG_PEEK, 20, "fghijkl", 10);
	set_option(fds[1], SO_PEEK_OFF, -5); /* off */
	expect(fds[1], MSG_PEEK, 20, "cdefghijkl", -5);
	expect(fds[1], 0, 2, "cd", -5);
	set_option(fds[1], SO_PEEK_OFF, 2);
	expect(fds[1], 0, 4, "efgh", 0);
	expect(fds[1], MSG_PEEK, 20, "ijkl", 4);
	expect(fds[1], 0, 20, "ijkl", 0);
	set_option(fds[1], SO_PEEK_OFF, 100);
	close(fds[0]);
	CHECK_EQ(recv(fds[1], fds, 1, MSG_PEEK), 0);
	close(fds[1]);
}

static pid_t receive_in_the_background(int fd, int flags)
{
	pid_t pid = FORK();
	char bytes[8];

	if (pid == 0) {
		alarm(flags & MSG_PEEK ? 20 : 5);
		CHECK_EQ(recv(fd, bytes, sizeof(bytes), flags), 3);
		_exit(0);
	}
	wait_until_blocked(pid);
	return pid;
}

/*
 * One who waits to see more leaves what comes to one who waits to take it, though he came first.
 * (Of packets Linux tells the first alone.)
 */
static void leaves_it_to_others(void)
{
	pid_t peeker, taker;
	int fds[2];

	make_pair(SOCK_STREAM, fds);
	set_option(fds[1], SO_PEEK_OFF, 100);
	peeker = receive_in_the_background(fds[1], MSG_PEEK);
	taker = receive_in_the_background(fds[1], 0);
	CHECK_EQ(send(fds[0], "abc", 3, 0), 3);
	CHECK_EQ(wait_exit_status(taker), 0);
	kill_and_reap(peeker);
	close(fds[0]);
	close(fds[1]);
}

static void packets(int type)
{
	char bytes[64];
	int fds[2], rest;

	fill(type, fds);
	expect(fds[1], MSG_PEEK, 4, "abcd", 4);
	expect(fds[1], MSG_PEEK, 4, "ef", 6);
	expect(fds[1], MSG_PEEK, 4, "ghij", 10);
	expect(fds[1], MSG_PEEK, 4, "kl", 12);
	expect_nothing(fds[1]);
	expect(fds[1], 0, 2, "ab", 6); /* the whole of it is gone */
	expect_nothing(fds[1]);
	set_option(fds[1], SO_PEEK_OFF, 3);
	CHECK_EQ(recv(fds[1], bytes, 1, MSG_PEEK | MSG_TRUNC), 3); /* what was left of it */
	CHECK_EQ(get_option(fds[1], SO_PEEK_OFF), 4);
	/* One without bytes is seen once. */
	CHECK_EQ(send(fds[0], "", 0, 0), 0);
	CHECK_EQ(send(fds[0], "mno", 3, 0), 3);
	set_option(fds[1], SO_PEEK_OFF, 6);
	expect(fds[1], MSG_PEEK, 4, "", 6);
	expect(fds[1], MSG_PEEK, 4, "mno", 9);
	expect_nothing(fds[1]);
	/* Nor does it count for anything then. */
	expect(fds[1], 0, 20, "ghijkl", 3);
	CHECK_EQ(ioctl(fds[1], FIONREAD, &rest), 0);
	CHECK_EQ(rest, type == SOCK_DGRAM ? 0 : 3);
	close(fds[0]);
	close(fds[1]);
}

/* Who waits for more than what he has seen is woken by what comes then. */
static void waits(int type)
{
	char bytes[64] = "";
	int fds[2], status;
	ssize_t size;
	pid_t child;

	make_pair(type, fds);
	set_option(fds[1], SO_PEEK_OFF, 3);
	CHECK_EQ(send(fds[0], "abc", 3, 0), 3);
	child = MUST(fork());
	if (child == 0) {
		size = recv(fds[1], bytes, 20, MSG_PEEK);
		/* Streams of Linux before 6.15 begin anew when they have waited. */
		_exit(size < 3 || strcmp(bytes + size - 3, "def") != 0);
	}
	wait_until_blocked(child);
	CHECK_EQ(send(fds[0], "def", 3, 0), 3);
	MUST(waitpid(child, &status, 0));
	CHECK_EQ(status, 0);
	close(fds[0]);
	close(fds[1]);
}

/* The same when something before it is taken away, or the place moved. */
static void waits_for_the_place(void)
{
	char bytes[64] = "";
	int fds[2], status;
	pid_t child;

	make_pair(SOCK_DGRAM, fds);
	set_option(fds[1], SO_PEEK_OFF, 3);
	CHECK_EQ(send(fds[0], "abc", 3, 0), 3);
	child = MUST(fork());
	if (child == 0)
		_exit(recv(fds[1], bytes, 20, MSG_PEEK) != 2);
	wait_until_blocked(child);
	CHECK_EQ(recv(fds[1], bytes, 20, 0), 3);
	CHECK_EQ(send(fds[0], "de", 2, 0), 2);
	MUST(waitpid(child, &status, 0));
	CHECK_EQ(status, 0);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	streams();
	leaves_it_to_others();
	packets(SOCK_DGRAM);
	packets(SOCK_SEQPACKET);
	waits(SOCK_STREAM);
	waits(SOCK_DGRAM);
	waits_for_the_place();
	return 0;
}
