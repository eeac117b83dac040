/*
 * What exec keeps: pid, parent, group, directory, umask, ignored signals, the mask, what is
 * pending, the alarm, limits. What it resets: handlers to the default, the alternate stack.
 */
#include "check.h"

static void handler(int signal)
{
	(void)signal;
}

static int after_exec(char **argv)
{
	struct sigaction action;
	struct rlimit limit;
	stack_t stack;
	sigset_t mask;
	char directory[PATH_MAX];

	CHECK_EQ(getpid(), atoi(argv[1]));
	CHECK_EQ(getppid(), atoi(argv[2]));
	CHECK_EQ(getpgrp(), atoi(argv[3]));
	CHECK(getcwd(directory, sizeof(directory)) != NULL);
	CHECK(strcmp(strrchr(directory, '/'), "/sub") == 0);
	CHECK_EQ(umask(0), 051);
	CHECK(sigaction(SIGUSR1, NULL, &action) == 0);
	CHECK(action.sa_handler == SIG_DFL);
	CHECK(sigaction(SIGUSR2, NULL, &action) == 0);
	CHECK(action.sa_handler == SIG_IGN);
	CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0);
	CHECK(sigismember(&mask, SIGTERM));
	CHECK(!sigismember(&mask, SIGHUP));
	CHECK(signal_is_pending(SIGTERM));
	CHECK(alarm(0) > 900);
	CHECK(getrlimit(RLIMIT_CORE, &limit) == 0);
	CHECK_EQ(limit.rlim_cur, 0);
	CHECK(sigaltstack(NULL, &stack) == 0);
	CHECK_EQ(stack.ss_flags, SS_DISABLE);
	return 0;
}

int main(int argc, char **argv)
{
	static char alternate[16384];
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	struct rlimit limit = { 0, 0 };
	pid_t child;

	if (argc > 1)
		return after_exec(argv);
	CHECK(mkdir("sub", 0755) == 0);
	child = FORK();
	if (child == 0) {
		char pid[12], parent[12], group[12];

		CHECK(setpgid(0, 0) == 0);
		CHECK(chdir("sub") == 0);
		umask(051);
		handle_signal(SIGUSR1, handler, 0);
		handle_signal(SIGUSR2, SIG_IGN, 0);
		block_signal(SIGTERM);
		CHECK(raise(SIGTERM) == 0);
		alarm(1000);
		CHECK(setrlimit(RLIMIT_CORE, &limit) == 0);
		CHECK(sigaltstack(&stack, NULL) == 0);
		snprintf(pid, sizeof(pid), "%d", getpid());
		snprintf(parent, sizeof(parent), "%d", getppid());
		snprintf(group, sizeof(group), "%d", getpgrp());
		execl("/proc/self/exe", argv[0], pid, parent, group, (char *)NULL);
		FAIL("execl");
	}
	CHECK_EQ(wait_exit_status(child), 0);
	return 0;
}
