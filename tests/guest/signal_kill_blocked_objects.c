/* test: timeout=60
 * SIGKILL ends at once a process that waits in a way that no handler could interrupt, or that a
 * handler sees nothing of: for a lock that inherits priority, at the master of a terminal, stopped
 * for its tracer.
 */
#include "futex.h"
#include "ptrace.h"
#include <pty.h>

static volatile unsigned int *held_word, *other_word;

static void wait_pi_lock(void)
{
	pi_lock(held_word);
}

static void wait_requeue_pi(void)
{
	futex(other_word, WAIT_REQUEUE_PI, 0, NULL, held_word, 0);
}

static void wait_terminal_master(void)
{
	int master, slave;
	char byte;

	CHECK(openpty(&master, &slave, NULL, NULL, NULL) == 0);
	(void)!read(master, &byte, 1);
}

static const struct {
	const char *name;
	void (*wait)(void);
} waits[] = {
	{ "FUTEX_LOCK_PI", wait_pi_lock },
	{ "FUTEX_WAIT_REQUEUE_PI", wait_requeue_pi },
	{ "read of a terminal's master", wait_terminal_master },
};

static void stop_for_tracer(void)
{
	pid_t pid = FORK();

	if (pid == 0) {
		CHECK(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
		raise(SIGUSR1);
		FAIL("went on without its tracer");
	}
	expect_stop(pid, SIGUSR1);
	wait_process_state(pid, 't');
	CHECK(kill(pid, SIGKILL) == 0);
	expect_death(pid, SIGKILL);
}

int main(void)
{
	held_word = shared_memory(PAGE);
	other_word = held_word + 1;
	CHECK_EQ(pi_lock(held_word), 0);
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		pid_t pid = FORK();

		if (pid == 0) {
			waits[i].wait();
			FAIL("%s came back", waits[i].name);
		}
		wait_until_blocked(pid);
		kill_and_reap(pid);
	}
	CHECK_EQ(pi_unlock(held_word), 0);
	stop_for_tracer();
	return 0;
}
