/* Threads and futexes. */
#include "yardstick.h"

#include <errno.h>
#include <pthread.h>

enum {
	/* VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, PARENT_SETTID, CHILD_CLEARTID */
	THREAD_FLAGS = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000 | 0x100000 | 0x200000,
	FUTEX_WAIT = 0,
	FUTEX_WAKE = 1,
	FUTEX_PRIVATE = 128,
	STACK = 65536,
};

static char *stack;
static volatile int thread_id;

static long futex(volatile int *word, int operation, int value)
{
	static int flags = FUTEX_PRIVATE;
	long result = call6(NR_FUTEX, (long)word, operation | flags, value, 0, 0, 0);

	if (result == -ENOSYS && flags) {
		flags = 0;
		result = call6(NR_FUTEX, (long)word, operation, value, 0, 0, 0);
	}
	return result;
}

/* Make what threads need. Fails where there are no futexes: glibc would abort the program. */
static int prepare(void)
{
	int error = step("futex", futex(&thread_id, FUTEX_WAKE, 1));

	if (error < 0)
		return error;
	if (!stack) {
		stack = map_anonymous(STACK);
		if (!stack)
			return step("mmap", -ENOMEM);
		stack[STACK - 1] = 0;
	}
	return 0;
}

static int launch(void (*entry)(void))
{
	thread_id = -1;
	return step("clone", thread_start(THREAD_FLAGS, stack + STACK, entry, (int *)&thread_id));
}

/* The wake at a thread's end is not a private one. */
static void join(void)
{
	int seen;

	while ((seen = thread_id) != 0)
		call6(NR_FUTEX, (long)&thread_id, FUTEX_WAIT, seen, 0, 0, 0);
}

static void return_at_once(void)
{
}

static int clone_loop(unsigned int count)
{
	int error = prepare();

	if (error)
		return error;
	start();
	while (count-- && error >= 0) {
		error = launch(return_at_once);
		if (error >= 0)
			join();
	}
	stop();
	return error < 0 ? error : 0;
}

static void *pthread_return(void *argument)
{
	return argument;
}

static int pthread_life(void)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, pthread_return, NULL);

	if (error)
		return step("pthread_create", -error);
	pthread_join(thread, NULL);
	return 0;
}

static int pthread_loop(unsigned int count)
{
	int error = prepare();

	if (!error)
		error = pthread_life();
	if (error)
		return error;
	start();
	while (count-- && !error)
		error = pthread_life();
	stop();
	return error;
}

static int wake_nobody(unsigned int count)
{
	static volatile int word;
	int error = step("futex", futex(&word, FUTEX_WAKE, 1));

	if (error < 0)
		return error;
	start();
	while (count--)
		futex(&word, FUTEX_WAKE, 1);
	stop();
	return 0;
}

enum { OURS, THEIRS, STOP };
static volatile int turn;

static void answer(void)
{
	for (;;) {
		int seen;

		while ((seen = turn) == OURS)
			futex(&turn, FUTEX_WAIT, OURS);
		if (seen == STOP)
			return;
		turn = OURS;
		futex(&turn, FUTEX_WAKE, 1);
	}
}

static int futex_round_trips(unsigned int count)
{
	int error = prepare();

	if (error)
		return error;
	turn = OURS;
	error = launch(answer);
	if (error < 0)
		return error;
	start();
	while (count--) {
		turn = THEIRS;
		futex(&turn, FUTEX_WAKE, 1);
		while (turn == THEIRS)
			futex(&turn, FUTEX_WAIT, THEIRS);
	}
	stop();
	turn = STOP;
	futex(&turn, FUTEX_WAKE, 1);
	join();
	return 0;
}

const struct benchmark thread_benchmarks[] = {
	{ "thread_clone", clone_loop, 10, 1u << 20, "clone + exit + join" },
	{ "libc_pthread", pthread_loop, 10, 1u << 20, "pthread_create + join" },
	{ "futex_wake_none", wake_nobody, 100, 1u << 30, "wake with no waiter" },
	{ "futex_pingpong", futex_round_trips, 100, 1u << 24, "round trip, 2 threads" },
	{ 0 },
};
