/*
 * A process that ends takes no signals any more, though it has not come to its end yet (it has
 * stopped for its tracer): they are dropped, and count against nobody's limit of pending ones.
 */
#include "ptrace.h"
#include <sys/resource.h>
#include <sys/syscall.h>

enum { LIMIT = 8, SENT = 3 * LIMIT };

static void end(void)
{
	_exit(3);
}

static void queue(pid_t pid, int signo)
{
	siginfo_t info = { .si_signo = signo, .si_code = SI_QUEUE };

	CHECK(syscall(SYS_rt_sigqueueinfo, pid, signo, &info) == 0);
}

int main(void)
{
	const struct rlimit few = { LIMIT, LIMIT };
	pid_t dying = start_tracee(end), other;

	CHECK(setrlimit(RLIMIT_SIGPENDING, &few) == 0);
	set_options(dying, PTRACE_O_TRACEEXIT);
	CHECK(prlimit(dying, RLIMIT_SIGPENDING, &few, NULL) == 0);
	resume(PTRACE_CONT, dying, 0);
	expect_event(dying, PTRACE_EVENT_EXIT);
	for (int i = 0; i < SENT; i++)
		queue(dying, SIGRTMIN);
	other = FORK();
	if (other == 0) {
		sigset_t set;

		sigemptyset(&set);
		sigaddset(&set, SIGRTMIN);
		CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
		for (int i = 0; i < LIMIT / 2; i++)
			queue(getpid(), SIGRTMIN);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(other), 0);
	resume(PTRACE_CONT, dying, 0);
	expect_exit(dying, 3);
	return 0;
}
