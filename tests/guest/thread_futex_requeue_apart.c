/* test: linux=no
 * A sleeper that one process has moved to a word of its private memory does not wait there any more
 * when that memory is gone: the next process, at the same address, wakes nobody but its own.
 *
 * Linux counts a reference for it; here the sleeper is woken rather than moved.
 */
#include "futex.h"

enum { ROUNDS = 20 };

static uint32_t private_word;	/* at one address in all of these processes */

static void sleep_on(uint32_t *word)
{
	(void)raw_syscall(SYS_futex, word, WAIT, 0, NULL, NULL, 0);
	pause();
}

static void move_sleeper(uint32_t *word)
{
	CHECK_EQ(raw_syscall(SYS_futex, word, REQUEUE, 0, (void *)1, &private_word, 0), 1);
}

int main(void)
{
	uint32_t *word = shared_memory(PAGE);

	for (int round = 0; round < ROUNDS; round++) {
		pid_t sleeper = FORK(), mover;

		if (sleeper == 0)
			sleep_on(word);
		wait_until_blocked(sleeper);
		mover = FORK();
		if (mover == 0) {
			move_sleeper(word);
			_exit(0);
		}
		CHECK_EQ(wait_exit_status(mover), 0);
		for (int i = 0; i < 4; i++) {
			pid_t waker = FORK();

			if (waker == 0)
				_exit(raw_syscall(SYS_futex, &private_word, WAKE | PRIVATE, 1,
						  NULL, NULL, 0));
			CHECK_EQ(wait_exit_status(waker), 0);
		}
		kill_and_reap(sleeper);
	}
	return 0;
}
