/* test: timeout=60
 * A signal that comes in the middle of a computation, at any instruction, changes nothing: all
 * registers, flags, the floating-point state and the mask are the same after the handler. With and
 * without SA_SIGINFO, on the alternate stack, and with handlers that nest.
 */
#include "registers.h"

static char alternate[65536] __attribute__((aligned(16)));
static volatile int calls;

static void spoil(int signal)
{
	registers_spoil_fpu();
	__asm__ volatile("mov %%ds, %%ax\n\tmov %%ax, %%fs\n\tstd\n\tcld" ::: "eax");
	calls = calls + 1;
	if (signal == SIGUSR1)
		raise(SIGUSR2);
	else
		registers_leave_loop();
	/* The C library's own, so nothing may follow that needs it. */
	__asm__ volatile("mov %%ds, %%ax\n\tmov %%ax, %%gs" ::: "eax");
}

static void spoil_with_info(int signal, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	spoil(signal);
}

static void run(uint32_t seed)
{
	static struct registers in, out;
	sigset_t before, after;
	pid_t helper;

	registers_loop_target = registers_loop_start;
	in = registers_with_pattern(seed);
	CHECK(sigprocmask(SIG_BLOCK, NULL, &before) == 0);
	helper = FORK();
	if (helper == 0) {
		for (unsigned int i = 0; i < seed % 7; i++)
			sched_yield();
		CHECK(kill(getppid(), SIGUSR1) == 0);
		_exit(0);
	}
	registers_through_loop(&in, &out);
	CHECK_EQ(out.eax, in.eax);
	registers_check_same(&in, &out);
	CHECK(sigprocmask(SIG_BLOCK, NULL, &after) == 0);
	CHECK(memcmp(&before, &after, 8) == 0);
	CHECK_EQ(wait_exit_status(helper), 0);
}

int main(void)
{
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	int rounds = scaled(40);

	CHECK(sigaltstack(&stack, NULL) == 0);
	block_signal(SIGHUP);
	for (int round = 0; round < rounds; round++) {
		int on_stack = round & 1 ? SA_ONSTACK : 0;

		if (round & 2) {
			handle_signal_info(SIGUSR1, spoil_with_info, on_stack);
			handle_signal(SIGUSR2, spoil, 0);
		} else {
			handle_signal(SIGUSR1, spoil, on_stack);
			handle_signal_info(SIGUSR2, spoil_with_info, SA_ONSTACK);
		}
		calls = 0;
		run(round);
		CHECK_EQ(calls, 2);
	}
	return 0;
}
