/*
 * Urgent bytes of stream sockets (MSG_OOB): the mark that reads stop at, the byte out of line and
 * in line, the one that another makes ordinary, peeking, POLLPRI, SIOCATMARK, and SIGURG.
 */
#include "check.h"
#include "socket_util.h"
#include <sys/ioctl.h>
#include <sys/socket.h>

static int ends[2];
static volatile int urgent_signals, chosen_signals, chosen_code, chosen_band;

static void fresh_pair(void)
{
	if (ends[0] > 0) {
		close(ends[0]);
		close(ends[1]);
	}
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
}

static void put(const char *bytes, int flags)
{
	CHECK_EQ(send(ends[0], bytes, strlen(bytes), flags), strlen(bytes));
}

/* The next read gives exactly that; NULL: there is nothing. */
static void expect(const char *bytes, int flags)
{
	char got[16];
	ssize_t size = recv(ends[1], got, sizeof(got), flags | MSG_DONTWAIT);

	if (!bytes) {
		CHECK(size == -1 && errno == EAGAIN);
		return;
	}
	if (size != (ssize_t)strlen(bytes) || memcmp(got, bytes, strlen(bytes)))
		FAIL("read %d bytes, '%.*s', should be '%s'", (int)size, size > 0 ? (int)size : 0,
		     got, bytes);
}

static void no_urgent(void)
{
	char byte;

	CHECK_ERRNO(recv(ends[1], &byte, 1, MSG_OOB | MSG_DONTWAIT), EINVAL);
}

static int at_mark(void)
{
	int is_there = -1;

	CHECK(ioctl(ends[1], SIOCATMARK, &is_there) == 0);
	return is_there;
}

static int polled(void)
{
	struct pollfd one = { .fd = ends[1], .events = POLLIN | POLLPRI };

	CHECK(poll(&one, 1, 0) >= 0);
	return one.revents;
}

static void taken(void)
{
	fresh_pair();
	no_urgent();
	put("ab", 0);
	put("cX", MSG_OOB);
	put("de", 0);
	CHECK_EQ(polled(), POLLIN | POLLPRI);
	CHECK_EQ(at_mark(), 0);
	expect("X", MSG_OOB | MSG_PEEK);
	expect("X", MSG_OOB);
	no_urgent();
	CHECK_EQ(polled(), POLLIN);
	expect("abc", 0);
	expect("de", 0);
	expect(NULL, 0);
	CHECK_EQ(at_mark(), 0);
	CHECK_EQ(polled(), 0);
}

static void passed(void)
{
	fresh_pair();
	put("ab", 0);
	put("X", MSG_OOB);
	put("cd", 0);
	expect("ab", 0);
	CHECK_EQ(at_mark(), 1);
	expect("cd", 0);
	no_urgent();
	CHECK_EQ(polled(), 0);
}

/* A later one makes the first an ordinary byte. */
static void replaced(void)
{
	fresh_pair();
	put("a", 0);
	put("X", MSG_OOB);
	put("b", 0);
	put("Y", MSG_OOB);
	put("c", 0);
	expect("Y", MSG_OOB);
	expect("aXb", 0);
	expect("c", 0);
}

static void in_line(void)
{
	int on = 1;

	fresh_pair();
	CHECK(setsockopt(ends[1], SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on)) == 0);
	put("ab", 0);
	put("X", MSG_OOB);
	put("cd", 0);
	no_urgent();
	expect("ab", 0);
	CHECK_EQ(at_mark(), 1);
	expect("Xcd", 0);
}

/* Two that were taken are two marks; without room for it a byte is lost. */
static void marks(void)
{
	fresh_pair();
	put("a", 0);
	put("X", MSG_OOB);
	put("b", 0);
	expect("X", MSG_OOB);
	put("Y", MSG_OOB);
	put("c", 0);
	expect("a", 0);
	expect("b", 0);
	CHECK_EQ(recv(ends[1], NULL, 0, MSG_OOB), 1);
	no_urgent();
}

/* A read that peeks looks past the byte, and does not lose it. */
static void peeked(void)
{
	int front = 0;

	fresh_pair();
	put("ab", 0);
	put("X", MSG_OOB);
	put("cd", 0);
	expect("ab", MSG_PEEK);
	expect("ab", 0);
	expect("cd", MSG_PEEK);
	expect("X", MSG_OOB | MSG_PEEK);
	CHECK(setsockopt(ends[1], SOL_SOCKET, SO_PEEK_OFF, &front, sizeof(front)) == 0);
	expect("cd", 0);
	/* One who walks along meets it. */
	put("ab", 0);
	put("X", MSG_OOB);
	put("cd", 0);
	expect("ab", MSG_PEEK);
	expect("Xcd", MSG_PEEK);
	expect(NULL, MSG_PEEK);
}

/* WAITALL does not go across the mark either. */
static void whole(void)
{
	char bytes[4];

	fresh_pair();
	put("ab", 0);
	put("X", MSG_OOB);
	put("cd", 0);
	CHECK_EQ(recv(ends[1], bytes, sizeof(bytes), MSG_WAITALL), 2);
}

static void on_urgent(int signal)
{
	(void)signal;
	urgent_signals++;
}

static void on_chosen(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	chosen_signals++;
	chosen_code = info->si_code;
	chosen_band = info->si_band;
}

/* SIGURG goes to the owner, asked for or not; a chosen signal is for those who listen. */
static void signals(void)
{
	fresh_pair();
	handle_signal(SIGURG, on_urgent, 0);
	handle_signal_info(SIGRTMIN, on_chosen, 0);
	put("X", MSG_OOB);
	CHECK_EQ(urgent_signals, 0);
	CHECK(fcntl(ends[1], F_SETOWN, getpid()) == 0);
	put("X", MSG_OOB);
	CHECK_EQ(urgent_signals, 1);
	put("a", 0);
	CHECK_EQ(urgent_signals, 1);
	CHECK(fcntl(ends[1], F_SETSIG, SIGRTMIN) == 0);
	CHECK(fcntl(ends[1], F_SETFL, O_ASYNC) == 0);
	put("X", MSG_OOB);
	CHECK_EQ(urgent_signals, 2);
	CHECK_EQ(chosen_signals, 2);
}

/* One who waits for POLLPRI alone sleeps through ordinary bytes. */
static void wakes_for_urgent(void)
{
	struct pollfd one = { .events = POLLPRI };
	pid_t child;

	fresh_pair();
	one.fd = ends[1];
	child = FORK();
	if (child == 0) {
		CHECK_EQ(poll(&one, 1, GATE_PATIENCE_MS), 1);
		CHECK_EQ(one.revents, POLLPRI);
		_exit(0);
	}
	wait_until_blocked(child);
	put("a", 0);
	wait_until_blocked(child);
	put("X", MSG_OOB);
	CHECK_EQ(wait_exit_status(child), 0);
}

static void errors(void)
{
	char byte = 0;

	fresh_pair();
	CHECK_ERRNO(send(ends[0], &byte, 0, MSG_OOB), EOPNOTSUPP);
	CHECK(shutdown(ends[1], SHUT_RD) == 0);
	CHECK_ERRNO(send(ends[0], &byte, 1, MSG_OOB | MSG_NOSIGNAL), EPIPE);
	close(ends[0]);
	CHECK((ends[0] = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
	CHECK_ERRNO(send(ends[0], &byte, 1, MSG_OOB), ENOTCONN);
	CHECK_ERRNO(recv(ends[0], &byte, 1, MSG_OOB), EINVAL);
	for (int i = 0; i < 2; i++) {
		close(ends[0]);
		close(ends[1]);
		CHECK(socketpair(AF_UNIX, i ? SOCK_SEQPACKET : SOCK_DGRAM, 0, ends) == 0);
		CHECK_ERRNO(send(ends[0], &byte, 1, MSG_OOB), EOPNOTSUPP);
		CHECK_ERRNO(recv(ends[1], &byte, 1, MSG_OOB), EOPNOTSUPP);
	}
}

int main(void)
{
	taken();
	passed();
	replaced();
	in_line();
	marks();
	peeked();
	whole();
	signals();
	wakes_for_urgent();
	errors();
	return 0;
}
