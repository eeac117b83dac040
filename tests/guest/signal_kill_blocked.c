/* test: timeout=60
 * SIGKILL ends a process in every blocking call at once, and in a stop, and waiting for vfork().
 */
#include "interrupted_objects.h"

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

static void kill_in_each(const struct blocking_call *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		current = &calls[i];
		kill_in(current->name, make_current_call, 'S');
	}
}

int main(void)
{
	prepare_blocking_calls();
	prepare_blocking_objects();
	hold_locks();
	kill_in_each(blocking_calls, ARRAY_SIZE(blocking_calls));
	kill_in_each(blocking_object_calls, ARRAY_SIZE(blocking_object_calls));
	kill_in("stop", stop, 'T');
	kill_in("vfork", wait_for_vfork, 'D');
	remove_blocking_objects();
	return 0;
}
