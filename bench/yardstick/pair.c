/* Two processes that talk through pipes or sockets. */
#include "yardstick.h"

#include <errno.h>

enum { FAMILY_UNIX = 1, TYPE_STREAM = 1, SOCKETCALL_SOCKETPAIR = 8 };

static int make_socket_pair(int ends[2])
{
	long arguments[4] = { FAMILY_UNIX, TYPE_STREAM, 0, (long)ends };
	long result = call4(NR_SOCKETPAIR, arguments[0], arguments[1], arguments[2], arguments[3]);

	if (result == -ENOSYS)
		result = call2(NR_SOCKETCALL, SOCKETCALL_SOCKETPAIR, (long)arguments);
	return step("socketpair", result);
}

static void echo(int in, int out)
{
	char byte;

	while (call3(NR_READ, in, (long)&byte, 1) == 1) {
		if (call3(NR_WRITE, out, (long)&byte, 1) != 1)
			break;
	}
	leave(0);
}

/* One operation is a full round trip: two switches. */
static int round_trips(int in, int out, long pid, unsigned int count)
{
	char byte = 'x';

	if (call3(NR_WRITE, out, (long)&byte, 1) != 1 || call3(NR_READ, in, (long)&byte, 1) != 1)
		return step("first-trip", -EIO);
	start();
	while (count--) {
		call3(NR_WRITE, out, (long)&byte, 1);
		call3(NR_READ, in, (long)&byte, 1);
	}
	stop();
	call1(NR_CLOSE, out);
	if (in != out)
		call1(NR_CLOSE, in);
	return reap(pid);
}

int pipe_round_trips(unsigned int count)
{
	int there[2], back[2];
	long pid;
	int error = step("pipe", call1(NR_PIPE, (long)there));

	if (error >= 0)
		error = step("pipe", call1(NR_PIPE, (long)back));
	if (error < 0)
		return error;
	pid = call0(NR_FORK);
	if (pid < 0)
		return step("fork", pid);
	if (pid == 0) {
		call1(NR_CLOSE, there[1]);
		call1(NR_CLOSE, back[0]);
		echo(there[0], back[1]);
	}
	call1(NR_CLOSE, there[0]);
	call1(NR_CLOSE, back[1]);
	return round_trips(back[0], there[1], pid, count);
}

static int socket_round_trips(unsigned int count)
{
	int ends[2];
	long pid;
	int error = make_socket_pair(ends);

	if (error < 0)
		return error;
	pid = call0(NR_FORK);
	if (pid < 0)
		return step("fork", pid);
	if (pid == 0) {
		call1(NR_CLOSE, ends[0]);
		echo(ends[1], ends[1]);
	}
	call1(NR_CLOSE, ends[1]);
	return round_trips(ends[0], ends[0], pid, count);
}

static void send_blocks(int out, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		for (long left = BLOCK; left > 0;) {
			long written = call3(NR_WRITE, out, (long)block, left);

			if (written <= 0)
				leave(1);
			left -= written;
		}
	}
	leave(0);
}

/* One operation is 64 KiB moved from a child to here; the first block, before those, warms up. */
static int receive_blocks(int in, int out, unsigned int count)
{
	long pid = call0(NR_FORK);

	if (pid < 0)
		return step("fork", pid);
	if (pid == 0) {
		call1(NR_CLOSE, in);
		send_blocks(out, count + 1);
	}
	call1(NR_CLOSE, out);
	for (unsigned int i = 0; i <= count; i++) {
		if (i == 1)
			start();
		for (long left = BLOCK; left > 0;) {
			long got = call3(NR_READ, in, (long)block, left);

			if (got <= 0)
				return step("read", got < 0 ? got : -EIO);
			left -= got;
		}
	}
	stop();
	call1(NR_CLOSE, in);
	return reap(pid);
}

static int pipe_blocks(unsigned int count)
{
	int ends[2];
	int error = step("pipe", call1(NR_PIPE, (long)ends));

	return error < 0 ? error : receive_blocks(ends[0], ends[1], count);
}

static int socket_blocks(unsigned int count)
{
	int ends[2];
	int error = make_socket_pair(ends);

	return error < 0 ? error : receive_blocks(ends[0], ends[1], count);
}

const struct benchmark pair_benchmarks[] = {
	{ "pipe_pingpong", pipe_round_trips, 100, 1u << 24, "round trip, 2 processes, 2 pipes" },
	{ "unix_pingpong", socket_round_trips, 100, 1u << 24,
	  "round trip, 2 processes, socketpair" },
	{ "pipe_bw_64k", pipe_blocks, 16, 1u << 20, "64 KiB through a pipe" },
	{ "unix_bw_64k", socket_blocks, 16, 1u << 20, "64 KiB through a socketpair" },
	{ 0 },
};
