/* FUTEX_WAIT_REQUEUE_PI and CMP_REQUEUE_PI: sleepers become waiters for a lock, and its owners. */
#include "futex.h"

static volatile unsigned int condition, mutex __attribute__((aligned(16)));
static volatile int order[8], order_count;

static void sleep_and_own(struct worker *worker)
{
	worker->result = futex(&condition, WAIT_REQUEUE_PI, 1, NULL, &mutex, 0);
	if (worker->result)
		return;
	CHECK_EQ(mutex & OWNER_MASK, worker->id);
	order[order_count++] = worker->priority;
	CHECK_EQ(pi_unlock(&mutex), 0);
}

static void sleep_in_time(struct worker *worker)
{
	struct timespec timeout = time_after(CLOCK_MONOTONIC, 300);

	worker->result = futex(&condition, WAIT_REQUEUE_PI, 1, &timeout, &mutex, 0);
}

static void sleep_plainly(struct worker *worker)
{
	worker->result = futex(&condition, WAIT, 1, NULL, NULL, 0);
}

static int requeue(int wake, int count, unsigned int expected)
{
	return futex(&condition, CMP_REQUEUE_PI, wake, (void *)(intptr_t)count, &mutex, expected);
}

static void start_blocked(struct worker *worker)
{
	start(worker);
	wait_thread_blocked(worker->id);
}

static void refused(void)
{
	struct timespec past = { 1, 0 }, bad = { 0, -1 };
	struct worker plain = { .body = sleep_plainly };
	struct worker sleeper = { .body = sleep_and_own };
	volatile unsigned int other = 0;

	condition = 1;
	mutex = 0;
	CHECK_EQ(requeue(0, 1, 1), -EINVAL);
	CHECK_EQ(requeue(2, 1, 1), -EINVAL);
	CHECK_EQ(requeue(1, -1, 1), -EINVAL);
	CHECK_EQ(requeue(-1, 1, 1), -EINVAL);
	CHECK_EQ(requeue(1, 1, 7), -EAGAIN);
	CHECK_EQ(requeue(1, 1, 1), 0);
	CHECK_EQ(futex(&condition, CMP_REQUEUE_PI, 1, (void *)1, &condition, 1), -EINVAL);
	CHECK_EQ(futex(&condition, CMP_REQUEUE_PI, 1, (void *)1, (void *)16, 1), -EFAULT);
	CHECK_EQ(futex((void *)16, CMP_REQUEUE_PI, 1, (void *)1, &mutex, 1), -EFAULT);
	CHECK_EQ(futex(&condition, CMP_REQUEUE_PI | REALTIME, 1, (void *)1, &mutex, 1), -ENOSYS);
	CHECK_EQ(futex(&condition, WAIT_REQUEUE_PI, 1, NULL, &condition, 0), -EINVAL);
	CHECK_EQ(futex(&condition, WAIT_REQUEUE_PI, 7, NULL, &mutex, 0), -EAGAIN);
	CHECK_EQ(futex(&condition, WAIT_REQUEUE_PI, 1, &bad, &mutex, 0), -EINVAL);
	CHECK_EQ(futex(&condition, WAIT_REQUEUE_PI, 1, NULL, (void *)16, 0), -EFAULT);
	CHECK_EQ(futex((void *)16, WAIT_REQUEUE_PI, 1, NULL, &mutex, 0), -EFAULT);
	CHECK_EQ(futex((void *)((char *)&condition + 1), WAIT_REQUEUE_PI, 1, NULL, &mutex, 0),
		 -EINVAL);
	CHECK_EQ(futex(&condition, WAIT_REQUEUE_PI, 1, &past, &mutex, 0), -ETIMEDOUT);
	CHECK_EQ(futex(&condition, WAIT_REQUEUE_PI | REALTIME, 1, &past, &mutex, 0), -ETIMEDOUT);

	/* Who sleeps for the one is not moved or woken as the other. */
	start_blocked(&plain);
	CHECK_EQ(requeue(1, 1, 1), -EINVAL);
	CHECK_EQ(futex(&condition, WAKE, 1, NULL, NULL, 0), 1);
	join(&plain);
	start_blocked(&sleeper);
	CHECK_EQ(futex(&condition, WAKE, 1, NULL, NULL, 0), -EINVAL);
	CHECK_EQ(futex(&condition, CMP_REQUEUE, 1, (void *)1, &mutex, 1), -EINVAL);
	CHECK_EQ(futex(&condition, REQUEUE, 0, (void *)1, &mutex, 0), -EINVAL);
	/* Nor to another lock than it said. */
	CHECK_EQ(futex(&condition, CMP_REQUEUE_PI, 1, (void *)1, &other, 1), -EINVAL);
	mutex = sleeper.id;
	CHECK_EQ(requeue(1, 1, 1), -EDEADLK);
	mutex = 0x3fffffff;
	CHECK_EQ(requeue(1, 1, 1), -ESRCH);
	mutex = 0;
	CHECK_EQ(requeue(1, 1, 1), 1);
	join(&sleeper);
	CHECK_EQ(sleeper.result, 0);
}

/* The lock is free: the highest gets it at once, the others wait for it. */
static void to_free_lock(void)
{
	struct worker sleepers[4];

	mutex = 0;
	order_count = 0;
	for (int i = 0; i < 4; i++) {
		sleepers[i] = (struct worker){ .body = sleep_and_own,
					       .priority = (int[]){ 5, 0, 20, 10 }[i] };
		start_blocked(&sleepers[i]);
	}
	CHECK_EQ(requeue(1, INT_MAX, 1), 4);
	for (int i = 0; i < 4; i++) {
		join(&sleepers[i]);
		CHECK_EQ(sleepers[i].result, 0);
		CHECK_EQ(order[i], ((int[]){ 20, 10, 5, 0 })[i]);
	}
	CHECK_EQ(mutex, 0);
}

/* The one that signals has the lock, as programs do: all are moved, and lend. */
static void to_held_lock(void)
{
	struct worker low = { .body = sleep_and_own, .priority = 7 };
	struct worker high = { .body = sleep_and_own, .priority = 17 };

	order_count = 0;
	mutex = 0;
	CHECK_EQ(pi_lock(&mutex), 0);
	start_blocked(&low);
	start_blocked(&high);
	CHECK_EQ(requeue(1, 0, 1), 1);
	CHECK_EQ(mutex, WAITERS | own_id());
	CHECK_EQ(requeue(1, 5, 1), 1);
	CHECK_EQ(requeue(1, 5, 1), 0);
	CHECK_EQ(priority_column(own_id()), -18);
	CHECK_EQ(pi_unlock(&mutex), 0);
	join(&low);
	join(&high);
	CHECK_EQ(order[0], 17);
	CHECK_EQ(order[1], 7);
	CHECK_EQ(mutex, 0);
}

static void lock_and_own(struct worker *worker)
{
	worker->result = pi_lock(&mutex);
	order[order_count++] = worker->priority;
	CHECK_EQ(pi_unlock(&mutex), 0);
}

/* Others wait for the lock already: those who are moved stand among them by priority. */
static void moved_among_others(void)
{
	enum { WORKERS = 8, LOCKERS = 3 };
	static const int priorities[WORKERS] = { 3, 12, 0, 5, 20, 10, 10, 0 };
	static const int expected[WORKERS] = { 20, 12, 10, 10, 5, 3, 0, 0 };
	struct worker workers[WORKERS];

	order_count = 0;
	mutex = 0;
	CHECK_EQ(pi_lock(&mutex), 0);
	for (int i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){ .body = i < LOCKERS ? lock_and_own : sleep_and_own,
					      .priority = priorities[i] };
		start_blocked(&workers[i]);
	}
	CHECK_EQ(requeue(1, INT_MAX, 1), WORKERS - LOCKERS);
	CHECK_EQ(pi_unlock(&mutex), 0);
	for (int i = 0; i < WORKERS; i++) {
		join(&workers[i]);
		CHECK_EQ(workers[i].result, 0);
	}
	for (int i = 0; i < WORKERS; i++)
		CHECK_EQ(order[i], expected[i]);
	CHECK_EQ(mutex, 0);
}

static volatile int handled;

static void count(int signal)
{
	(void)signal;
	handled++;
}

/* Giving up: by time before and after the move, by a signal after it. */
static void given_up(void)
{
	struct worker early = { .body = sleep_in_time }, late = { .body = sleep_in_time };
	struct worker signalled = { .body = sleep_and_own };

	mutex = 0;
	CHECK_EQ(pi_lock(&mutex), 0);
	start_blocked(&early);
	join(&early);
	CHECK_EQ(early.result, -ETIMEDOUT);
	start_blocked(&late);
	CHECK_EQ(requeue(1, 0, 1), 1);
	join(&late);
	CHECK_EQ(late.result, -ETIMEDOUT);

	handle_signal(SIGUSR1, count, 0);
	start_blocked(&signalled);
	CHECK_EQ(raw_syscall(SYS_tgkill, getpid(), signalled.id, SIGUSR1), 0);
	while (handled < 1)
		sched_yield();
	wait_thread_blocked(signalled.id);	/* it sleeps again */
	CHECK_EQ(requeue(1, 0, 1), 1);
	CHECK_EQ(raw_syscall(SYS_tgkill, getpid(), signalled.id, SIGUSR1), 0);
	join(&signalled);
	CHECK_EQ(signalled.result, -EAGAIN);
	CHECK_EQ(pi_unlock(&mutex), 0);
	CHECK_EQ(mutex, 0);
}

int main(void)
{
	refused();
	to_free_lock();
	to_held_lock();
	moved_among_others();
	given_up();
	return 0;
}
