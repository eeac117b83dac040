/* test: timeout=300
 * Ten thousand times fork, exec, wait: no process is lost, none is refused. The runner compares
 * what is free before and after.
 */
#include "check.h"

int main(int argc, char **argv)
{
	int rounds = scaled(10000);

	if (argc > 1)
		_exit(atoi(argv[1]));
	for (int i = 0; i < rounds; i++) {
		pid_t pid = FORK();

		if (pid == 0) {
			char number[12];

			snprintf(number, sizeof(number), "%d", i % 100);
			execl("/proc/self/exe", argv[0], number, (char *)NULL);
			_exit(CHECK_FAILED);
		}
		CHECK_EQ(wait_exit_status(pid), i % 100);
	}
	CHECK_ERRNO(waitpid(-1, NULL, 0), ECHILD);
	return 0;
}
