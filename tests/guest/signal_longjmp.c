/*
 * Leaving handlers by siglongjmp(), thousands of times: the mask comes back, no stack is used up.
 */
#include "check.h"
#include <setjmp.h>

static sigjmp_buf back;
static volatile int calls;
static volatile int *volatile bad_address = (volatile int *)4;

static void handler(int signal)
{
	(void)signal;
	calls = calls + 1;
	siglongjmp(back, 1);
}

int main(void)
{
	struct rlimit limit = { 1 << 20, 1 << 20 };
	int rounds = scaled(5000);
	int fds[2];
	char byte;

	CHECK(setrlimit(RLIMIT_STACK, &limit) == 0);
	CHECK(pipe(fds) == 0);
	handle_signal(SIGUSR1, handler, 0);
	handle_signal(SIGSEGV, handler, 0);
	for (int round = 0; round < rounds; round++) {
		if (sigsetjmp(back, 1) == 0) {
			if (round % 2)
				raise(SIGUSR1);
			else
				*bad_address = 0;
			FAIL("went on");
		}
	}
	CHECK_EQ(calls, rounds);

	/* Out of a blocking call. */
	pid_t helper = FORK();

	if (helper == 0) {
		wait_until_blocked(getppid());
		CHECK(kill(getppid(), SIGUSR1) == 0);
		_exit(0);
	}
	if (sigsetjmp(back, 1) == 0) {
		read(fds[0], &byte, 1);
		FAIL("went on");
	}
	CHECK_EQ(calls, rounds + 1);
	CHECK_EQ(wait_exit_status(helper), 0);
	return 0;
}
