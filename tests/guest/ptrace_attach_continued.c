/*
 * PTRACE_ATTACH to a stopped process returns, even if somebody continues or kills that process at
 * the same moment.
 */
#include "ptrace.h"
#include <stdatomic.h>

enum { ROUNDS = 300 };

static atomic_int *turn;

static void wait_turn(int wanted)
{
	while (*turn != wanted)
		sched_yield();
}

static void attach_to(pid_t pid)
{
	(void)ptrace(PTRACE_ATTACH, pid, NULL, NULL);
}

static void wait_until_stopped(pid_t pid)
{
	int status;

	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status));
}

static void spin(unsigned int count)
{
	for (volatile unsigned int i = 0; i < count; i++)
		;
}

static void one_round(unsigned int round, int signal)
{
	pid_t target = FORK(), tracer;

	if (target == 0)
		for (;;)
			pause();
	CHECK(kill(target, SIGSTOP) == 0);
	wait_until_stopped(target);
	*turn = 0;
	tracer = FORK();
	if (tracer == 0) {
		alarm(10);
		struct sigaction ignore = { .sa_handler = SIG_IGN };
		sigaction(SIGCHLD, &ignore, NULL);
		*turn = 1;
		wait_turn(2);
		attach_to(target);
		_exit(0);
	}
	wait_turn(1);
	*turn = 2;
	spin(round * 37 % 3000);
	CHECK(kill(target, signal) == 0);
	CHECK_EQ(wait_exit_status(tracer), 0);
	CHECK(kill(target, SIGKILL) == 0);
	expect_death(target, SIGKILL);
}

int main(void)
{
	turn = shared_memory(sizeof(*turn));
	for (int round = 0; round < scaled(ROUNDS); round++)
		one_round(round, round % 2 ? SIGCONT : SIGKILL);
	return 0;
}
