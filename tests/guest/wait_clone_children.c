/*
 * A child made without SIGCHLD is waited for only with __WCLONE or __WALL; its own signal is sent
 * instead.
 */
#include "check.h"

static volatile int calls;

static void handler(int signal)
{
	(void)signal;
	calls = calls + 1;
}

int main(void)
{
	int status;
	pid_t pid = raw_syscall(SYS_clone, 0, 0, 0, 0, 0);

	if (pid == 0)
		_exit(3);
	wait_process_state(pid, 'Z');
	CHECK_ERRNO(waitpid(pid, &status, WNOHANG), ECHILD);
	CHECK_EQ(waitpid(pid, &status, __WCLONE), pid);
	CHECK_EQ(WEXITSTATUS(status), 3);

	handle_signal(SIGUSR1, handler, SA_RESTART);
	pid = raw_syscall(SYS_clone, SIGUSR1, 0, 0, 0, 0);
	if (pid == 0)
		_exit(4);
	CHECK_EQ(waitpid(pid, &status, __WALL), pid);
	CHECK_EQ(WEXITSTATUS(status), 4);
	CHECK_EQ(calls, 1);
	return 0;
}
