/*
 * A dead child is a zombie, visible in /proc and to ps with its number, until it is waited for;
 * then it is gone.
 */
#include "check.h"

/* The state that ps shows of a process; '?' if it shows no such process. */
static char state_in_ps(pid_t pid)
{
	char line[256], state = '?', stat[16];
	FILE *listing = popen("ps -A -o pid,stat", "r");
	int shown, lines = 0;

	CHECK(listing != NULL);
	for (; fgets(line, sizeof(line), listing); lines++)
		if (sscanf(line, "%d %15s", &shown, stat) == 2 && shown == pid)
			state = stat[0];
	CHECK_EQ(pclose(listing), 0);
	CHECK(lines > 2);
	return state;
}

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
	CHECK_EQ(state_in_ps(pid), 'Z');
	CHECK(kill(pid, 0) == 0);
	CHECK(kill(pid, SIGKILL) == 0);	/* changes nothing any more */
	CHECK_EQ(getpgid(pid), getpgrp());
	CHECK_EQ(wait_exit_status(pid), 5);
	CHECK_EQ(state_in_ps(pid), '?');
	CHECK_ERRNO(kill(pid, 0), ESRCH);
	CHECK_ERRNO(access(path, F_OK), ENOENT);
	CHECK_ERRNO(waitpid(pid, NULL, 0), ECHILD);
	return 0;
}
