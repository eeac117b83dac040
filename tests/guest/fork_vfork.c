/* After vfork() the parent waits until the child has called exec or _exit; they share memory. */
#include "check.h"

static volatile int shared_word;

int main(int argc, char **argv)
{
	pid_t child;

	if (argc > 1)
		return 9;
	child = vfork();
	CHECK(child >= 0);
	if (child == 0) {
		shared_word = 1;
		sched_yield();
		shared_word = 2;
		_exit(3);
	}
	CHECK_EQ(shared_word, 2);
	CHECK_EQ(wait_exit_status(child), 3);

	child = vfork();
	CHECK(child >= 0);
	if (child == 0) {
		shared_word = 4;
		execl("/proc/self/exe", argv[0], "again", (char *)NULL);
		_exit(CHECK_FAILED);
	}
	CHECK_EQ(shared_word, 4);
	CHECK_EQ(wait_exit_status(child), 9);

	/* The child dies of a signal: the parent goes on too. */
	child = vfork();
	CHECK(child >= 0);
	if (child == 0) {
		kill(getpid(), SIGKILL);
		_exit(0);
	}
	expect_signal_death(child, SIGKILL);
	return 0;
}
