/* test: linux=no
 * A thread that dies before its armed allocation has failed takes that with it: later threads,
 * which may get its memory, are not struck.
 */
#include "failpoint.h"

static void arm_and_die(void)
{
	if (!failpoint_arm("slab", 40))
		_exit(CHECK_SKIPPED);
	_exit(0);
}

static void allocate(void)
{
	int fds[2];

	for (int i = 0; i < 60; i++) {
		CHECK(pipe(fds) == 0);
		CHECK(close(fds[0]) == 0);
		CHECK(close(fds[1]) == 0);
	}
}

int main(void)
{
	int rounds = scaled(40);

	for (int round = 0; round < rounds; round++) {
		pid_t pid = FORK();

		if (pid == 0)
			arm_and_die();
		if (wait_exit_status(pid) == CHECK_SKIPPED)
			SKIP("%s cannot be armed", FAILPOINT_FILE);
		for (int later = 0; later < 6; later++)
			in_child(allocate);
	}
	return 0;
}
