/* test: timeout=60
 * The C library's threads: create, join with a value, thread-local data, mutexes under load,
 * conditions.
 */
#include "check.h"
#include <pthread.h>

#define THREADS 8

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int counter, turn;
static __thread int own = 5;

static void *count(void *argument)
{
	int number = (int)(intptr_t)argument;
	int rounds = scaled(3000);

	CHECK_EQ(own, 5);
	own = number;
	for (int round = 0; round < rounds; round++) {
		CHECK(pthread_mutex_lock(&mutex) == 0);
		counter++;
		CHECK(pthread_mutex_unlock(&mutex) == 0);
	}
	CHECK_EQ(own, number);
	return (void *)(intptr_t)(number * 3);
}

static void *take_turns(void *argument)
{
	int number = (int)(intptr_t)argument;

	for (int round = 0; round < 50; round++) {
		CHECK(pthread_mutex_lock(&mutex) == 0);
		while (turn % THREADS != number)
			CHECK(pthread_cond_wait(&condition, &mutex) == 0);
		turn++;
		CHECK(pthread_cond_broadcast(&condition) == 0);
		CHECK(pthread_mutex_unlock(&mutex) == 0);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	void *result;

	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, count, (void *)(intptr_t)i) == 0);
	for (int i = 0; i < THREADS; i++) {
		CHECK(pthread_join(threads[i], &result) == 0);
		CHECK_EQ((intptr_t)result, i * 3);
	}
	CHECK_EQ(counter, THREADS * scaled(3000));
	CHECK_EQ(own, 5);
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, take_turns, (void *)(intptr_t)i) == 0);
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	CHECK_EQ(turn, THREADS * 50);
	return 0;
}
