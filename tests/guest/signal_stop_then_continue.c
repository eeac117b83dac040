/*
 * SIGCONT after SIGSTOP leaves a process running, however far the stop had come by then: between
 * taking the signal and stopping, too. Several at once, so that they are interrupted there.
 */
#include "check.h"

enum { PAIRS = 4 };

/* A child that is stopped while it begins, continued, and must come to its end. */
static void one_round(int round)
{
	int status;
	pid_t pid = FORK();

	if (pid == 0) {
		for (int i = 0; i < 3; i++)
			sched_yield();
		_exit(7);
	}
	if (round % 2)
		sched_yield();
	CHECK(kill(pid, SIGSTOP) == 0);
	if (round % 3 == 0)
		sched_yield();
	CHECK(kill(pid, SIGCONT) == 0);
	alarm(10);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	alarm(0);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void stopped_for_ever(int signal)
{
	(void)signal;
	FAIL("stopped, though SIGCONT came last");
}

int main(void)
{
	pid_t pids[PAIRS];

	for (int i = 0; i < PAIRS; i++) {
		pids[i] = FORK();
		if (pids[i] == 0) {
			handle_signal(SIGALRM, stopped_for_ever, 0);
			for (int round = 0; round < scaled(1500); round++)
				one_round(round);
			_exit(0);
		}
	}
	for (int i = 0; i < PAIRS; i++)
		CHECK_EQ(wait_exit_status(pids[i]), 0);
	return 0;
}
