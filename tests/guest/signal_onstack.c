/*
 * SA_ONSTACK handlers run on the alternate stack, others do not; while one runs the stack cannot be
 * changed; SS_DISABLE and SS_AUTODISARM take it away; one too small is refused.
 */
#include "check.h"

static char alternate[65536] __attribute__((aligned(16)));
static volatile uintptr_t handler_stack;
static volatile int change_errno, flags_inside;

static bool on_alternate(void)
{
	return handler_stack >= (uintptr_t)alternate &&
	       handler_stack < (uintptr_t)alternate + sizeof(alternate);
}

static void handler(int signal)
{
	char here;
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	stack_t now;

	handler_stack = (uintptr_t)&here;
	change_errno = sigaltstack(&stack, NULL) == 0 ? 0 : errno;
	CHECK(sigaltstack(NULL, &now) == 0);
	flags_inside = now.ss_flags;
	if (signal == SIGUSR2)
		raise(SIGUSR1);		/* nested: stays on the same stack */
}

int main(void)
{
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	stack_t now;

	CHECK(sigaltstack(NULL, &now) == 0);
	CHECK_EQ(now.ss_flags, SS_DISABLE);
	handle_signal(SIGUSR1, handler, SA_ONSTACK);
	CHECK(raise(SIGUSR1) == 0);
	CHECK(!on_alternate());			/* none is set */

	CHECK(sigaltstack(&stack, NULL) == 0);
	CHECK(raise(SIGUSR1) == 0);
	CHECK(on_alternate());
	CHECK_EQ(change_errno, EPERM);
	CHECK_EQ(flags_inside, SS_ONSTACK);
	CHECK(sigaltstack(NULL, &now) == 0);
	CHECK_EQ(now.ss_flags, 0);
	CHECK(now.ss_sp == alternate);
	CHECK_EQ(now.ss_size, sizeof(alternate));

	handle_signal(SIGUSR1, handler, 0);
	CHECK(raise(SIGUSR1) == 0);
	CHECK(!on_alternate());
	handle_signal(SIGUSR1, handler, SA_ONSTACK);
	handle_signal(SIGUSR2, handler, SA_ONSTACK);
	CHECK(raise(SIGUSR2) == 0);
	CHECK(on_alternate());

	stack.ss_size = 512;
	CHECK_ERRNO(sigaltstack(&stack, NULL), ENOMEM);
	stack.ss_flags = 12345;
	CHECK_ERRNO(sigaltstack(&stack, NULL), EINVAL);
	stack.ss_flags = SS_DISABLE;
	CHECK(sigaltstack(&stack, NULL) == 0);
	CHECK(raise(SIGUSR1) == 0);
	CHECK(!on_alternate());
	return 0;
}
