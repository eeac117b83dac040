/* WNOHANG; -1, 0, -group and a pid as choice; ECHILD and EINVAL. */
#include "check.h"

static pid_t child_in_group(pid_t group, struct gate *go, int status)
{
	pid_t pid = FORK();

	if (pid == 0) {
		gate_pass(go);
		_exit(status);
	}
	if (group >= 0)
		CHECK(setpgid(pid, group) == 0);
	return pid;
}

int main(void)
{
	struct gate go = gate_create();
	int status;
	pid_t one, two, three;

	CHECK_ERRNO(waitpid(-1, &status, 0), ECHILD);
	CHECK_ERRNO(waitpid(-1, &status, WNOHANG), ECHILD);
	CHECK_ERRNO(waitpid(getpid(), &status, 0), ECHILD);
	CHECK_ERRNO(waitpid(1, &status, WNOHANG), ECHILD);
	CHECK_ERRNO(waitpid(-1, &status, 0x1000), EINVAL);
	CHECK_EQ(raw_syscall(SYS_wait4, 0x80000000, &status, 0, 0), -ESRCH);

	one = child_in_group(0, &go, 1);
	two = child_in_group(one, &go, 2);
	three = child_in_group(-1, &go, 3);
	CHECK_EQ(waitpid(-1, &status, WNOHANG), 0);
	CHECK_EQ(waitpid(0, &status, WNOHANG), 0);
	CHECK_EQ(waitpid(-one, &status, WNOHANG), 0);
	CHECK_ERRNO(waitpid(-two, &status, WNOHANG), ECHILD);	/* no such group */

	for (int i = 0; i < 3; i++)
		gate_open(&go);
	CHECK_EQ(waitpid(0, &status, 0), three);
	CHECK_EQ(WEXITSTATUS(status), 3);
	CHECK_ERRNO(waitpid(0, &status, 0), ECHILD);
	pid_t first = waitpid(-one, &status, 0);

	CHECK(first == one || first == two);
	CHECK_EQ(waitpid(-1, &status, 0), one + two - first);
	CHECK_ERRNO(waitpid(-one, &status, 0), ECHILD);

	/* The old call 7 takes three arguments. */
	one = FORK();
	if (one == 0)
		_exit(4);
	CHECK_EQ(raw_syscall(SYS_waitpid, one, &status, 0), one);
	CHECK_EQ(WEXITSTATUS(status), 4);
	return 0;
}
