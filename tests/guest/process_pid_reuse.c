/*
 * Process numbers of the living are never given out again; after thousands of children all are
 * different.
 */
#include "check.h"

int main(void)
{
	int rounds = scaled(2000);
	pid_t held[8], last = 0;
	int wraps = 0;

	for (int i = 0; i < 8; i++) {
		held[i] = FORK();
		if (held[i] == 0) {
			for (;;)
				pause();
		}
	}
	for (int round = 0; round < rounds; round++) {
		pid_t pid = FORK();

		if (pid == 0)
			_exit(0);
		for (int i = 0; i < 8; i++)
			CHECK(pid != held[i]);
		CHECK(pid != getpid() && pid > 1);
		wraps += pid < last;
		last = pid;
		CHECK_EQ(wait_exit_status(pid), 0);
	}
	CHECK(wraps <= 2);	/* numbers go up; they are not reused at once */
	for (int i = 0; i < 8; i++)
		kill_and_reap(held[i]);
	return 0;
}
