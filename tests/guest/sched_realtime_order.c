/* test: timeout=60
 * Who of two waiting real-time threads of one processor runs first, after the one that came first
 * was changed: while its priority stays what it was, so does its place; a higher priority puts it
 * last among its new equals, a lowered one first.
 */
#include "check.h"
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/resource.h>

enum { PRIORITY = 10 };

static struct runner {
	pthread_t thread;
	pid_t tid;
	char name;
	sem_t go;
} runners[2] = { { .name = 'a' }, { .name = 'b' } };

static sem_t done;
static char order[3];
static int count;

static void pin(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	CHECK(sched_setaffinity(0, sizeof(set), &set) == 0);
}

static void set(pid_t tid, int policy, int priority)
{
	struct sched_param parameters = { .sched_priority = priority };

	CHECK(sched_setscheduler(tid, policy, &parameters) == 0);
}

static void *run(void *argument)
{
	struct runner *runner = argument;

	pin();
	runner->tid = gettid();
	CHECK(sem_post(&done) == 0);
	CHECK(sem_wait(&runner->go) == 0);
	order[count++] = runner->name;	/* they share a processor, and neither sleeps here */
	CHECK(sem_post(&done) == 0);
	return NULL;
}

/* The first of them begins with `policy` and `priority`, the other one with FIFO and PRIORITY. */
static void expect_order(const char *what, int policy, int priority, void (*change)(pid_t first),
			 const char *expected)
{
	memset(order, 0, sizeof(order));
	count = 0;
	for (int i = 0; i < 2; i++) {
		CHECK(sem_init(&runners[i].go, 0, 0) == 0);
		CHECK(pthread_create(&runners[i].thread, NULL, run, &runners[i]) == 0);
		CHECK(sem_wait(&done) == 0);
		/* This one is above it, on the same processor: yielding would not do. */
		while (thread_state(getpid(), runners[i].tid) != 'S')
			sleep_ms(1);
		set(runners[i].tid, i ? SCHED_FIFO : policy, i ? PRIORITY : priority);
	}
	/* Both wait until this one sleeps. */
	CHECK(sem_post(&runners[0].go) == 0);
	CHECK(sem_post(&runners[1].go) == 0);
	change(runners[0].tid);
	CHECK(sem_wait(&done) == 0);
	CHECK(sem_wait(&done) == 0);
	for (int i = 0; i < 2; i++)
		CHECK(pthread_join(runners[i].thread, NULL) == 0);
	if (strcmp(order, expected) != 0)
		FAIL("%s: %s, expected %s", what, order, expected);
}

static void change_nothing(pid_t first)
{
	(void)first;
}

static void change_nice(pid_t first)
{
	CHECK(setpriority(PRIO_PROCESS, (id_t)first, 5) == 0);
}

static void set_the_same(pid_t first)
{
	set(first, SCHED_FIFO, PRIORITY);
}

static void set_round_robin(pid_t first)
{
	set(first, SCHED_RR, PRIORITY);
}

int main(void)
{
	pin();
	set(0, SCHED_FIFO, PRIORITY + 20);
	CHECK(sem_init(&done, 0, 0) == 0);
	expect_order("nothing", SCHED_FIFO, PRIORITY, change_nothing, "ab");
	expect_order("nice", SCHED_FIFO, PRIORITY, change_nice, "ab");
	expect_order("the same", SCHED_FIFO, PRIORITY, set_the_same, "ab");
	expect_order("round robin", SCHED_FIFO, PRIORITY, set_round_robin, "ab");
	expect_order("lowered", SCHED_FIFO, PRIORITY + 5, set_the_same, "ab");
	expect_order("raised", SCHED_FIFO, PRIORITY - 5, set_the_same, "ba");
	return 0;
}
