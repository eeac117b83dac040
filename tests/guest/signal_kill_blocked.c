/* test: timeout=60
 * SIGKILL ends a process in every blocking call at once, and in a stop, and waiting for vfork().
 */
#include "interrupted_calls.h"

static void wait_for_vfork(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		struct timespec time = { 3, 0 };

		raw_syscall(SYS_nanosleep, &time, 0);
		_exit(0);
	}
}

static void stop(void)
{
	raise(SIGSTOP);
}

static void kill_in(const char *name, void (*body)(void), char state)
{
	pid_t pid = FORK();

	if (pid == 0) {
		body();
		FAIL("%s came back", name);
	}
	if (state == 'S')
		wait_until_blocked(pid);
	else
		wait_process_state(pid, state);
	kill_and_reap(pid);
}

static const struct blocking_call *current;

static void make_current_call(void)
{
	locked_fd = MUST(open("locked", O_RDWR));
	helper = FORK();
	if (helper == 0) {
		for (;;)
			pause();
	}
	current->call();
}

int main(void)
{
	prepare_blocking_calls();
	hold_locks();
	for (size_t i = 0; i < ARRAY_SIZE(blocking_calls); i++) {
		current = &blocking_calls[i];
		kill_in(current->name, make_current_call, 'S');
	}
	kill_in("stop", stop, 'T');
	kill_in("vfork", wait_for_vfork, 'D');
	return 0;
}
