/* Several processes fork and exec at once, all the time: each sees its own children only. */
#include "check.h"

#define PROCESSES 6

int main(int argc, char **argv)
{
	int rounds = scaled(200);
	pid_t pids[PROCESSES];

	if (argc > 1)
		_exit(atoi(argv[1]));
	for (int p = 0; p < PROCESSES; p++) {
		pids[p] = FORK();
		if (pids[p] != 0)
			continue;
		for (int i = 0; i < rounds; i++) {
			pid_t pid = FORK();

			if (pid == 0) {
				char number[12];

				snprintf(number, sizeof(number), "%d", p * 10 + i % 10);
				execl("/proc/self/exe", argv[0], number, (char *)NULL);
				_exit(CHECK_FAILED);
			}
			CHECK_EQ(wait_exit_status(pid), p * 10 + i % 10);
		}
		_exit(0);
	}
	for (int p = 0; p < PROCESSES; p++)
		CHECK_EQ(wait_exit_status(pids[p]), 0);
	return 0;
}
