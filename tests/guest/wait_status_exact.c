/* Every exit status 0 to 255, and every signal, comes through wait4() and waitid() exactly. */
#include "check.h"

int main(void)
{
	siginfo_t info;
	int status;

	for (int code = 0; code < 256; code++) {
		pid_t pid = FORK();

		if (pid == 0)
			_exit(code + (code % 3) * 256);	/* only the low byte counts */
		if (code % 2) {
			CHECK_EQ(waitpid(pid, &status, 0), pid);
			CHECK_EQ(status, code << 8);
		} else {
			CHECK(waitid(P_PID, pid, &info, WEXITED) == 0);
			CHECK_EQ(info.si_signo, SIGCHLD);
			CHECK_EQ(info.si_code, CLD_EXITED);
			CHECK_EQ(info.si_pid, pid);
			CHECK_EQ(info.si_status, code);
		}
	}
	struct rlimit none = { 0, 0 };

	CHECK(setrlimit(RLIMIT_CORE, &none) == 0);
	for (int signal = 1; signal < 16; signal++) {
		pid_t pid = FORK();

		if (pid == 0) {
			kill(getpid(), signal);
			_exit(0);
		}
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK_EQ(status & 0x7f, signal);
	}
	return 0;
}
