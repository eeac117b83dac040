/*
 * Interval timers that ring every microsecond, and whose signals nobody takes, cost others next to
 * nothing.
 */
#include "check.h"
#include <sys/time.h>

enum { PROCESSES = 4 };

static void stay_on_one_cpu(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	CHECK(sched_setaffinity(0, sizeof(cpus), &cpus) == 0);
}

/* What a loop gets done in a fifth of a second. */
static long work_done(void)
{
	long long end = now_ns() + 200000000;
	long done = 0;

	while (now_ns() < end)
		for (volatile int i = 0; i < 1000; i++)
			done++;
	return done;
}

static pid_t start_timer(bool ignored)
{
	struct itimerval tiny = { { 0, 1 }, { 0, 1 } };
	struct gate started = gate_create();
	pid_t pid = FORK();

	if (pid == 0) {
		if (ignored)
			handle_signal(SIGALRM, SIG_IGN, 0);
		else
			block_signal(SIGALRM);
		gate_open(&started);
		CHECK(setitimer(ITIMER_REAL, &tiny, NULL) == 0);
		for (;;)
			pause();
	}
	gate_pass(&started);
	wait_until_blocked(pid);
	return pid;
}

static long work_beside(bool ignored)
{
	pid_t pids[PROCESSES];
	long done;

	for (int i = 0; i < PROCESSES; i++)
		pids[i] = start_timer(ignored);
	done = work_done();
	for (int i = 0; i < PROCESSES; i++)
		kill_and_reap(pids[i]);
	return done;
}

int main(void)
{
	long alone;

	stay_on_one_cpu();
	alone = work_done();
	for (int round = 0; round < 2; round++) {
		long beside = work_beside(round == 1);

		if (beside < alone / 4)
			FAIL("%ld done beside them, %ld alone", beside, alone);
	}
	return 0;
}
