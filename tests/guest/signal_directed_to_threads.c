/* tgkill() reaches one thread; a signal to the process goes to a thread that does not block it. */
#include "check.h"
#include <pthread.h>

static volatile pid_t handled_by;
static volatile pid_t tids[3];
static volatile bool stop;

static pid_t my_tid(void)
{
	return syscall(SYS_gettid);
}

static void handler(int signal)
{
	(void)signal;
	handled_by = my_tid();
}

static void *run(void *argument)
{
	int number = (int)(intptr_t)argument;

	if (number == 1)
		unblock_signal(SIGUSR1);
	tids[number] = my_tid();
	while (!stop)
		sched_yield();
	return NULL;
}

static void wait_handled(pid_t by)
{
	while (handled_by == 0)
		sched_yield();
	CHECK_EQ(handled_by, by);
	handled_by = 0;
}

int main(void)
{
	pthread_t threads[2];

	handle_signal(SIGUSR1, handler, 0);
	handle_signal(SIGUSR2, handler, 0);
	block_signal(SIGUSR1);
	for (int i = 1; i <= 2; i++)
		CHECK(pthread_create(&threads[i - 1], NULL, run, (void *)(intptr_t)i) == 0);
	while (!tids[1] || !tids[2])
		sched_yield();

	CHECK(kill(getpid(), SIGUSR1) == 0);
	wait_handled(tids[1]);
	CHECK_EQ(syscall(SYS_tgkill, getpid(), tids[2], SIGUSR2), 0);
	wait_handled(tids[2]);
	CHECK_EQ(syscall(SYS_tkill, tids[1], SIGUSR2), 0);
	wait_handled(tids[1]);
	CHECK_EQ(syscall(SYS_tgkill, getpid(), my_tid(), SIGUSR2), 0);
	wait_handled(my_tid());

	/* Pending for one thread only. */
	CHECK_EQ(syscall(SYS_tgkill, getpid(), my_tid(), SIGUSR1), 0);
	CHECK(signal_is_pending(SIGUSR1));
	CHECK_EQ(handled_by, 0);
	unblock_signal(SIGUSR1);
	wait_handled(my_tid());

	CHECK_ERRNO(syscall(SYS_tgkill, getpid(), 0x3fffffff, 0), ESRCH);
	CHECK_ERRNO(syscall(SYS_tgkill, 1, my_tid(), 0), ESRCH);
	CHECK_ERRNO(syscall(SYS_tgkill, -1, my_tid(), 0), EINVAL);
	stop = true;
	CHECK(pthread_join(threads[0], NULL) == 0);
	CHECK(pthread_join(threads[1], NULL) == 0);
	return 0;
}
