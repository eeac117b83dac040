/*
 * waitid(): WNOWAIT leaves the child waitable; each kind of event only where asked for; P_PGID,
 * P_ALL.
 */
#include "check.h"

int main(void)
{
	struct gate may_exit = gate_create();
	siginfo_t info;
	pid_t pid = FORK();

	if (pid == 0) {
		CHECK(raise(SIGSTOP) == 0);
		gate_pass(&may_exit);
		_exit(30);
	}
	CHECK_ERRNO(waitid(P_PID, pid, &info, 0), EINVAL);
	CHECK_ERRNO(waitid(77, pid, &info, WEXITED), EINVAL);
	CHECK_ERRNO(waitid(P_PID, 0x3fffffff, &info, WEXITED), ECHILD);

	CHECK(waitid(P_PID, pid, &info, WSTOPPED) == 0);
	CHECK_EQ(info.si_code, CLD_STOPPED);
	CHECK_EQ(info.si_status, SIGSTOP);
	memset(&info, 0x55, sizeof(info));
	CHECK(waitid(P_PID, pid, &info, WEXITED | WNOHANG) == 0);
	CHECK_EQ(info.si_pid, 0);
	CHECK_EQ(info.si_signo, 0);

	CHECK(kill(pid, SIGCONT) == 0);
	CHECK(waitid(P_ALL, 0, &info, WCONTINUED) == 0);
	CHECK_EQ(info.si_code, CLD_CONTINUED);
	CHECK_EQ(info.si_status, SIGCONT);
	CHECK_EQ(info.si_pid, pid);
	/* Not before: nobody is told that the dead went on. */
	gate_open(&may_exit);

	for (int round = 0; round < 3; round++) {
		CHECK(waitid(P_PGID, getpgrp(), &info, WEXITED | WNOWAIT) == 0);
		CHECK_EQ(info.si_code, CLD_EXITED);
		CHECK_EQ(info.si_status, 30);
		CHECK_EQ(info.si_uid, 0);
	}
	/* The dead neither stop nor go on. */
	CHECK_ERRNO(waitid(P_PID, pid, &info, WSTOPPED | WNOHANG), ECHILD);
	CHECK_ERRNO(waitid(P_ALL, 0, &info, WSTOPPED | WCONTINUED | WNOHANG), ECHILD);
	CHECK(waitid(P_PID, pid, &info, WEXITED) == 0);
	CHECK_ERRNO(waitid(P_PID, pid, &info, WEXITED), ECHILD);

	struct rusage usage;

	pid = FORK();
	if (pid == 0)
		_exit(1);
	CHECK_EQ(syscall(SYS_waitid, P_PID, pid, NULL, WEXITED, &usage), 0);
	return 0;
}
