/* The shell's `kill -N PID` for every N, and `kill -NAME`: the process dies of N, or does not. */
#include "check.h"

static void shell_kill(const char *option, pid_t pid)
{
	char command[64];
	pid_t shell = FORK();

	if (shell == 0) {
		snprintf(command, sizeof(command), "kill %s %d", option, pid);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		FAIL("/bin/sh");
	}
	CHECK_EQ(wait_exit_status(shell), 0);
}

static pid_t pausing_child(void)
{
	pid_t pid = FORK();

	if (pid == 0) {
		CHECK(setpgid(0, 0) == 0);
		for (;;)
			pause();
	}
	return pid;
}

int main(void)
{
	static const char *const names[] = { "-HUP", "-INT", "-TERM", "-KILL", "-USR1" };
	static const int numbers[] = { SIGHUP, SIGINT, SIGTERM, SIGKILL, SIGUSR1 };

	for (int signal = 1; signal <= 31; signal++) {
		pid_t pid = pausing_child();
		char option[8];

		snprintf(option, sizeof(option), "-%d", signal);
		shell_kill(option, pid);
		switch (signal) {
		case SIGCHLD: case SIGURG: case SIGWINCH: case SIGCONT:
		case SIGSTOP: case SIGTSTP: case SIGTTIN: case SIGTTOU:
			kill_and_reap(pid);
			break;
		default:
			expect_signal_death(pid, signal);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		pid_t pid = pausing_child();

		shell_kill(names[i], pid);
		expect_signal_death(pid, numbers[i]);
	}
	return 0;
}
