/*
 * A dead child is a zombie, visible in /proc with its number, until it is waited for; then it is
 * gone.
 */
#include "check.h"

int main(void)
{
	char path[64], status[4096];
	pid_t pid = FORK();

	if (pid == 0)
		_exit(5);
	wait_process_state(pid, 'Z');
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	read_text(path, status, sizeof(status));
	CHECK(strstr(status, "State:\tZ (zombie)") != NULL);
	CHECK(kill(pid, 0) == 0);
	CHECK(kill(pid, SIGKILL) == 0);	/* changes nothing any more */
	CHECK_EQ(getpgid(pid), getpgrp());
	CHECK_EQ(wait_exit_status(pid), 5);
	CHECK_ERRNO(kill(pid, 0), ESRCH);
	CHECK_ERRNO(access(path, F_OK), ENOENT);
	CHECK_ERRNO(waitpid(pid, NULL, 0), ECHILD);
	return 0;
}
