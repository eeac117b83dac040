/* test: linux=no memory=32 timeout=60
 * An ordinary user's one small process that keeps all memory in pipes, or in sockets, in a machine
 * of 32 MiB: it dies of SIGKILL, and not somebody else's larger one; and again, and again.
 */
#include "check.h"
#include <sys/socket.h>

#define KEPT 200

static int make_pipe(int fds[2])
{
	return pipe2(fds, O_NONBLOCK);
}

static int make_sockets(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds);
}

static void fill(int (*make)(int fds[2]))
{
	static char buffer[1 << 16];
	int fds[2];

	become_user(OTHER_UID, OTHER_GID);
	for (;;) {
		while (make(fds) == 0) {
			while (write(fds[1], buffer, sizeof(buffer)) > 0)
				;
		}
		sched_yield();
	}
}

static void fill_pipes(void)
{
	fill(make_pipe);
}

static void fill_sockets(void)
{
	fill(make_sockets);
}

int main(void)
{
	char *kept = map_pages(KEPT);

	CHECK(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 4000, 4000 }) == 0);
	for (int round = 0; round < 4; round++) {
		memset(kept, round, KEPT * PAGE);
		dies_of(SIGKILL, round % 2 ? fill_sockets : fill_pipes);
		for (int i = 0; i < KEPT; i++)
			CHECK_EQ(kept[i * PAGE], round);
	}
	return 0;
}
