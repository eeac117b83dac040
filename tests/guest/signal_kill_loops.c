/* test: timeout=120
 * SIGKILL ends a process that does nothing but call one system call over and over, for every
 * number, known or not, with which signal_kill_loops_working does not try it; also one that forks
 * all the time, and one that only computes.
 */
#include "plain_calls.h"

#define LAST_CALL 460

/*
 * Calls that end or replace the process, multiply it, change the machine for others, or make what
 * outlives the process (System V objects).
 */
static const int left_out[] = {
	1, 2, 11, 25, 36, 74, 79, 88, 111, 117, 119, 120, 121, 124, 162, 173, 190, 252, 258, 264,
	283, 311, 343, 344, 358, 393, 395, 399, 404, 405, 435,
};

static bool is_left_out(int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(left_out); i++) {
		if (left_out[i] == number)
			return true;
	}
	return false;
}

/* Shorter than the time a busy process gets before it has to make room. */
static void nap(void)
{
	nanosleep(&(struct timespec){ 0, 100000 }, NULL);
}

static void kill_soon(pid_t pid, volatile int *started, int number)
{
	int status;

	while (!*started)
		nap();
	CHECK(kill(pid, SIGKILL) == 0);
	status = wait_status(pid);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		FAIL("call %d: status %#x", number, status);
}

__attribute__((noreturn))
static void call_for_ever(int number, volatile int *started)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	*started = 1;
	for (;;)
		raw_syscall(number, 0, 0, 0, 0, 0, 0);
}

int main(void)
{
	volatile int *started = shared_memory(PAGE);
	pid_t pid;

	for (int number = 0; number <= LAST_CALL; number++) {
		/* Who has a row is the other test's, which gives it arguments that make sense. */
		if (is_left_out(number) || has_row(number))
			continue;
		*started = 0;
		pid = FORK();
		if (pid == 0)
			call_for_ever(number, started);
		kill_soon(pid, started, number);
	}

	*started = 0;
	pid = FORK();
	if (pid == 0) {
		handle_signal(SIGCHLD, SIG_IGN, 0);
		for (;;) {
			if (fork() == 0)
				_exit(0);
			*started = 1;
		}
	}
	kill_soon(pid, started, SYS_fork);

	*started = 0;
	pid = FORK();
	if (pid == 0) {
		*started = 1;
		for (;;)
			;
	}
	kill_soon(pid, started, -1);
	return 0;
}
