/*
 * When waitpid() tells of a process's end, all its threads have let go of its files: the other end
 * of a pipe sees the end at once, however close the threads' ends lie.
 */
#include "check.h"
#include <pthread.h>

static void *end_too(void *argument)
{
	(void)argument;
	return NULL;
}

int main(void)
{
	int rounds = scaled(3000);

	for (int round = 0; round < rounds; round++) {
		int fds[2];
		char byte;

		CHECK(pipe(fds) == 0);
		pid_t child = FORK();

		if (child == 0) {
			pthread_t threads[3];

			for (int i = 0; i < 3; i++)
				CHECK(pthread_create(&threads[i], NULL, end_too, NULL) == 0);
			for (int i = 0; i < 3; i++)
				CHECK(pthread_join(threads[i], NULL) == 0);
			/* Their ids are gone, they themselves perhaps not yet. */
			_exit(0);
		}
		CHECK(close(fds[1]) == 0);
		CHECK_EQ(wait_exit_status(child), 0);
		CHECK(fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0);
		CHECK_EQ(read(fds[0], &byte, 1), 0);
		CHECK(close(fds[0]) == 0);
	}
	return 0;
}
