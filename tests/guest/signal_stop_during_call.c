/* test: timeout=60
 * Stopped by SIGSTOP and continued, without a handler, a blocking call goes on as if nothing had
 * been.
 */
#include "interrupted_calls.h"

int main(void)
{
	static const char *const names[] = {
		"read", "write", "pause", "nanosleep", "poll", "select", "open of a FIFO", "flock",
	};

	prepare_blocking_calls();
	helper = -1;
	hold_locks();
	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		for (size_t i = 0; i < ARRAY_SIZE(blocking_calls); i++) {
			if (strcmp(blocking_calls[i].name, names[n]) != 0)
				continue;
			pid_t pid = FORK();
			int status;

			if (pid == 0) {
				CHECK(setpgid(0, 0) == 0);
				locked_fd = MUST(open("locked", O_RDWR));
				blocking_calls[i].call();
				FAIL("%s came back", names[n]);
			}
			for (int round = 0; round < 3; round++) {
				wait_until_blocked(pid);
				CHECK(kill(pid, SIGSTOP) == 0);
				CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
				CHECK(WIFSTOPPED(status));
				CHECK(kill(pid, SIGCONT) == 0);
				CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid);
				CHECK(WIFCONTINUED(status));
			}
			wait_until_blocked(pid);
			kill_and_reap(pid);
		}
	}
	return 0;
}
