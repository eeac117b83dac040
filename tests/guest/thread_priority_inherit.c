/*
 * The C library's mutexes with PTHREAD_PRIO_INHERIT: of all kinds, robust ones, with condition
 * variables; and their owner runs with its waiter's priority.
 */
#include "futex.h"

static pthread_mutex_t mutex;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int shared_count, stage;

static void init(int type, int robust)
{
	pthread_mutexattr_t attributes;

	CHECK_EQ(pthread_mutexattr_init(&attributes), 0);
	CHECK_EQ(pthread_mutexattr_settype(&attributes, type), 0);
	CHECK_EQ(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT), 0);
	CHECK_EQ(pthread_mutexattr_setrobust(&attributes, robust), 0);
	CHECK_EQ(pthread_mutex_init(&mutex, &attributes), 0);
}

static void *add(void *argument)
{
	for (int i = 0; i < scaled(2000); i++) {
		CHECK_EQ(pthread_mutex_lock(&mutex), 0);
		int seen = shared_count;
		if (i % 64 == 0)
			sched_yield();
		shared_count = seen + 1;
		CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
	}
	return argument;
}

static void excludes(int type)
{
	pthread_t threads[4];

	init(type, PTHREAD_MUTEX_STALLED);
	shared_count = 0;
	for (int i = 0; i < 4; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, add, NULL), 0);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	CHECK_EQ(shared_count, 4 * scaled(2000));
	CHECK_EQ(pthread_mutex_destroy(&mutex), 0);
}

static void errors(void)
{
	struct timespec past = { 1, 0 };

	init(PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED);
	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	CHECK_EQ(pthread_mutex_lock(&mutex), EDEADLK);
	CHECK_EQ(pthread_mutex_timedlock(&mutex, &past), EDEADLK);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
	CHECK_EQ(pthread_mutex_unlock(&mutex), EPERM);
	CHECK_EQ(pthread_mutex_destroy(&mutex), 0);
	init(PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_STALLED);
	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
	CHECK_EQ(pthread_mutex_destroy(&mutex), 0);
}

static void *lock_and_end(void *argument)
{
	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	if (argument)
		gate_pass(argument);
	return NULL;
}

/* The owner's thread ends: before anybody waits, and while somebody does. */
static void owner_dies(void)
{
	struct gate go = gate_create();
	pthread_t thread;

	init(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST);
	CHECK_EQ(pthread_create(&thread, NULL, lock_and_end, NULL), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(pthread_mutex_lock(&mutex), EOWNERDEAD);
	CHECK_EQ(pthread_mutex_consistent(&mutex), 0);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);

	CHECK_EQ(pthread_create(&thread, NULL, lock_and_end, &go), 0);
	while (pthread_mutex_trylock(&mutex) == 0) {
		CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
		sched_yield();
	}
	gate_open(&go);
	CHECK_EQ(pthread_mutex_lock(&mutex), EOWNERDEAD);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
	CHECK_EQ(pthread_mutex_lock(&mutex), ENOTRECOVERABLE);
	CHECK_EQ(pthread_mutex_destroy(&mutex), 0);
}

static void want(struct worker *worker)
{
	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	worker->result = pthread_mutex_unlock(&mutex);
}

static void lends(void)
{
	struct worker waiter = { .body = want, .priority = 33 };

	init(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED);
	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	start(&waiter);
	wait_priority(own_id(), -34);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
	CHECK_EQ(priority_column(own_id()), 20);
	join(&waiter);
	CHECK_EQ(waiter.result, 0);
	CHECK_EQ(pthread_mutex_destroy(&mutex), 0);
}

static void *wait_for_stage(void *argument)
{
	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	while (stage == 0)
		CHECK_EQ(pthread_cond_wait(&condition, &mutex), 0);
	stage++;
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
	return argument;
}

static void with_condition(void)
{
	pthread_t threads[4];

	init(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, wait_for_stage, NULL), 0);
	sleep_ms(20);	/* let them wait; if not, same result */
	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	stage = 1;
	CHECK_EQ(pthread_cond_broadcast(&condition), 0);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	CHECK_EQ(stage, 5);
	CHECK_EQ(pthread_mutex_destroy(&mutex), 0);
}

int main(void)
{
	excludes(PTHREAD_MUTEX_NORMAL);
	excludes(PTHREAD_MUTEX_RECURSIVE);
	errors();
	owner_dies();
	lends();
	with_condition();
	return 0;
}
