/*
 * Signal stops: the tracer sees each signal, even an ignored one, before it is delivered; it may
 * suppress it, deliver another, and change its siginfo. SIGKILL is never seen.
 */
#include "ptrace.h"

static volatile int handled, value, sender;

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)context;
	handled = signal;
	value = info->si_value.sival_int;
	sender = info->si_pid;
}

static void expect_handled(int signal)
{
	CHECK_EQ(handled, signal);
	handled = 0;
}

static void body(void)
{
	handle_signal_info(SIGUSR1, handler, 0);
	handle_signal_info(SIGUSR2, handler, 0);
	signal(SIGHUP, SIG_IGN);

	raise(SIGUSR1);		/* let through */
	expect_handled(SIGUSR1);
	CHECK_EQ(sender, getpid());
	raise(SIGUSR1);		/* suppressed */
	expect_handled(0);
	raise(SIGUSR1);		/* SIGUSR2 instead, from the tracer */
	expect_handled(SIGUSR2);
	CHECK_EQ(sender, getppid());
	raise(SIGUSR1);		/* with a value of the tracer's */
	expect_handled(SIGUSR1);
	CHECK_EQ(value, 1234);
	raise(SIGHUP);		/* ignored, yet seen; turned into SIGUSR2 */
	expect_handled(SIGUSR2);
	raise(SIGCHLD);		/* ignored by default, yet seen */
	block_signal(SIGUSR1);
	raise(SIGUSR1);		/* not seen while blocked */
	raise(SIGWINCH);
	unblock_signal(SIGUSR1);
	raise(SIGTERM);		/* suppressed: life goes on */
	for (;;)
		pause();
}

int main(void)
{
	siginfo_t info;
	sigset_t mask;
	struct sigpending_args {
		unsigned long long offset;
		unsigned int flags;
		int count;
	} arguments = { 0, 0, 4 };
	siginfo_t infos[4];
	pid_t pid = start_tracee(body);

	info = info_of(pid);
	CHECK_EQ(info.si_signo, SIGSTOP);
	CHECK_EQ(info.si_code, SI_TKILL);
	CHECK_EQ(info.si_pid, pid);

	resume(PTRACE_CONT, pid, 0);
	expect_stop(pid, SIGUSR1);
	resume(PTRACE_CONT, pid, SIGUSR1);
	expect_stop(pid, SIGUSR1);
	resume(PTRACE_CONT, pid, 0);
	expect_stop(pid, SIGUSR1);
	resume(PTRACE_CONT, pid, SIGUSR2);

	expect_stop(pid, SIGUSR1);
	info = info_of(pid);
	info.si_code = SI_QUEUE;
	info.si_value.sival_int = 1234;
	CHECK(ptrace(PTRACE_SETSIGINFO, pid, NULL, &info) == 0);
	resume(PTRACE_CONT, pid, SIGUSR1);

	expect_stop(pid, SIGHUP);
	resume(PTRACE_CONT, pid, SIGUSR2);
	expect_stop(pid, SIGCHLD);
	resume(PTRACE_CONT, pid, SIGCHLD);

	expect_stop(pid, SIGWINCH);
	CHECK(ptrace(0x420a, pid, sizeof(long long), &mask) == 0);	/* GETSIGMASK */
	CHECK(sigismember(&mask, SIGUSR1));
	CHECK(!sigismember(&mask, SIGUSR2));
	CHECK_ERRNO(ptrace(0x420a, pid, 4, &mask), EINVAL);
	CHECK_EQ(ptrace(PTRACE_PEEKSIGINFO, pid, &arguments, infos), 1);
	CHECK_EQ(infos[0].si_signo, SIGUSR1);
	arguments.flags = 1;
	CHECK_EQ(ptrace(PTRACE_PEEKSIGINFO, pid, &arguments, infos), 0);
	arguments.flags = 2;
	CHECK_ERRNO(ptrace(PTRACE_PEEKSIGINFO, pid, &arguments, infos), EINVAL);
	arguments.flags = 0;
	arguments.count = -1;
	CHECK_ERRNO(ptrace(PTRACE_PEEKSIGINFO, pid, &arguments, infos), EINVAL);
	resume(PTRACE_CONT, pid, SIGWINCH);
	expect_stop(pid, SIGUSR1);
	resume(PTRACE_CONT, pid, 0);
	expect_stop(pid, SIGTERM);
	CHECK_ERRNO(ptrace(PTRACE_CONT, pid, 0, 65), EIO);
	CHECK_ERRNO(ptrace(PTRACE_CONT, pid, 0, -1), EIO);
	resume(PTRACE_CONT, pid, 0);
	wait_until_blocked(pid);
	CHECK_ERRNO(ptrace(PTRACE_CONT, pid, 0, 0), ESRCH);	/* it runs */
	CHECK(kill(pid, SIGTERM) == 0);
	expect_stop(pid, SIGTERM);
	resume(PTRACE_CONT, pid, SIGTERM);
	expect_death(pid, SIGTERM);

	/* SIGKILL, while it runs and while it is stopped. */
	pid = start_tracee(body);
	CHECK(kill(pid, SIGKILL) == 0);
	expect_death(pid, SIGKILL);
	pid = start_tracee(body);
	resume(PTRACE_CONT, pid, 0);
	expect_stop(pid, SIGUSR1);
	CHECK(ptrace(PTRACE_KILL, pid, 0, 0) == 0);
	expect_death(pid, SIGKILL);
	return 0;
}
