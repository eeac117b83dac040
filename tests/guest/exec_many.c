/* test: timeout=300
 * Ten thousand times fork, exec, wait, by as many workers as there are processors: no process is
 * lost, none is refused. The runner compares what is free before and after.
 */
#include "check.h"
#include <sched.h>

static void work(char *name, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		pid_t pid = FORK();

		if (pid == 0) {
			char number[12];

			snprintf(number, sizeof(number), "%d", i % 100);
			execl("/proc/self/exe", name, number, (char *)NULL);
			_exit(CHECK_FAILED);
		}
		CHECK_EQ(wait_exit_status(pid), i % 100);
	}
	CHECK_ERRNO(waitpid(-1, NULL, 0), ECHILD);
}

int main(int argc, char **argv)
{
	cpu_set_t processors;
	pid_t pids[CPU_SETSIZE];
	int workers;

	if (argc > 1)
		_exit(atoi(argv[1]));
	CHECK(sched_getaffinity(0, sizeof(processors), &processors) == 0);
	workers = CPU_COUNT(&processors);
	for (int i = 0; i < workers; i++) {
		pids[i] = FORK();
		if (pids[i] == 0) {
			work(argv[0], scaled(10000 / workers));
			_exit(0);
		}
	}
	for (int i = 0; i < workers; i++)
		CHECK_EQ(wait_exit_status(pids[i]), 0);
	CHECK_ERRNO(waitpid(-1, NULL, 0), ECHILD);
	return 0;
}
