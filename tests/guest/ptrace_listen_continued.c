/*
 * A seized tracee whose process is stopped and continued at any moment: when it stops for its
 * tracer it says whether the process is stopped then, and a tracer that listens hears of every
 * continuation. So it never stays where it is although the process goes on.
 */
#include "ptrace.h"

enum { ROUNDS = 60, PATIENCE_S = 10, EVENT_STOP = 128 };

static struct shared {
	volatile unsigned int count;
} *shared;

static void count(void)
{
	for (;;)
		shared->count++;
}

/* Stops and continues; each time the counting must go on. True if it always did. */
static bool is_always_continued(pid_t target)
{
	for (unsigned int round = 0; round < (unsigned int)scaled(ROUNDS); round++) {
		long long begin = now_ns();
		unsigned int before;

		CHECK(kill(target, SIGSTOP) == 0);
		for (volatile unsigned int i = 0; i < round * 7919 % 6000; i++)
			;
		if (round % 3 == 0)
			sched_yield();
		CHECK(kill(target, SIGCONT) == 0);
		before = shared->count;
		while (shared->count == before) {
			if (now_ns() - begin > PATIENCE_S * 1000000000LL)
				return false;
			sched_yield();
		}
	}
	return true;
}

/* Keeps the family's lock busy, so that who stops waits to tell of it. */
static void fork_often(void)
{
	for (;;) {
		pid_t child = FORK();

		if (child == 0)
			_exit(0);
		CHECK_EQ(wait_exit_status(child), 0);
	}
}

/* As a debugger does: leaves a group stop alone, and lets go on from everything else. */
static void trace(pid_t target)
{
	int status;

	for (;;) {
		CHECK_EQ(waitpid(target, &status, __WALL), target);
		if (!WIFSTOPPED(status))
			break;
		if (EVENT_OF(status) == EVENT_STOP && WSTOPSIG(status) == SIGSTOP)
			ptrace(PTRACE_LISTEN, target, NULL, NULL);
		else
			ptrace(PTRACE_CONT, target, NULL,
			       (void *)(long)(EVENT_OF(status) ? 0 : WSTOPSIG(status)));
	}
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

int main(void)
{
	pid_t target, sender, forkers[2];

	shared = shared_memory(PAGE);
	target = start_child(count);
	for (size_t i = 0; i < ARRAY_SIZE(forkers); i++)
		forkers[i] = start_child(fork_often);
	CHECK(ptrace(PTRACE_SEIZE, target, NULL, NULL) == 0);
	sender = FORK();
	if (sender == 0) {
		bool is_continued = is_always_continued(target);

		kill(target, SIGKILL);
		_exit(!is_continued);
	}
	trace(target);
	for (size_t i = 0; i < ARRAY_SIZE(forkers); i++)
		kill_and_reap(forkers[i]);
	if (wait_exit_status(sender) != 0)
		FAIL("the process was continued, and its tracer was not told");
	return 0;
}
