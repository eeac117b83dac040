/*
 * The default action of every signal, 1 to 64: most end the process, some of them with a core file,
 * four are ignored, four stop it (SIGCONT lets it go on), and the status says which.
 */
#include "check.h"

enum action { TERMINATE, DUMP, IGNORE, STOP };

static enum action default_action(int signal)
{
	switch (signal) {
	case SIGCHLD: case SIGURG: case SIGWINCH: case SIGCONT:
		return IGNORE;
	case SIGSTOP: case SIGTSTP: case SIGTTIN: case SIGTTOU:
		return STOP;
	case SIGQUIT: case SIGILL: case SIGTRAP: case SIGABRT: case SIGBUS: case SIGFPE:
	case SIGSEGV: case SIGXCPU: case SIGXFSZ: case SIGSYS:
		return DUMP;
	default:
		return TERMINATE;
	}
}

static void expect_action(int signal, enum action action)
{
	pid_t pid = FORK();
	int status;

	if (pid == 0) {
		/* A group of its own whose parent is outside: not orphaned, so it may stop. */
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
	if (action == TERMINATE || action == DUMP) {
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK_EQ(status, signal | (action == DUMP ? 0x80 : 0));
	} else {
		CHECK_EQ(wait_exit_status(pid), 50);
	}
}

int main(void)
{
	struct rlimit much = { RLIM_INFINITY, RLIM_INFINITY };

	CHECK(setrlimit(RLIMIT_CORE, &much) == 0);
	for (int signal = 1; signal <= 64; signal++)
		expect_action(signal, default_action(signal));
	CHECK(unlink("core") == 0);
	CHECK_ERRNO(kill(getpid(), 65), EINVAL);
	CHECK_ERRNO(kill(getpid(), -1), EINVAL);
	return 0;
}
