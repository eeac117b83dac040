/* test: linux=no memory=32 timeout=60
 * An ordinary user's one small process that keeps all memory in pipes, in a machine of 32 MiB: it
 * dies of SIGKILL, and not somebody else's larger one; and again, and again.
 */
#include "check.h"

#define KEPT 200

static void fill_pipes(void)
{
	static char buffer[1 << 16];
	int fds[2];

	become_user(OTHER_UID, OTHER_GID);
	for (;;) {
		while (pipe2(fds, O_NONBLOCK) == 0) {
			while (write(fds[1], buffer, sizeof(buffer)) > 0)
				;
		}
		sched_yield();
	}
}

int main(void)
{
	char *kept = map_pages(KEPT);

	CHECK(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 4000, 4000 }) == 0);
	for (int round = 0; round < 3; round++) {
		memset(kept, round, KEPT * PAGE);
		dies_of(SIGKILL, fill_pipes);
		for (int i = 0; i < KEPT; i++)
			CHECK_EQ(kept[i * PAGE], round);
	}
	return 0;
}
