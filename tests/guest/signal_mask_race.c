/* test: timeout=60
 * A thread that blocks and unblocks a signal while another sends it: none is lost, though the mask
 * changes without a lock. After its last change the receiver makes no more calls.
 */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>

static atomic_int round_number, handled;
static pid_t receiver;

static void handler(int signal)
{
	(void)signal;
	atomic_fetch_add(&handled, 1);
}

static void *send_all(void *to_process)
{
	int rounds = scaled(100);

	for (int i = 1; i <= rounds; i++) {
		while (atomic_load(&round_number) != i)
			sched_yield();
		for (volatile int wait = 0; wait < i % 50; wait = wait + 1)
			;
		if (to_process)
			CHECK(kill(getpid(), SIGUSR1) == 0);
		else
			CHECK(syscall(SYS_tgkill, getpid(), receiver, SIGUSR1) == 0);
	}
	return NULL;
}

static void receive_all(void)
{
	int rounds = scaled(100);
	uint64_t set = 1u << (SIGUSR1 - 1);

	for (int i = 1; i <= rounds; i++) {
		long long until = now_ns() + 10000000000ll;

		atomic_store(&round_number, i);
		for (volatile int wait = 0; wait < i % 37; wait = wait + 1)
			;
		CHECK(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 8) == 0);
		CHECK(syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, NULL, 8) == 0);
		while (atomic_load(&handled) != i) {
			for (volatile int wait = 0; wait < 1000000; wait = wait + 1)
				if (atomic_load(&handled) == i)
					break;
			/* This call would find a signal that was forgotten: so it ends the test. */
			if (atomic_load(&handled) != i && now_ns() > until)
				FAIL("signal %d was forgotten", i);
		}
	}
}

int main(void)
{
	handle_signal(SIGUSR1, handler, 0);
	receiver = (pid_t)syscall(SYS_gettid);
	for (long to_process = 0; to_process < 2; to_process++) {
		pthread_t sender;

		atomic_store(&handled, 0);
		atomic_store(&round_number, 0);
		CHECK(pthread_create(&sender, NULL, send_all, (void *)to_process) == 0);
		receive_all();
		CHECK(pthread_join(sender, NULL) == 0);
	}
	return 0;
}
