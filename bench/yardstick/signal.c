/* Signals: installing, blocking, and sending one to oneself. */
#include "yardstick.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static volatile unsigned int handled;

static void on_signal(int signal)
{
	handled += signal > 0;
}

static int install(unsigned int count)
{
	/* handler, flags, restorer, mask */
	long action[5] = { (long)on_signal };
	long by_default[5] = { 0 };
	int error = step("rt_sigaction", call4(NR_RT_SIGACTION, SIGUSR2, (long)action, 0, 8));

	if (error < 0)
		return error;
	start();
	while (count--)
		call4(NR_RT_SIGACTION, SIGUSR2, (long)action, 0, 8);
	stop();
	call4(NR_RT_SIGACTION, SIGUSR2, (long)by_default, 0, 8);
	return 0;
}

static int block_unblock(unsigned int count)
{
	long mask[2] = { 1 << (SIGUSR2 - 1), 0 };
	int error = step("rt_sigprocmask", call4(NR_RT_SIGPROCMASK, SIG_BLOCK, (long)mask, 0, 8));

	if (error < 0)
		return error;
	start();
	while (count--) {
		call4(NR_RT_SIGPROCMASK, SIG_BLOCK, (long)mask, 0, 8);
		call4(NR_RT_SIGPROCMASK, SIG_UNBLOCK, (long)mask, 0, 8);
	}
	stop();
	return 0;
}

static int to_self(unsigned int count, int flags)
{
	struct sigaction action;
	unsigned int wanted = count;
	int pid = (int)call0(NR_GETPID);

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_signal;
	action.sa_flags = flags;
	if (sigaction(SIGUSR1, &action, NULL))
		return step("sigaction", -errno);
	handled = 0;
	start();
	while (count--)
		call2(NR_KILL, pid, SIGUSR1);
	stop();
	signal(SIGUSR1, SIG_DFL);
	return handled == wanted ? 0 : step("not-delivered", -EIO);
}

static int old_frame(unsigned int count)
{
	return to_self(count, 0);
}

static int info_frame(unsigned int count)
{
	return to_self(count, SA_SIGINFO);
}

const struct benchmark signal_benchmarks[] = {
	{ "sig_install", install, 100, 1u << 30, "rt_sigaction" },
	{ "sig_procmask", block_unblock, 100, 1u << 30, "block + unblock" },
	{ "sig_self", old_frame, 100, 1u << 30, "kill self + handler + return" },
	{ "sig_self_info", info_frame, 100, 1u << 30, "the same, SA_SIGINFO frame" },
	{ 0 },
};
