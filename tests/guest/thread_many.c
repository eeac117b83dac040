/* test: timeout=60
 * Hundreds of threads come and go, and many are there at once; numbers are right in each.
 */
#include "check.h"
#include <pthread.h>

#define AT_ONCE 100

static pthread_barrier_t barrier;

static void *meet(void *argument)
{
	(void)argument;
	CHECK_EQ(getpid(), *(pid_t *)argument);
	CHECK(syscall(SYS_gettid) != getpid());
	pthread_barrier_wait(&barrier);
	return NULL;
}

static void *nothing(void *argument)
{
	return argument;
}

int main(void)
{
	int rounds = scaled(1000);
	pthread_t threads[AT_ONCE];
	pthread_attr_t attributes;
	pid_t pid = getpid();

	CHECK(pthread_attr_init(&attributes) == 0);
	CHECK(pthread_attr_setstacksize(&attributes, 64 * 1024) == 0);
	CHECK(pthread_barrier_init(&barrier, NULL, AT_ONCE) == 0);
	for (int i = 0; i < AT_ONCE; i++)
		CHECK(pthread_create(&threads[i], &attributes, meet, &pid) == 0);
	for (int i = 0; i < AT_ONCE; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	for (int round = 0; round < rounds; round++) {
		void *result;

		CHECK(pthread_create(&threads[0], &attributes, nothing, &pid) == 0);
		CHECK(pthread_join(threads[0], &result) == 0);
		CHECK(result == &pid);
	}
	CHECK_EQ(syscall(SYS_gettid), getpid());
	return 0;
}
