/*
 * CLONE_PARENT: the new process is a sibling of the one that makes it. It has the same parent, who
 * alone may wait for it and is told of its end, by the signal its maker would send.
 */
#include "check.h"

static volatile sig_atomic_t told;

static void count(int signal)
{
	(void)signal;
	told = told + 1;
}

/* Tells main() who its child is. */
struct report {
	volatile pid_t sibling;
	volatile pid_t parent_seen;
};

static void make_sibling(struct report *report, unsigned long flags)
{
	pid_t parent = getppid(), pid;
	int status;

	pid = raw_syscall(SYS_clone, flags, 0, 0, 0, 0);
	if (pid == 0) {
		report->parent_seen = getppid();
		_exit(getppid() == parent ? 6 : 7);
	}
	CHECK(pid > 0);
	CHECK_ERRNO(waitpid(pid, &status, __WALL), ECHILD);
	CHECK_ERRNO(waitpid(-1, &status, __WALL | WNOHANG), ECHILD);
	report->sibling = pid;
}

static void test_signal(struct report *report)
{
	pid_t maker;

	told = 0;
	maker = raw_syscall(SYS_clone, SIGUSR1, 0, 0, 0, 0);
	if (maker == 0) {
		/* The signal asked for counts for nothing. */
		make_sibling(report, CLONE_PARENT | SIGUSR2);
		_exit(0);
	}
	int status;

	CHECK_EQ(waitpid(maker, &status, __WALL), maker);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK_EQ(waitpid(report->sibling, &status, __WCLONE), report->sibling);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 6);
	/* Each sends SIGUSR1; two that meet are one. */
	CHECK(told >= 1);
}

int main(void)
{
	struct report *report = shared_memory(sizeof(*report));
	pid_t maker, me = getpid();

	maker = FORK();
	if (maker == 0) {
		make_sibling(report, CLONE_PARENT | SIGCHLD);
		_exit(5);
	}
	CHECK_EQ(wait_exit_status(maker), 5);
	CHECK_EQ(wait_exit_status(report->sibling), 6);
	CHECK_EQ(report->parent_seen, me);

	handle_signal(SIGUSR1, count, SA_RESTART);
	handle_signal(SIGUSR2, SIG_DFL, 0);
	test_signal(report);
	return 0;
}
