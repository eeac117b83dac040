/* SA_RESETHAND: the handler is gone once it is called, but not from sigaction's flags of others. */
#include "check.h"

static volatile int calls;

static void handler(int signal)
{
	struct sigaction now;

	CHECK(sigaction(signal, NULL, &now) == 0);
	CHECK(now.sa_handler == SIG_DFL);
	calls = calls + 1;
}

static void raise_twice(void)
{
	raise(SIGUSR1);
	raise(SIGUSR1);
}

int main(void)
{
	handle_signal(SIGUSR1, handler, SA_RESETHAND);
	dies_of(SIGUSR1, raise_twice);
	CHECK(raise(SIGUSR1) == 0);
	CHECK_EQ(calls, 1);
	handle_signal(SIGCHLD, handler, SA_RESETHAND);
	CHECK(raise(SIGCHLD) == 0);
	CHECK(raise(SIGCHLD) == 0);	/* ignored by default */
	CHECK_EQ(calls, 2);
	return 0;
}
