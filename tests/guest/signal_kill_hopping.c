/*
 * kill() to a group, and to all, reaches everybody at once: no process gets away by forking a child
 * with a lower number and ending, again and again.
 */
#include "check.h"
#include <linux/sched.h>
#include <sys/prctl.h>

enum { ROUNDS = 30, CHAINS = 3 };

static pid_t random_id(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return 400 + (*seed >> 8) % 20000;
}

static void hop_for_ever(unsigned int seed)
{
	for (;;) {
		pid_t id = random_id(&seed);
		struct clone_args args = {
			.exit_signal = SIGCHLD,
			.set_tid = (uintptr_t)&id,
			.set_tid_size = 1,
		};
		long pid = syscall(SYS_clone3, &args, sizeof(args));

		if (pid > 0)
			_exit(0);
		if (pid < 0 && errno != EEXIST && errno != EAGAIN)
			FAIL("clone3");
	}
}

/* All are ours: their parents end at once, and we are next. */
static void reap_all(void)
{
	long long give_up = now_ns() + 10000000000LL;

	for (;;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0 && errno == ECHILD)
			return;
		if (now_ns() > give_up)
			FAIL("somebody got away");
		if (pid == 0)
			sched_yield();
	}
}

static void one_round(int round)
{
	pid_t group = FORK();

	if (group == 0) {
		CHECK(setpgid(0, 0) == 0);
		for (;;)
			pause();
	}
	setpgid(group, group);
	for (int i = 0; i < CHAINS; i++) {
		pid_t pid = FORK();

		if (pid == 0) {
			CHECK(setpgid(0, group) == 0);
			hop_for_ever(round * CHAINS + i + getpid());
		}
		/* Whichever of us is faster; if it has hopped away, it was itself. */
		setpgid(pid, group);
	}
	/* A while, in which those that have ended wait for us. */
	for (int i = 0; i < 100 + round; i++) {
		if (waitpid(-1, NULL, WNOHANG) <= 0)
			sched_yield();
	}
	CHECK(kill(-group, SIGKILL) == 0);
	reap_all();
}

int main(void)
{
	CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	for (int round = 0; round < scaled(ROUNDS); round++)
		one_round(round);
	return 0;
}
