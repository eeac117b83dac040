/*
 * The default action of every signal, 1 to 64: most end the process, four are ignored, four stop it
 * (SIGCONT lets it go on), and the status says which.
 */
#include "check.h"

enum action { TERMINATE, IGNORE, STOP };

static enum action default_action(int signal)
{
	switch (signal) {
	case SIGCHLD: case SIGURG: case SIGWINCH: case SIGCONT:
		return IGNORE;
	case SIGSTOP: case SIGTSTP: case SIGTTIN: case SIGTTOU:
		return STOP;
	default:
		return TERMINATE;
	}
}

int main(void)
{
	for (int signal = 1; signal <= 64; signal++) {
		enum action action = default_action(signal);
		pid_t pid = FORK();
		int status;

		if (pid == 0) {
			/*
			 * A group of its own whose parent is outside: not orphaned, so it may stop.
			 */
			CHECK(setpgid(0, 0) == 0);
			CHECK_EQ(raw_syscall(SYS_kill, getpid(), signal), 0);
			_exit(50);
		}
		if (action == STOP) {
			CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
			CHECK(WIFSTOPPED(status));
			CHECK_EQ(WSTOPSIG(status), signal);
			CHECK_EQ(kill(pid, SIGCONT), 0);
		}
		if (action == TERMINATE)
			expect_signal_death(pid, signal);
		else
			CHECK_EQ(wait_exit_status(pid), 50);
	}
	CHECK_ERRNO(kill(getpid(), 65), EINVAL);
	CHECK_ERRNO(kill(getpid(), -1), EINVAL);
	return 0;
}
