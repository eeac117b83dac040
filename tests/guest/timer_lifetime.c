/* test: timeout=60
 * POSIX timers are the process's: not inherited by fork, gone with exec and exit; told to one
 * thread if asked for, and by clocks of CPU time.
 */
#include "posix_timer.h"
#include <pthread.h>

static volatile sig_atomic_t heard_by;

static void on_ring(int signal)
{
	(void)signal;
	heard_by = gettid();
}

static void *sleeper(void *argument)
{
	*(volatile pid_t *)argument = gettid();
	while (!heard_by)
		usleep(1000);
	return NULL;
}

static void one_thread_is_told(void)
{
	volatile pid_t told = 0;
	pthread_t thread;
	int id;

	CHECK(signal(SIGUSR1, on_ring) != SIG_ERR);
	CHECK(pthread_create(&thread, NULL, sleeper, (void *)&told) == 0);
	while (!told)
		usleep(1000);
	id = timer_new_for(CLOCK_MONOTONIC, SIGEV_THREAD_ID, SIGUSR1, 0, told);
	timer_start(id, 3 * MS, 3 * MS);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK_EQ(heard_by, told);
	/* It goes on without anybody to tell. */
	usleep(20000);
	CHECK(timer_remove(id) == 0);
}

static void cpu_clock(int clock)
{
	int id = timer_new(clock, SIGEV_SIGNAL, SIGUSR1, 0);
	struct timespec before, after;

	heard_by = 0;
	CHECK(clock_gettime(clock, &before) == 0);
	timer_start(id, 30 * MS, 0);
	/* Sleeping is no use of the CPU. */
	usleep(60000);
	CHECK_EQ(heard_by, 0);
	while (!heard_by)
		getppid();
	CHECK(clock_gettime(clock, &after) == 0);
	CHECK((after.tv_sec - before.tv_sec) * 1000000000ll + after.tv_nsec - before.tv_nsec >=
	      30 * MS);
	CHECK(timer_remove(id) == 0);
}

int main(int argc, char **argv)
{
	int id;

	if (argc > 1) {
		/* After exec: the timer is no more, and neither is its pending signal. */
		sigset_t set;

		CHECK_ERRNO(timer_remove(atoi(argv[1])), EINVAL);
		CHECK(sigpending(&set) == 0);
		CHECK(!sigismember(&set, SIGUSR2));
		return 0;
	}
	one_thread_is_told();
	cpu_clock(CLOCK_PROCESS_CPUTIME_ID);
	cpu_clock(CLOCK_THREAD_CPUTIME_ID);

	id = timer_new(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR2, 0);
	pid_t child = FORK();

	if (child == 0) {
		CHECK_ERRNO(timer_remove(id), EINVAL);
		/* Ends with timers running. */
		for (int i = 0; i < 20; i++)
			timer_start(timer_new(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGCHLD, 0), MS, MS);
		usleep(5000);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);

	char number[16];
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	timer_start(id, MS, MS);
	usleep(10000);
	snprintf(number, sizeof(number), "%d", id);
	execl("/proc/self/exe", argv[0], number, (char *)NULL);
	FAIL("execl");
}
