/*
 * A process that is dead and not waited for keeps how it was scheduled: the calls that ask for it
 * and those that change it work as ever. So does a leader that has ended before its threads.
 */
#include "check.h"
#include <pthread.h>

#define NR_SETPARAM 154
#define NR_GETPARAM 155
#define NR_SETSCHEDULER 156
#define NR_GETSCHEDULER 157
#define NR_GET_INTERVAL 161
#define NR_SETAFFINITY 241
#define NR_GETAFFINITY 242
#define NR_SETATTR 351
#define NR_GETATTR 352
enum { OTHER = 0, FIFO = 1, RR = 2, BATCH = 3, RESET_ON_FORK = 0x40000000 };

struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static void wait_until_dead(pid_t pid)
{
	siginfo_t info;

	CHECK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0);
}

static pid_t dead_child(int nice, int policy, int priority)
{
	pid_t child = fork();

	CHECK(child >= 0);
	if (child == 0) {
		CHECK(setpriority(PRIO_PROCESS, 0, nice) == 0);
		CHECK_EQ(raw_syscall(NR_SETSCHEDULER, 0, policy, &priority), 0);
		_exit(0);
	}
	wait_until_dead(child);
	return child;
}

static int parameter_of(pid_t pid)
{
	int priority = -1;

	CHECK_EQ(raw_syscall(NR_GETPARAM, pid, &priority), 0);
	return priority;
}

static void is_asked(void)
{
	pid_t child = dead_child(5, RR | RESET_ON_FORK, 7);
	struct attributes attributes;
	uint32_t cpus = 0, mine = 0;
	struct timespec interval;

	CHECK_EQ(raw_syscall(NR_GETSCHEDULER, child), RR | RESET_ON_FORK);
	CHECK_EQ(parameter_of(child), 7);
	CHECK_EQ(getpriority(PRIO_PROCESS, (id_t)child), 5);
	CHECK_EQ(raw_syscall(NR_GETATTR, child, &attributes, sizeof(attributes), 0), 0);
	CHECK_EQ(attributes.policy, RR);
	CHECK_EQ(attributes.priority, 7);
	CHECK_EQ(raw_syscall(NR_GET_INTERVAL, child, &interval), 0);
	CHECK_EQ(interval.tv_sec, 0);
	CHECK(raw_syscall(NR_GETAFFINITY, 0, sizeof(mine), &mine) > 0);
	CHECK(raw_syscall(NR_GETAFFINITY, child, sizeof(cpus), &cpus) > 0);
	CHECK_EQ(cpus, mine);
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(raw_syscall(NR_GETSCHEDULER, child), -ESRCH);
}

static void is_changed(void)
{
	pid_t child = dead_child(0, OTHER, 0);
	struct attributes batch = { .size = sizeof(batch), .policy = BATCH, .nice = 3 };
	uint32_t cpus = 1;
	int priority = 9;

	CHECK_EQ(raw_syscall(NR_SETSCHEDULER, child, FIFO, &priority), 0);
	CHECK_EQ(raw_syscall(NR_GETSCHEDULER, child), FIFO);
	CHECK_EQ(parameter_of(child), 9);
	priority = 11;
	CHECK_EQ(raw_syscall(NR_SETPARAM, child, &priority), 0);
	CHECK_EQ(parameter_of(child), 11);
	priority = 100;
	CHECK_EQ(raw_syscall(NR_SETSCHEDULER, child, FIFO, &priority), -EINVAL);
	CHECK_EQ(raw_syscall(NR_SETATTR, child, &batch, 0), 0);
	CHECK_EQ(raw_syscall(NR_GETSCHEDULER, child), BATCH);
	CHECK_EQ(getpriority(PRIO_PROCESS, (id_t)child), 3);
	CHECK(setpriority(PRIO_PROCESS, (id_t)child, 4) == 0);
	CHECK_EQ(getpriority(PRIO_PROCESS, (id_t)child), 4);
	CHECK_EQ(raw_syscall(NR_SETAFFINITY, child, sizeof(cpus), &cpus), 0);
	cpus = 0;
	CHECK(raw_syscall(NR_GETAFFINITY, child, sizeof(cpus), &cpus) > 0);
	CHECK_EQ(cpus, 1);
	CHECK_EQ(wait_exit_status(child), 0);
}

/* A group's nice value is the best in it, the dead among it counted. */
static void counts_in_its_group(void)
{
	pid_t child = fork();

	CHECK(child >= 0);
	if (child == 0) {
		CHECK(setpgid(0, 0) == 0);
		pid_t dead = dead_child(-3, OTHER, 0);
		CHECK(setpriority(PRIO_PROCESS, 0, 2) == 0);
		CHECK_EQ(getpriority(PRIO_PGRP, 0), -3);
		CHECK_EQ(wait_exit_status(dead), 0);
		CHECK_EQ(getpriority(PRIO_PGRP, 0), 2);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
}

/* Another user's stays his. */
static void rights_are_asked_for(void)
{
	pid_t dead = dead_child(0, OTHER, 0);
	pid_t child = fork();
	int priority = 0;

	CHECK(child >= 0);
	if (child == 0) {
		CHECK(setuid(1000) == 0);
		CHECK_EQ(raw_syscall(NR_SETSCHEDULER, dead, BATCH, &priority), -EPERM);
		CHECK(setpriority(PRIO_PROCESS, (id_t)dead, 5) == -1 && errno == EPERM);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(wait_exit_status(dead), 0);
}

static void *outlive_leader(void *gate)
{
	wait_thread_state(getpid(), getpid(), 'Z');
	gate_pass(gate);
	return NULL;
}

static void leader_ends_first(void)
{
	struct gate gate = gate_create();
	int priority = 5;
	pthread_t thread;
	pid_t child = fork();

	CHECK(child >= 0);
	if (child == 0) {
		CHECK(pthread_create(&thread, NULL, outlive_leader, &gate) == 0);
		CHECK_EQ(raw_syscall(NR_SETSCHEDULER, 0, RR, &priority), 0);
		(void)raw_syscall(SYS_exit, 0);
	}
	wait_thread_state(child, child, 'Z');
	CHECK_EQ(raw_syscall(NR_GETSCHEDULER, child), RR);
	CHECK_EQ(parameter_of(child), 5);
	priority = 0;
	CHECK_EQ(raw_syscall(NR_SETSCHEDULER, child, BATCH, &priority), 0);
	CHECK_EQ(raw_syscall(NR_GETSCHEDULER, child), BATCH);
	gate_open(&gate);
	CHECK_EQ(wait_exit_status(child), 0);
}

int main(void)
{
	is_asked();
	is_changed();
	counts_in_its_group();
	rights_are_asked_for();
	leader_ends_first();
	return 0;
}
