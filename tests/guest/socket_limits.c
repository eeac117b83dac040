/*
 * What an ordinary user can make the kernel hold in sockets is bounded by the sockets he may have,
 * however small or large his messages are.
 */
#include "socket_util.h"

enum { SOCKETS = 60 };

static long free_kib(void)
{
	char text[4096];

	read_text("/proc/meminfo", text, sizeof(text));
	return atol(strstr(text, "MemFree:") + 8);
}

/* Fill many pairs both ways with messages of `size` bytes; bytes of payload that went in. */
static long fill(int type, size_t size)
{
	static char block[70000];
	long total = 0;

	for (int i = 0; i < SOCKETS / 2; i++) {
		int fds[2];

		if (socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, fds) < 0)
			break;
		for (int side = 0; side < 2; side++) {
			ssize_t put;

			while ((put = write(fds[side], block, size)) > 0)
				total += put;
			CHECK_EQ(errno, EAGAIN);
		}
	}
	return total;
}

static int type_now;
static size_t size_now;

static void as_user(void)
{
	struct rlimit limit = { SOCKETS + 10, SOCKETS + 10 };
	long before, used;

	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	before = free_kib();
	long total = fill(type_now, size_now);
	used = before - free_kib();
	/* Each socket's limit, one message more, and what the kernel needs for each. */
	long bound = SOCKETS * (212992 + 70000 + 16384) / 1024;
	if (total / 1024 > bound || used > bound)
		FAIL("messages of %zu bytes: %ld KiB in, %ld KiB of memory, bound %ld", size_now,
		     total / 1024, used, bound);
}

int main(void)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	static const size_t sizes[] = { 1, 100, 300, 4097, 65536 };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(sizes); j++) {
			type_now = types[i];
			size_now = sizes[j];
			run_as(OTHER_UID, as_user);
		}
	}
	return 0;
}
