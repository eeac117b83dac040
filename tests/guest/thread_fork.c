/*
 * fork() in a thread: the child has that thread alone, with its memory and its thread-local data.
 */
#include "check.h"
#include <pthread.h>

static volatile bool stop;
static __thread int own;

static void *spin(void *argument)
{
	while (!stop)
		sched_yield();
	return argument;
}

static void *fork_here(void *argument)
{
	char status[4096];
	pid_t child;

	(void)argument;
	own = 77;
	child = FORK();
	if (child == 0) {
		CHECK_EQ(own, 77);
		CHECK_EQ(syscall(SYS_gettid), getpid());
		read_text("/proc/self/status", status, sizeof(status));
		CHECK(strstr(status, "Threads:\t1\n") != NULL);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	return NULL;
}

int main(void)
{
	pthread_t spinner, forker;

	CHECK(pthread_create(&spinner, NULL, spin, NULL) == 0);
	for (int round = 0; round < 10; round++) {
		CHECK(pthread_create(&forker, NULL, fork_here, NULL) == 0);
		CHECK(pthread_join(forker, NULL) == 0);
	}
	stop = true;
	CHECK(pthread_join(spinner, NULL) == 0);
	return 0;
}
