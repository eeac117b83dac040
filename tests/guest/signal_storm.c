/* test: timeout=60
 * Processes bombard each other with queued signals while forking and waiting: none is lost, none
 * comes twice, and everything ends.
 */
#include "check.h"

static volatile int received;

static void handler(int signal)
{
	(void)signal;
	received = received + 1;
}

int main(void)
{
	int rounds = scaled(1000);
	int *result = shared_memory(PAGE);
	struct gate ready = gate_create(), done = gate_create();
	pid_t receiver, senders[3];

	receiver = FORK();
	if (receiver == 0) {
		sigset_t none;

		block_signal(SIGRTMIN);
		handle_signal(SIGRTMIN, handler, 0);
		gate_open(&ready);
		sigemptyset(&none);
		while (received < 3 * rounds)
			CHECK_ERRNO(sigsuspend(&none), EINTR);
		*result = received;
		gate_open(&done);
		_exit(0);
	}
	gate_pass(&ready);
	for (int i = 0; i < 3; i++) {
		senders[i] = FORK();
		if (senders[i] != 0)
			continue;
		union sigval value = { .sival_int = 0 };

		for (int round = 0; round < rounds; round++) {
			while (sigqueue(receiver, SIGRTMIN, value) < 0)
				CHECK_EQ(errno, EAGAIN);
			if (round % 50 == 0) {
				pid_t child = FORK();

				if (child == 0)
					_exit(1);
				CHECK_EQ(wait_exit_status(child), 1);
			}
		}
		_exit(0);
	}
	for (int i = 0; i < 3; i++)
		CHECK_EQ(wait_exit_status(senders[i]), 0);
	gate_pass(&done);
	CHECK_EQ(wait_exit_status(receiver), 0);
	CHECK_EQ(*result, 3 * rounds);
	return 0;
}
