/*
 * Stop and continue: WUNTRACED and WCONTINUED report each once; a stopped process does not run;
 * SIGCONT wakes it even when blocked or ignored, and takes pending stops away, as a stop takes
 * SIGCONT.
 */
#include "check.h"

int main(void)
{
	volatile int *counter = shared_memory(PAGE);
	int status, before;
	pid_t pid = FORK();

	if (pid == 0) {
		handle_signal(SIGCONT, SIG_IGN, 0);
		block_signal(SIGCONT);
		for (;;)
			*counter = *counter + 1;
	}
	while (*counter == 0)
		sched_yield();
	CHECK_EQ(waitpid(pid, &status, WUNTRACED | WCONTINUED | WNOHANG), 0);
	CHECK(kill(pid, SIGSTOP) == 0);
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	CHECK_EQ(process_state(pid), 'T');
	CHECK_EQ(waitpid(pid, &status, WUNTRACED | WNOHANG), 0);	/* reported already */
	before = *counter;
	for (int i = 0; i < 20; i++)
		sched_yield();
	CHECK_EQ(*counter, before);

	/* Signals wait while it is stopped, all but SIGKILL. */
	CHECK(kill(pid, SIGCONT) == 0);
	CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid);
	CHECK(WIFCONTINUED(status));
	CHECK_EQ(waitpid(pid, &status, WCONTINUED | WNOHANG), 0);
	before = *counter;
	while (*counter == before)
		sched_yield();
	CHECK(kill(pid, SIGSTOP) == 0);
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(kill(pid, SIGTERM) == 0);
	CHECK_EQ(waitpid(pid, &status, WNOHANG), 0);
	CHECK(kill(pid, SIGCONT) == 0);
	expect_signal_death(pid, SIGTERM);

	/* A pending stop vanishes when SIGCONT comes, and the other way round. */
	block_signal(SIGTSTP);
	block_signal(SIGCONT);
	CHECK(raise(SIGTSTP) == 0);
	CHECK(signal_is_pending(SIGTSTP));
	CHECK(raise(SIGCONT) == 0);
	CHECK(!signal_is_pending(SIGTSTP));
	CHECK(signal_is_pending(SIGCONT));
	CHECK(raise(SIGTSTP) == 0);
	CHECK(!signal_is_pending(SIGCONT));
	return 0;
}
