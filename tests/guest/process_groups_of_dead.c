/*
 * A child that has died and was not waited for is still a child: setpgid moves it, others may join
 * its group, and a wait for the group finds it there.
 */
#include "check.h"

static pid_t dead_child(int status)
{
	siginfo_t info;
	pid_t child = FORK();

	if (child == 0)
		_exit(status);
	CHECK_EQ(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	return child;
}

int main(void)
{
	pid_t first = dead_child(3), second = dead_child(4);
	int status;

	CHECK_EQ(setpgid(first, first), 0);
	CHECK_EQ(getpgid(first), first);
	CHECK_EQ(setpgid(second, first), 0);
	CHECK_EQ(kill(-first, 0), 0);
	CHECK_EQ(waitpid(-first, &status, 0), first);
	CHECK_EQ(WEXITSTATUS(status), 3);
	CHECK_EQ(waitpid(-first, &status, 0), second);
	CHECK_EQ(WEXITSTATUS(status), 4);
	CHECK_ERRNO(setpgid(first, first), ESRCH);
	CHECK_ERRNO(kill(-first, 0), ESRCH);
	return 0;
}
