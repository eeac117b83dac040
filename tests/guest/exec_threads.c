/*
 * exec in a thread that is not the first: the others end, and the program has the first one's
 * number.
 */
#include "check.h"
#include <pthread.h>

static char *program;

static void *sleep_for_ever(void *argument)
{
	(void)argument;
	pause();
	return NULL;
}

static void *execute(void *argument)
{
	char number[12];

	(void)argument;
	snprintf(number, sizeof(number), "%d", getpid());
	execl("/proc/self/exe", program, number, (char *)NULL);
	FAIL("execl");
}

int main(int argc, char **argv)
{
	pthread_t threads[4];
	pid_t child;

	program = argv[0];
	if (argc > 1) {
		char status[4096];

		CHECK_EQ(getpid(), atoi(argv[1]));
		CHECK_EQ(syscall(SYS_gettid), getpid());
		read_text("/proc/self/status", status, sizeof(status));
		CHECK(strstr(status, "Threads:\t1\n") != NULL);
		return 23;
	}
	child = FORK();
	if (child == 0) {
		for (int i = 0; i < 3; i++)
			CHECK(pthread_create(&threads[i], NULL, sleep_for_ever, NULL) == 0);
		CHECK(pthread_create(&threads[3], NULL, execute, NULL) == 0);
		sleep_for_ever(NULL);
		_exit(1);
	}
	CHECK_EQ(wait_exit_status(child), 23);
	return 0;
}
