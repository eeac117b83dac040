/* test: timeout=60
 * With SA_RESTART the calls that POSIX lets restart go on after the handler, three times if need
 * be, and end as if nothing had happened; those that wait for time or signals fail with EINTR all
 * the same.
 */
#include "interrupted_objects.h"

static void interrupt_parent(const struct blocking_call *call)
{
	for (int round = 1; round <= (call->finish ? 3 : 1); round++) {
		wait_until_blocked(getppid());
		CHECK(kill(getppid(), INTERRUPT_SIGNAL) == 0);
		while (*handled != round)
			sched_yield();
	}
	if (call->finish) {
		wait_until_blocked(getppid());
		call->finish();
	}
	pause();
}

static void interrupt(const struct blocking_call *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct blocking_call *call = &calls[i];
		struct gate ready = gate_create();

		*handled = 0;
		*futex_word = 0;
		helper = FORK();
		if (helper == 0) {
			hold_locks();
			gate_open(&ready);
			interrupt_parent(call);
		}
		gate_pass(&ready);
		errno = 0;
		long result = call->call();
		bool failed = result == -1 && errno == EINTR;

		if (failed != !call->finish || *handled != (call->finish ? 3 : 1))
			FAIL("%s: %ld, handler ran %d times", call->name, result, *handled);
		if (call->finish && result < 0)
			FAIL("%s", call->name);
		kill(helper, SIGKILL);
		while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
			;
		flock(locked_fd, LOCK_UN);
		struct flock unlock = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

		fcntl(locked_fd, F_SETLK, &unlock);
		fill_pipe(full_pipe[1]);
		close(ready.fds[0]);
		close(ready.fds[1]);
	}
}

int main(void)
{
	prepare_blocking_calls();
	prepare_blocking_objects();
	handle_signal(INTERRUPT_SIGNAL, count_signal, SA_RESTART);
	interrupt(blocking_calls, ARRAY_SIZE(blocking_calls));
	interrupt(blocking_object_calls, ARRAY_SIZE(blocking_object_calls));
	remove_blocking_objects();
	return 0;
}
