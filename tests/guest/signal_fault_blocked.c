/* A fault whose signal is blocked or ignored ends the process all the same; a sent one does not. */
#include "check.h"

static volatile int *volatile bad_address = (volatile int *)8;

static void fault_blocked(void)
{
	block_signal(SIGSEGV);
	*bad_address = 0;
}

static void fault_ignored(void)
{
	handle_signal(SIGSEGV, SIG_IGN, 0);
	*bad_address = 0;
}

static void fault_again(int signal)
{
	(void)signal;
	*bad_address = 0;	/* blocked now: the second fault is the last */
}

static void fault_in_handler(void)
{
	handle_signal(SIGSEGV, fault_again, 0);
	*bad_address = 0;
}

int main(void)
{
	dies_of(SIGSEGV, fault_blocked);
	dies_of(SIGSEGV, fault_ignored);
	dies_of(SIGSEGV, fault_in_handler);
	block_signal(SIGSEGV);
	CHECK(raise(SIGSEGV) == 0);
	CHECK(signal_is_pending(SIGSEGV));
	handle_signal(SIGSEGV, SIG_IGN, 0);
	CHECK(!signal_is_pending(SIGSEGV));
	return 0;
}
