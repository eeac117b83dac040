/* Process groups and sessions: setpgid, getpgid, setsid, getsid, and what each refuses. */
#include "check.h"

int main(int argc, char **argv)
{
	struct gate go = gate_create(), changed = gate_create();
	pid_t child, other;

	if (argc > 1) {
		/* After exec the parent may no longer move us. */
		CHECK(write(atoi(argv[1]), "g", 1) == 1);
		pause();
		return 0;
	}
	child = FORK();
	if (child == 0) {
		gate_pass(&go);
		CHECK_EQ(getpgrp(), getpid());
		CHECK_ERRNO(setsid(), EPERM);		/* leads a group */
		gate_open(&changed);
		pause();
		_exit(0);
	}
	CHECK(setpgid(child, child) == 0);
	CHECK_EQ(getpgid(child), child);
	gate_open(&go);
	gate_pass(&changed);

	other = FORK();
	if (other == 0) {
		CHECK(setpgid(0, child) == 0);
		CHECK_EQ(getpgrp(), child);
		pid_t session = setsid();

		CHECK_EQ(session, getpid());
		CHECK_EQ(getpgrp(), getpid());
		CHECK_EQ(getsid(0), getpid());
		CHECK_ERRNO(setpgid(0, 0), EPERM);	/* leads a session */
		CHECK_ERRNO(setpgid(0, child), EPERM);	/* another session's group */
		gate_open(&changed);
		pause();
		_exit(0);
	}
	gate_pass(&changed);
	CHECK_EQ(getsid(other), other);
	CHECK(getsid(child) != other);
	CHECK_ERRNO(setpgid(other, child), EPERM);
	CHECK_ERRNO(setpgid(child, 0x3fffffff), EPERM);
	CHECK_ERRNO(setpgid(child, -1), EINVAL);
	CHECK_ERRNO(setpgid(1, 0), ESRCH);		/* not a child */
	CHECK_ERRNO(setpgid(0x3fffffff, 0), ESRCH);
	CHECK_ERRNO(getpgid(0x3fffffff), ESRCH);
	CHECK_ERRNO(getsid(0x3fffffff), ESRCH);
	kill_and_reap(child);
	kill_and_reap(other);

	child = FORK();
	if (child == 0) {
		char number[12];

		CHECK(fcntl(changed.fds[1], F_SETFD, 0) == 0);
		snprintf(number, sizeof(number), "%d", changed.fds[1]);
		execl("/proc/self/exe", argv[0], number, (char *)NULL);
		FAIL("execl");
	}
	gate_pass(&changed);
	CHECK_ERRNO(setpgid(child, child), EACCES);
	kill_and_reap(child);
	return 0;
}
