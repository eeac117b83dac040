/*
 * The old calls, from before there were 64 signals: signal (48), sigaction (67), sigsuspend (72),
 * sigpending (73), sigreturn (119, behind every handler without SA_SIGINFO), sigprocmask (126),
 * sgetmask and ssetmask (68, 69).
 */
#include "check.h"

struct old_sigaction {
	void (*handler)(int);
	unsigned long mask;
	unsigned long flags;
	void (*restorer)(void);
};

#define SA_RESTORER_FLAG 0x04000000
#define BIT(signal) (1ul << ((signal) - 1))

static volatile int calls, last_signal;
static volatile unsigned long mask_inside;

static void handler(int signal)
{
	unsigned long mask = 0;

	raw_syscall(126, SIG_BLOCK, 0, &mask);
	mask_inside = mask;
	last_signal = signal;
	calls = calls + 1;
}

/* As the kernel's own trampoline, but this program's. */
void own_restorer(void);
__asm__("own_restorer:\n"
	"	pop %eax\n"
	"	mov $119, %eax\n"
	"	int $0x80\n");

int main(void)
{
	struct old_sigaction action = { handler, BIT(SIGUSR2), 0, NULL }, old;
	unsigned long set = BIT(SIGUSR1), pending, mask;

	/* sigaction, with the kernel's trampoline. */
	CHECK_EQ(raw_syscall(67, SIGUSR1, &action, &old), 0);
	CHECK(old.handler == SIG_DFL);
	CHECK_EQ(raw_syscall(SYS_kill, getpid(), SIGUSR1), 0);
	CHECK_EQ(calls, 1);
	CHECK_EQ(last_signal, SIGUSR1);
	CHECK_EQ(mask_inside & (BIT(SIGUSR1) | BIT(SIGUSR2)), BIT(SIGUSR1) | BIT(SIGUSR2));
	CHECK_EQ(raw_syscall(126, SIG_BLOCK, 0, &mask), 0);
	CHECK_EQ(mask, 0);

	/* With a restorer of our own. */
	action.flags = SA_RESTORER_FLAG;
	action.restorer = own_restorer;
	CHECK_EQ(raw_syscall(67, SIGUSR1, &action, &old), 0);
	CHECK(old.handler == handler);
	CHECK_EQ(old.mask, BIT(SIGUSR2));
	CHECK_EQ(raw_syscall(SYS_kill, getpid(), SIGUSR1), 0);
	CHECK_EQ(calls, 2);

	/* sigprocmask and sigpending. */
	CHECK_EQ(raw_syscall(126, SIG_BLOCK, &set, &mask), 0);
	CHECK_EQ(raw_syscall(SYS_kill, getpid(), SIGUSR1), 0);
	CHECK_EQ(calls, 2);
	CHECK_EQ(raw_syscall(73, &pending), 0);
	CHECK_EQ(pending, BIT(SIGUSR1));

	/* sigsuspend: two words that nobody looks at, then the mask. */
	CHECK_EQ(raw_syscall(72, 0, 0, 0), -EINTR);
	CHECK_EQ(calls, 3);
	CHECK_EQ(raw_syscall(126, SIG_UNBLOCK, &set, &mask), 0);
	CHECK_EQ(mask, BIT(SIGUSR1));
	CHECK_EQ(raw_syscall(126, 99, &set, 0), -EINVAL);

	/* ssetmask and sgetmask. */
	CHECK_EQ(raw_syscall(69, BIT(SIGHUP) | BIT(SIGKILL)), 0);
	CHECK_EQ(raw_syscall(68), BIT(SIGHUP));
	CHECK_EQ(raw_syscall(69, 0), BIT(SIGHUP));

	/* signal(): once, and not blocked meanwhile. */
	CHECK_EQ(raw_syscall(48, SIGUSR2, handler), 0);
	CHECK_EQ(raw_syscall(SYS_kill, getpid(), SIGUSR2), 0);
	CHECK_EQ(calls, 4);
	CHECK_EQ(mask_inside & BIT(SIGUSR2), 0);
	CHECK_EQ(raw_syscall(48, SIGUSR2, SIG_IGN), (long)SIG_DFL);
	CHECK_EQ(raw_syscall(48, SIGKILL, handler), -EINVAL);
	CHECK_EQ(raw_syscall(67, SIGSTOP, &action, 0), -EINVAL);
	CHECK_EQ(raw_syscall(67, 65, &action, 0), -EINVAL);
	CHECK_EQ(raw_syscall(67, 0, &action, 0), -EINVAL);
	return 0;
}
