/*
 * What the debuggers' sessions look at: a function, threads, a signal, fork and exec, vfork, and with
 * an argument an end by SIGABRT ("x") or a wait for ever ("wait").
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <unistd.h>
#include <sys/wait.h>

int counter;
static int add(int a, int b)
{
	int c = a + b;

	counter = c;
	return c;
}

static void *work(void *argument)
{
	for (int i = 0; i < 3; i++)
		counter += (int)(long)argument;
	return argument;
}

static void on_signal(int signal)
{
	counter += signal;
}

int main(int argc, char **argv)
{
	pthread_t threads[2];
	pid_t child;
	int status;

	if (argc > 1 && strcmp(argv[1], "wait") == 0)
		for (;;)
			pause();
	signal(SIGUSR1, on_signal);
	printf("add %d\n", add(2, 3));
	fflush(stdout);
	for (long i = 0; i < 2; i++) {
		pthread_create(&threads[i], 0, work, (void *)(i + 1));
		pthread_join(threads[i], 0);
	}
	raise(SIGUSR1);
	child = fork();
	if (child == 0) {
		execl("/bin/true", "true", (char *)0);
		_exit(3);
	}
	waitpid(child, &status, 0);
	child = vfork();
	if (child == 0)
		_exit(4);
	waitpid(child, &status, 0);
	printf("counter %d status %x\n", counter, status);
	if (argc > 1)
		abort();
	return 0;
}
