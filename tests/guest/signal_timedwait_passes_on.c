/*
 * Two threads wait for signals with sigwaitinfo(). One is woken for a signal of the process, but
 * takes another first, which is for it alone: the other thread gets the process's.
 */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>

static atomic_int tids[2];
static atomic_int taken[2];

static void *take_one(void *argument)
{
	int number = (int)(intptr_t)argument;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	if (number == 0)
		sigaddset(&set, SIGUSR2);
	tids[number] = syscall(SYS_gettid);
	taken[number] = sigwaitinfo(&set, NULL);
	return NULL;
}

static void stay_on_one_cpu(void)
{
	cpu_set_t cpus;
	struct sched_param priority = { .sched_priority = 1 };

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	CHECK(sched_setaffinity(0, sizeof(cpus), &cpus) == 0);
	/* The waiting threads run when this one sleeps, and not before. */
	CHECK(sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority) == 0);
}

int main(void)
{
	pthread_t threads[2];

	stay_on_one_cpu();
	block_signal(SIGUSR1);
	block_signal(SIGUSR2);
	for (int i = 0; i < 2; i++) {
		CHECK(pthread_create(&threads[i], NULL, take_one, (void *)(intptr_t)i) == 0);
		while (!tids[i])
			sleep_ms(1);
		wait_thread_state(getpid(), tids[i], 'S');
		sleep_ms(20);
	}
	CHECK(kill(getpid(), SIGUSR1) == 0);
	CHECK(syscall(SYS_tgkill, getpid(), tids[0], SIGUSR2) == 0);
	for (int waited = 0; (!taken[0] || !taken[1]) && waited < 10000; waited += 10)
		sleep_ms(10);
	CHECK_EQ(taken[0], SIGUSR2);
	CHECK_EQ(taken[1], SIGUSR1);
	return 0;
}
