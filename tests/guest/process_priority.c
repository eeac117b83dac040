/*
 * nice, getpriority, setpriority, and the scheduler's calls: ranges, rights, inheritance. A nice
 * value is a thread's own.
 */
#include "check.h"
#include <pthread.h>

static int priority_of(pid_t pid)
{
	errno = 0;
	int value = getpriority(PRIO_PROCESS, pid);

	CHECK_EQ(errno, 0);
	return value;
}

static void as_user(void)
{
	struct sched_param parameter = { .sched_priority = 5 };

	CHECK_EQ(nice(5), 5);
	CHECK_ERRNO(setpriority(PRIO_PROCESS, 0, 2), EACCES);
	CHECK_EQ(priority_of(0), 5);
	CHECK_ERRNO(setpriority(PRIO_PROCESS, getppid(), 10), EPERM);
	CHECK_ERRNO(sched_setscheduler(0, SCHED_FIFO, &parameter), EPERM);
}

static pthread_barrier_t turn;
static volatile pid_t other;

/* The main thread looks and sets between the turns. */
static void *be_nice(void *unused)
{
	(void)unused;
	other = gettid();
	pthread_barrier_wait(&turn);
	pthread_barrier_wait(&turn);
	CHECK_EQ(priority_of(0), 5);
	CHECK_EQ(nice(2), 7);
	pthread_barrier_wait(&turn);
	pthread_barrier_wait(&turn);
	CHECK_EQ(priority_of(0), 1);
	return NULL;
}

static void nice_threads(void)
{
	pthread_t thread;

	CHECK(setpgid(0, 0) == 0);
	CHECK(pthread_barrier_init(&turn, NULL, 2) == 0);
	CHECK(pthread_create(&thread, NULL, be_nice, NULL) == 0);
	pthread_barrier_wait(&turn);
	CHECK(setpriority(PRIO_PROCESS, (id_t)other, 5) == 0);
	CHECK_EQ(priority_of(other), 5);
	CHECK_EQ(priority_of(0), 0);
	CHECK_EQ(priority_of(getpid()), 0);
	pthread_barrier_wait(&turn);
	pthread_barrier_wait(&turn);
	CHECK_EQ(priority_of(other), 7);
	CHECK_EQ(priority_of(0), 0);
	CHECK(setpriority(PRIO_PROCESS, (id_t)getpid(), 3) == 0);
	CHECK_EQ(priority_of(other), 7);
	errno = 0;
	CHECK_EQ(getpriority(PRIO_PGRP, 0), 3);		/* the best of them */
	CHECK(setpriority(PRIO_PGRP, 0, 1) == 0);	/* all of them */
	CHECK_EQ(priority_of(0), 1);
	pthread_barrier_wait(&turn);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK_EQ(errno, 0);
}

static void dead_is_still_there(void)
{
	pid_t child = FORK();

	if (child == 0)
		_exit(0);
	wait_process_state(child, 'Z');
	CHECK_EQ(priority_of(child), 0);
	CHECK(setpriority(PRIO_PROCESS, (id_t)child, 5) == 0);
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_ERRNO(getpriority(PRIO_PROCESS, (id_t)child), ESRCH);
}

int main(void)
{
	struct sched_param parameter = { .sched_priority = 0 };
	struct timespec interval;
	cpu_set_t cpus;
	pid_t child;

	CHECK_EQ(priority_of(0), 0);
	CHECK(setpriority(PRIO_PROCESS, 0, 100) == 0);
	CHECK_EQ(priority_of(0), 19);
	CHECK(setpriority(PRIO_PROCESS, 0, -100) == 0);
	CHECK_EQ(priority_of(0), -20);
	CHECK_EQ(raw_syscall(SYS_getpriority, PRIO_PROCESS, 0), 40);	/* 20 - nice */
	CHECK(setpriority(PRIO_PROCESS, 0, 3) == 0);
	child = FORK();
	if (child == 0)
		_exit(priority_of(0));
	CHECK_EQ(wait_exit_status(child), 3);
	CHECK(setpriority(PRIO_PROCESS, 0, 0) == 0);
	CHECK_ERRNO(getpriority(99, 0), EINVAL);
	CHECK_ERRNO(getpriority(PRIO_PROCESS, 0x3fffffff), ESRCH);
	run_as(OTHER_UID, as_user);

	CHECK_EQ(sched_getscheduler(0), SCHED_OTHER);
	CHECK(sched_getparam(0, &parameter) == 0);
	CHECK_EQ(parameter.sched_priority, 0);
	CHECK_EQ(sched_get_priority_max(SCHED_FIFO), 99);
	CHECK_EQ(sched_get_priority_min(SCHED_RR), 1);
	CHECK_EQ(sched_get_priority_max(SCHED_OTHER), 0);
	CHECK_ERRNO(sched_get_priority_max(99), EINVAL);
	parameter.sched_priority = 100;
	CHECK_ERRNO(sched_setscheduler(0, SCHED_FIFO, &parameter), EINVAL);
	CHECK(sched_rr_get_interval(0, &interval) == 0);
	CHECK(sched_yield() == 0);

	CPU_ZERO(&cpus);
	CHECK(sched_getaffinity(0, sizeof(cpus), &cpus) == 0);
	CHECK(CPU_COUNT(&cpus) >= 1);
	CHECK_ERRNO(sched_getaffinity(0x3fffffff, sizeof(cpus), &cpus), ESRCH);
	CHECK_ERRNO(sched_getaffinity(-1, sizeof(cpus), &cpus), ESRCH);
	CHECK_ERRNO(sched_setaffinity(-1, sizeof(cpus), &cpus), ESRCH);
	CHECK_ERRNO(sched_getscheduler(-1), EINVAL);
	dead_is_still_there();
	in_child(nice_threads);
	return 0;
}
