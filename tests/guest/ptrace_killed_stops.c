/*
 * A tracee that is killed in a stop which nobody has waited for dies of that and nothing else,
 * whatever kind of stop it was.
 */
#include "ptrace.h"

static void call_for_ever(void)
{
	for (;;)
		getppid();
}

static void fork_once(void)
{
	if (fork() == 0)
		_exit(0);
	_exit(0);
}

static void kill_in_stop(void (*body)(void), long options, int request)
{
	pid_t pid = start_tracee(body);

	set_options(pid, options | PTRACE_O_EXITKILL);
	resume(request, pid, 0);
	wait_process_state(pid, 't');
	CHECK(kill(pid, SIGKILL) == 0);
	expect_death(pid, SIGKILL);
}

int main(void)
{
	for (int round = 0; round < 3; round++) {
		kill_in_stop(call_for_ever, PTRACE_O_TRACESYSGOOD, PTRACE_SYSCALL);
		kill_in_stop(call_for_ever, 0, PTRACE_SYSCALL);
		kill_in_stop(call_for_ever, PTRACE_O_TRACESYSGOOD, PTRACE_SYSEMU);
		kill_in_stop(call_for_ever, 0, PTRACE_SINGLESTEP);
		kill_in_stop(fork_once, PTRACE_O_TRACEFORK, PTRACE_CONT);
	}
	return 0;
}
