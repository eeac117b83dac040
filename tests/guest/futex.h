/* futex(2) by its raw number, and threads that do one thing with it. */
#pragma once
#include "check.h"
#include <pthread.h>

enum {
	WAIT, WAKE, REQUEUE = 3, CMP_REQUEUE, LOCK_PI = 6, UNLOCK_PI, TRYLOCK_PI, WAIT_BITSET,
	WAKE_BITSET, WAIT_REQUEUE_PI, CMP_REQUEUE_PI, LOCK_PI2,
	PRIVATE = 128, REALTIME = 256,
};
#define WAITERS 0x80000000u
#define OWNER_DIED 0x40000000u
#define OWNER_MASK 0x3fffffffu

static inline int futex(volatile unsigned int *word, int operation, unsigned int value,
			const void *timeout, volatile unsigned int *word2, unsigned int value3)
{
	return raw_syscall(SYS_futex, word, operation, value, timeout, word2, value3);
}

static inline pid_t own_id(void)
{
	return raw_syscall(SYS_gettid);
}

static inline int pi_lock(volatile unsigned int *word)
{
	return futex(word, LOCK_PI, 0, NULL, NULL, 0);
}

static inline int pi_unlock(volatile unsigned int *word)
{
	return futex(word, UNLOCK_PI, 0, NULL, NULL, 0);
}

static inline struct timespec time_after(clockid_t clock, int ms)
{
	struct timespec time;

	CHECK(clock_gettime(clock, &time) == 0);
	time.tv_nsec += ms % 1000 * 1000000;
	time.tv_sec += ms / 1000 + time.tv_nsec / 1000000000;
	time.tv_nsec %= 1000000000;
	return time;
}

/*
 * Wait until a thread of ours sleeps, several times in a row. We sleep in between ourselves: who
 * has been lent a real-time priority and only yields keeps the processor from every lower one.
 */
static inline void wait_thread_blocked(pid_t thread)
{
	long long give_up = now_ns() + 10000000000LL;

	for (int found = 0; found < 5;) {
		char state = thread_state(getpid(), thread);

		found = state == 'S' ? found + 1 : 0;
		if (now_ns() > give_up)
			FAIL("thread %d is in state %c, not S", thread, state);
		nanosleep(&(struct timespec){ 0, 200000 }, NULL);
	}
}

/* The priority column of a thread's stat: -1 - p for a real-time priority p, own or lent. */
static inline int priority_column(pid_t thread)
{
	char path[64], text[1024], *field;
	int value = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", getpid(), thread);
	read_text(path, text, sizeof(text));
	field = strrchr(text, ')');
	CHECK(field != NULL);
	for (int i = 0; i < 16; i++)
		field = strchr(field + 1, ' ');
	CHECK(sscanf(field, "%d", &value) == 1);
	return value;
}

static inline void wait_priority(pid_t thread, int expected)
{
	long long give_up = now_ns() + 10000000000LL;
	int value;

	while ((value = priority_column(thread)) != expected) {
		if (now_ns() > give_up)
			FAIL("thread %d has priority %d, not %d", thread, value, expected);
		sleep_ms(1);
	}
}

/* A thread that runs `body`, with a real-time priority or 0, and tells its number first. */
struct worker {
	pthread_t thread;
	volatile pid_t id;
	int priority;
	void (*body)(struct worker *worker);
	volatile unsigned int *word;
	volatile int result;
	struct gate go;		/* where a body waits to be told */
};

static inline void set_own_priority(int priority)
{
	struct sched_param parameter = { .sched_priority = priority };

	CHECK(sched_setscheduler(0, priority ? SCHED_FIFO : SCHED_OTHER, &parameter) == 0);
}

static inline void *worker_main(void *argument)
{
	struct worker *worker = argument;

	if (worker->priority)
		set_own_priority(worker->priority);
	worker->result = -1000;
	worker->id = own_id();
	worker->body(worker);
	return NULL;
}

static inline void start(struct worker *worker)
{
	worker->id = 0;
	CHECK_EQ(pthread_create(&worker->thread, NULL, worker_main, worker), 0);
	/* We may have been lent a higher priority: let it run. */
	while (!worker->id)
		sleep_ms(1);
}

static inline void join(struct worker *worker)
{
	CHECK_EQ(pthread_join(worker->thread, NULL), 0);
}
