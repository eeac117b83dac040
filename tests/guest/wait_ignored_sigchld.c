/*
 * With SIGCHLD ignored, or SA_NOCLDWAIT, children are forgiven at once; wait ends with ECHILD when
 * all are.
 */
#include "check.h"

static volatile int calls;

static void handler(int signal)
{
	(void)signal;
	calls = calls + 1;
}

static void spawn_and_wait(void)
{
	struct gate go = gate_create();
	pid_t pids[3];

	for (int i = 0; i < 3; i++) {
		pids[i] = FORK();
		if (pids[i] == 0) {
			gate_pass(&go);
			_exit(i);
		}
	}
	for (int i = 0; i < 3; i++)
		gate_open(&go);
	errno = 0;
	while (waitpid(-1, NULL, 0) < 0 && errno == EINTR)
		;
	CHECK_EQ(errno, ECHILD);
	for (int i = 0; i < 3; i++) {
		/* Linux takes it from the children a moment before its number is free. */
		while (kill(pids[i], 0) == 0)
			sched_yield();
		CHECK_EQ(errno, ESRCH);
		CHECK_ERRNO(waitpid(pids[i], NULL, 0), ECHILD);
	}
}

int main(void)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_NOCLDWAIT };

	handle_signal(SIGCHLD, SIG_IGN, 0);
	spawn_and_wait();
	CHECK(sigaction(SIGCHLD, &action, NULL) == 0);
	spawn_and_wait();
	CHECK(calls > 0);	/* but the signal still comes */

	/* The default also ignores the signal, but keeps the zombie. */
	handle_signal(SIGCHLD, SIG_DFL, 0);
	pid_t pid = FORK();

	if (pid == 0)
		_exit(6);
	wait_process_state(pid, 'Z');
	CHECK_EQ(wait_exit_status(pid), 6);
	return 0;
}
