/* test: linux=no
 * A thread that dies before its armed allocation has failed takes that with it: later threads,
 * which may get its memory, are not struck. What strikes new paths strikes each of them once.
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

/* A pipe's objects are allocated in some places; it fails once in each. */
static void strike_each_path(void)
{
	int failures = 0;

	for (int tries = 0; tries < 200; tries++) {
		CHECK(failpoint_arm("any_path", 1));
		pid_t pid = fork();

		if (pid == 0) {
			int fds[2];

			_exit(pipe(fds) == 0 ? 0 : errno == ENOMEM ? 1 : 2);
		}
		/* Its own pages may be what is missing. */
		int status = pid < 0 ? 0 : wait_status(pid);
		bool struck = failpoint_has_struck("any_path");

		CHECK(failpoint_arm("any_path", 0));
		if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
			failures++;
		CHECK(!WIFEXITED(status) || WEXITSTATUS(status) < 2);
		if (!struck) {
			CHECK(failures >= 4);
			return;
		}
	}
	FAIL("no end of new paths");
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
	strike_each_path();
	return 0;
}
