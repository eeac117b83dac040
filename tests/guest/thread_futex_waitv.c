/* futex_waitv(): one of many words is woken; values, time limits and flags that do not fit. */
#include "check.h"
#include <pthread.h>
#include <linux/futex.h>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

struct one {
	uint64_t expected, word;
	uint32_t flags, reserved;
};

enum { COUNT = 128, IS_32 = 2 };

static uint32_t words[COUNT];
static struct one list[COUNT];
static volatile pid_t waiter_tid;
static volatile long waiter_result;

static long waitv(unsigned int count, struct timespec *timeout, int clock)
{
	int64_t wide[2];

	if (timeout) {
		wide[0] = timeout->tv_sec;
		wide[1] = timeout->tv_nsec;
	}
	return raw_syscall(SYS_futex_waitv, list, count, 0, timeout ? wide : NULL, clock);
}

static void *waiter(void *argument)
{
	waiter_tid = gettid();
	waiter_result = waitv(COUNT, NULL, 0);
	return argument;
}

static void one_is_woken(int place)
{
	pthread_t thread;

	waiter_tid = 0;
	CHECK(pthread_create(&thread, NULL, waiter, NULL) == 0);
	while (!waiter_tid)
		sched_yield();
	while (thread_state(getpid(), waiter_tid) != 'S')
		sched_yield();
	CHECK_EQ(raw_syscall(SYS_futex, &words[place], FUTEX_WAKE_PRIVATE, 5, NULL, NULL, 0), 1);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK_EQ(waiter_result, place);
	/* It left all the others. */
	CHECK_EQ(raw_syscall(SYS_futex, &words[3], FUTEX_WAKE_PRIVATE, 5, NULL, NULL, 0), 0);
}

static void nothing(int signal)
{
	(void)signal;
}

static void fill(void)
{
	for (int i = 0; i < COUNT; i++)
		list[i] = (struct one){ 0, (uintptr_t)&words[i], IS_32 | FUTEX_PRIVATE_FLAG, 0 };
}

static void refusals(void)
{
	struct timespec bad = { 0, 1000000000 }, past = { 1, 0 };

	CHECK_EQ(raw_syscall(SYS_futex_waitv, list, 1, 1, NULL, 0), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_futex_waitv, list, 0, 0, NULL, 0), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_futex_waitv, list, 129, 0, NULL, 0), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_futex_waitv, NULL, 1, 0, NULL, 0), -EINVAL);
	CHECK_EQ(waitv(1, &past, 7), -EINVAL);
	CHECK_EQ(waitv(1, &bad, CLOCK_MONOTONIC), -EINVAL);
	CHECK_EQ(waitv(COUNT, &past, CLOCK_MONOTONIC), -ETIMEDOUT);
	CHECK_EQ(waitv(COUNT, &past, CLOCK_REALTIME), -ETIMEDOUT);
	words[100] = 1;
	CHECK_EQ(waitv(COUNT, NULL, 0), -EAGAIN);
	words[100] = 0;
	list[1].flags = FUTEX_PRIVATE_FLAG;
	CHECK_EQ(waitv(2, NULL, 0), -EINVAL);
	list[1].flags = IS_32 | 4;
	CHECK_EQ(waitv(2, NULL, 0), -EINVAL);
	fill();
	list[1].reserved = 1;
	CHECK_EQ(waitv(2, NULL, 0), -EINVAL);
	fill();
	list[1].word++;
	CHECK_EQ(waitv(2, NULL, 0), -EINVAL);
	list[1].word = 16;
	CHECK_EQ(waitv(2, NULL, 0), -EFAULT);
	fill();
}

static void interrupted(void)
{
	pid_t child = FORK();

	if (child == 0) {
		struct sigaction action = { .sa_handler = nothing };

		CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
		CHECK_EQ(waitv(COUNT, NULL, 0), -EINTR);
		_exit(0);
	}
	wait_until_blocked(child);
	CHECK(kill(child, SIGUSR1) == 0);
	CHECK_EQ(wait_exit_status(child), 0);
}

/* Shared words are found by another process. */
static void shared(void)
{
	uint32_t *word = shared_memory(PAGE);
	pid_t child = FORK();

	list[0] = (struct one){ 0, (uintptr_t)&words[0], IS_32, 0 };
	list[1] = (struct one){ 0, (uintptr_t)word, IS_32, 0 };
	if (child == 0) {
		CHECK_EQ(waitv(2, NULL, 0), 1);
		_exit(0);
	}
	wait_until_blocked(child);
	CHECK_EQ(raw_syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0), 1);
	CHECK_EQ(wait_exit_status(child), 0);
}

int main(void)
{
	fill();
	one_is_woken(0);
	one_is_woken(COUNT - 1);
	one_is_woken(64);
	refusals();
	interrupted();
	shared();
	return 0;
}
