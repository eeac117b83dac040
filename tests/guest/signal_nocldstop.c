/*
 * SIGCHLD comes when a child stops and goes on, unless SA_NOCLDSTOP; and when it ends in any case.
 */
#include "check.h"

static volatile int codes[8], count;

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	codes[count] = info->si_code;
	count = count + 1;
}

/* `wanted` signals must come from stopping, as many more from going on. */
static void stop_continue_end(int wanted)
{
	pid_t child = FORK();
	int status;

	count = 0;
	if (child == 0) {
		for (;;)
			pause();
	}
	CHECK(kill(child, SIGSTOP) == 0);
	while (waitpid(child, &status, WUNTRACED) < 0)
		CHECK_EQ(errno, EINTR);
	CHECK(WIFSTOPPED(status));
	while (count < wanted)
		sched_yield();
	CHECK(kill(child, SIGCONT) == 0);
	while (waitpid(child, &status, WCONTINUED) < 0)
		CHECK_EQ(errno, EINTR);
	CHECK(WIFCONTINUED(status));
	/* The signal comes from the child itself, once it runs. */
	while (count < 2 * wanted)
		sched_yield();
	CHECK(kill(child, SIGKILL) == 0);
	while (waitpid(child, &status, 0) < 0)
		CHECK_EQ(errno, EINTR);
	CHECK(WIFSIGNALED(status));
}

int main(void)
{
	handle_signal_info(SIGCHLD, handler, 0);
	stop_continue_end(1);
	CHECK_EQ(count, 3);
	CHECK_EQ(codes[0], CLD_STOPPED);
	CHECK_EQ(codes[1], CLD_CONTINUED);
	CHECK_EQ(codes[2], CLD_KILLED);
	handle_signal_info(SIGCHLD, handler, SA_NOCLDSTOP);
	stop_continue_end(0);
	CHECK_EQ(count, 1);
	CHECK_EQ(codes[0], CLD_KILLED);
	return 0;
}
