/* test: timeout=60
 * A handler without SA_RESTART makes every blocking call fail with EINTR, after the handler has
 * run.
 */
#include "interrupted_objects.h"

static void interrupt(const struct blocking_call *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct gate ready = gate_create();

		*handled = 0;
		helper = FORK();
		if (helper == 0) {
			hold_locks();
			gate_open(&ready);
			wait_until_blocked(getppid());
			CHECK(kill(getppid(), INTERRUPT_SIGNAL) == 0);
			pause();
		}
		gate_pass(&ready);
		errno = 0;
		long result = calls[i].call();

		if (result != -1 || errno != EINTR || *handled != 1)
			FAIL("%s: %ld, handler ran %d times", calls[i].name, result, *handled);
		kill_and_reap(helper);
		close(ready.fds[0]);
		close(ready.fds[1]);
	}
}

int main(void)
{
	prepare_blocking_calls();
	prepare_blocking_objects();
	handle_signal(INTERRUPT_SIGNAL, count_signal, 0);
	interrupt(blocking_calls, ARRAY_SIZE(blocking_calls));
	interrupt(blocking_object_calls, ARRAY_SIZE(blocking_object_calls));
	remove_blocking_objects();
	return 0;
}
