/*
 * Two threads wait at once: each child goes to one of them, none to both; WNOTHREAD waits for one's
 * own.
 */
#include "check.h"
#include <pthread.h>

#define CHILDREN 40

static volatile int taken[2];
static pthread_barrier_t barrier;

static void *wait_for_children(void *argument)
{
	int number = (int)(intptr_t)argument;

	pthread_barrier_wait(&barrier);
	while (waitpid(-1, NULL, 0) > 0)
		taken[number] = taken[number] + 1;
	CHECK_EQ(errno, ECHILD);
	return NULL;
}

static void *wait_for_own(void *argument)
{
	(void)argument;
	CHECK_ERRNO(waitpid(-1, NULL, __WNOTHREAD), ECHILD);
	return NULL;
}

int main(void)
{
	struct gate go = gate_create();
	pthread_t threads[2];
	pid_t pid;

	CHECK(pthread_barrier_init(&barrier, NULL, 3) == 0);
	for (int i = 0; i < CHILDREN; i++) {
		pid = FORK();
		if (pid == 0) {
			gate_pass(&go);
			_exit(0);
		}
	}
	for (int i = 0; i < 2; i++)
		CHECK(pthread_create(&threads[i], NULL, wait_for_children,
				     (void *)(intptr_t)i) == 0);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < CHILDREN; i++)
		gate_open(&go);
	for (int i = 0; i < 2; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	CHECK_EQ(taken[0] + taken[1], CHILDREN);

	pid = FORK();
	if (pid == 0)
		_exit(0);
	CHECK(pthread_create(&threads[0], NULL, wait_for_own, NULL) == 0);
	CHECK(pthread_join(threads[0], NULL) == 0);
	CHECK_EQ(wait_exit_status(pid), 0);
	return 0;
}
