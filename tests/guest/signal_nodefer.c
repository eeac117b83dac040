/* While a handler runs its signal is blocked, and sa_mask's too; with SA_NODEFER its own is not. */
#include "check.h"

static volatile int depth, deepest, calls;
static volatile bool other_pending;

static void handler(int signal)
{
	calls = calls + 1;
	depth = depth + 1;
	if (depth > deepest)
		deepest = depth;
	if (calls < 5)
		raise(signal);
	if (signal == SIGUSR1) {
		raise(SIGUSR2);
		other_pending = signal_is_pending(SIGUSR2);
	}
	depth = depth - 1;
}

static void set_handler(int flags, bool mask_other)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	if (mask_other)
		sigaddset(&action.sa_mask, SIGUSR2);
	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	calls = deepest = 0;
	CHECK(raise(SIGUSR1) == 0);
}

int main(void)
{
	sigset_t mask;

	handle_signal(SIGUSR2, SIG_IGN, 0);
	set_handler(0, false);
	CHECK_EQ(calls, 5);
	CHECK_EQ(deepest, 1);
	set_handler(SA_NODEFER, false);
	CHECK_EQ(calls, 5);
	CHECK_EQ(deepest, 5);

	handle_signal(SIGUSR2, handler, 0);
	set_handler(0, true);
	CHECK(other_pending);
	CHECK(!signal_is_pending(SIGUSR2));

	/* Afterwards the mask is what it was. */
	CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0);
	for (int signal = 1; signal < 65; signal++)
		CHECK(sigismember(&mask, signal) != 1);
	return 0;
}
