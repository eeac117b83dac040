/* PR_SET_PDEATHSIG: a child hears of its parent's death; fork() does not pass the wish on. */
#include "check.h"
#include <sys/prctl.h>

int main(void)
{
	struct gate armed = gate_create();
	volatile pid_t *words = shared_memory(PAGE);
	pid_t middle;

	CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	middle = FORK();
	if (middle == 0) {
		pid_t child = FORK();

		if (child == 0) {
			int value;

			CHECK(prctl(PR_SET_PDEATHSIG, SIGUSR1) == 0);
			CHECK(prctl(PR_GET_PDEATHSIG, &value) == 0);
			CHECK_EQ(value, SIGUSR1);
			words[0] = getpid();
			gate_open(&armed);
			for (;;)
				pause();
		}
		gate_pass(&armed);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(middle), 0);
	expect_signal_death(words[0], SIGUSR1);
	CHECK_ERRNO(prctl(PR_SET_PDEATHSIG, 65), EINVAL);
	return 0;
}
