/* The stack grows down by itself, up to RLIMIT_STACK; beyond it is SIGSEGV. */
#include "check.h"

static char alternate_stack[65536];

__attribute__((noinline))
static int use_stack(int depth)
{
	volatile char frame[16 * 1024];

	frame[0] = depth;
	if (depth == 0)
		return frame[0];
	int below = use_stack(depth - 1);

	frame[1] = 0;	/* after the call, so that this is no loop */
	return below + frame[1];
}

static void overflow(void)
{
	use_stack(0x7fffffff);
}

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	_exit(info->si_code == SEGV_MAPERR ? 42 : 1);
}

int main(void)
{
	struct rlimit limit = { 2 << 20, 2 << 20 };
	stack_t stack = { .ss_sp = alternate_stack, .ss_size = sizeof(alternate_stack) };
	pid_t child;

	CHECK_EQ(use_stack(64), 0);	/* one MiB */

	CHECK(setrlimit(RLIMIT_STACK, &limit) == 0);
	dies_of(SIGSEGV, overflow);	/* no room for the handler's frame either */
	child = FORK();
	if (child == 0) {
		CHECK(sigaltstack(&stack, NULL) == 0);
		handle_signal_info(SIGSEGV, handler, SA_ONSTACK);
		overflow();
	}
	CHECK_EQ(wait_exit_status(child), 42);
	return 0;
}
