/*
 * exit_group() ends all threads, with its status; a main thread that ends alone leaves the others
 * running.
 */
#include "check.h"
#include <pthread.h>

static volatile bool never;

static void *spin(void *argument)
{
	while (!never)
		;
	return argument;
}

static void *end_all(void *argument)
{
	(void)argument;
	_exit(21);
}

static void *end_later(void *argument)
{
	pid_t main_thread = getpid();

	(void)argument;
	wait_process_state(main_thread, 'Z');	/* the first thread is gone, the process is not */
	_exit(22);
}

static int status_of(void *(*thread_main)(void *), bool main_leaves)
{
	pid_t pid = FORK();

	if (pid == 0) {
		pthread_t threads[3];

		for (int i = 0; i < 2 && !main_leaves; i++)
			CHECK(pthread_create(&threads[i], NULL, spin, NULL) == 0);
		CHECK(pthread_create(&threads[2], NULL, thread_main, NULL) == 0);
		if (main_leaves)
			raw_syscall(SYS_exit, 99);
		spin(NULL);
	}
	return wait_exit_status(pid);
}

int main(void)
{
	CHECK_EQ(status_of(end_all, false), 21);
	CHECK_EQ(status_of(end_later, true), 22);
	return 0;
}
