/*
 * A signal that ends a process and one that stops it, at once: whoever is stopped stays so until it
 * is continued, and dies then; whoever has not stopped yet dies at once, whichever came first.
 */
#include "check.h"

#define FATAL (SIGRTMIN + 1)	/* taken after any stop signal; SIGTERM before */

static pid_t start_spinning(void)
{
	pid_t pid = FORK();

	if (pid == 0) {
		for (;;)
			;
	}
	return pid;
}

static void wait_until_stopped(pid_t pid)
{
	int status;

	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status));
}

static void stopped_stays_stopped(int signal)
{
	pid_t pid = start_spinning();
	int status;

	CHECK(kill(pid, SIGSTOP) == 0);
	wait_until_stopped(pid);
	CHECK(kill(pid, signal) == 0);
	sleep_ms(20);
	CHECK_EQ(waitpid(pid, &status, WNOHANG | WUNTRACED), 0);
	CHECK_EQ(thread_state(pid, pid), 'T');
	CHECK(kill(pid, SIGCONT) == 0);
	expect_signal_death(pid, signal);
}

/* On one processor the child does not run in between; on more it may have stopped before. */
static void both_at_once(int first, int second, int fatal)
{
	pid_t pid = start_spinning();

	CHECK(kill(pid, first) == 0);
	CHECK(kill(pid, second) == 0);
	CHECK(kill(pid, SIGCONT) == 0 || errno == ESRCH);
	expect_signal_death(pid, fatal);
}

int main(void)
{
	stopped_stays_stopped(SIGTERM);
	stopped_stays_stopped(FATAL);
	for (int round = scaled(100); round > 0; round--) {
		both_at_once(FATAL, SIGSTOP, FATAL);
		both_at_once(SIGSTOP, FATAL, FATAL);
		both_at_once(SIGTERM, SIGSTOP, SIGTERM);
		both_at_once(SIGSTOP, SIGTERM, SIGTERM);
	}
	return 0;
}
