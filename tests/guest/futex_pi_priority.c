/*
 * Priority inheritance: the owner of a lock runs with the highest priority of those who wait for
 * it, along chains of locks, until it gives it up; the lock goes to the highest; a ring is refused.
 */
#include "futex.h"

static volatile unsigned int words[4] __attribute__((aligned(16)));
static volatile int order[8], order_count;

/* Locks its word, waits to be told, unlocks. */
static void hold(struct worker *worker)
{
	CHECK_EQ(pi_lock(worker->word), 0);
	order[order_count++] = worker->priority;
	gate_pass(&worker->go);
	worker->result = pi_unlock(worker->word);
}

/* Has a word and wants the next one. */
static void hold_and_want_next(struct worker *worker)
{
	CHECK_EQ(pi_lock(worker->word), 0);
	CHECK_EQ(pi_lock(worker->word + 1), 0);
	gate_pass(&worker->go);
	CHECK_EQ(pi_unlock(worker->word + 1), 0);
	worker->result = pi_unlock(worker->word);
}

static void want_in_time(struct worker *worker)
{
	struct timespec timeout = time_after(CLOCK_REALTIME, 200);

	worker->result = futex(worker->word, LOCK_PI, 0, &timeout, NULL, 0);
}

static void wait_word(volatile unsigned int *word)
{
	while (!*word)
		sleep_ms(1);
}

static void one_lock(void)
{
	struct worker owner = { .body = hold, .word = words, .go = gate_create() };
	struct worker low = { .body = hold, .word = words, .priority = 10, .go = gate_create() };
	struct worker high = { .body = hold, .word = words, .priority = 30, .go = gate_create() };
	struct worker middle = { .body = hold, .word = words, .priority = 20, .go = gate_create() };
	struct sched_param parameter = { .sched_priority = 40 };

	start(&owner);
	wait_word(words);
	CHECK_EQ(priority_column(owner.id), 20);
	start(&low);
	wait_priority(owner.id, -11);
	start(&high);
	wait_priority(owner.id, -31);
	start(&middle);
	wait_thread_blocked(middle.id);
	CHECK_EQ(priority_column(owner.id), -31);
	/* The policy is its own all the while. */
	CHECK_EQ(sched_getscheduler(owner.id), SCHED_OTHER);

	/* A waiter's priority changes. */
	CHECK(sched_setscheduler(low.id, SCHED_RR, &parameter) == 0);
	wait_priority(owner.id, -41);
	parameter.sched_priority = 10;
	CHECK(sched_setscheduler(low.id, SCHED_FIFO, &parameter) == 0);
	wait_priority(owner.id, -31);

	gate_open(&owner.go);
	join(&owner);
	wait_thread_blocked(high.id);
	CHECK_EQ(words[0], WAITERS | high.id);
	CHECK_EQ(priority_column(high.id), -31);
	gate_open(&high.go);
	join(&high);
	gate_open(&middle.go);
	join(&middle);
	gate_open(&low.go);
	join(&low);
	CHECK_EQ(order_count, 4);
	CHECK_EQ(order[1], 30);
	CHECK_EQ(order[2], 20);
	CHECK_EQ(order[3], 10);
	CHECK_EQ(words[0], 0);
}

/* What is lent goes on: worker i has word i and waits for word i + 1. */
static void chain(void)
{
	struct worker links[3];
	struct worker end = { .body = hold, .word = &words[3], .go = gate_create() };
	struct worker visitor = { .body = want_in_time, .word = &words[0], .priority = 50 };

	start(&end);
	wait_word(&words[3]);
	for (int i = 2; i >= 0; i--) {
		links[i] = (struct worker){ .body = hold_and_want_next, .word = &words[i],
					    .priority = i == 1 ? 5 : 0, .go = gate_create() };
		start(&links[i]);
		wait_word(&words[i]);
		wait_thread_blocked(links[i].id);
	}
	wait_priority(end.id, -6);
	CHECK_EQ(priority_column(links[0].id), 20);
	start(&visitor);
	wait_priority(end.id, -51);
	for (int i = 0; i < 3; i++)
		wait_priority(links[i].id, -51);
	/* Its time is over, and so is the loan. */
	join(&visitor);
	CHECK_EQ(visitor.result, -ETIMEDOUT);
	wait_priority(end.id, -6);
	wait_priority(links[2].id, -6);
	wait_priority(links[1].id, -6);
	wait_priority(links[0].id, 20);
	gate_open(&end.go);
	join(&end);
	for (int i = 2; i >= 0; i--) {
		gate_open(&links[i].go);
		join(&links[i]);
		CHECK_EQ(links[i].result, 0);
	}
	for (int i = 0; i < 4; i++)
		CHECK_EQ(words[i], 0);
}

/* Two locks lend: the higher counts; giving one up leaves the other's. */
static void two_locks(void)
{
	struct worker one = { .body = hold, .word = &words[0], .priority = 15,
			      .go = gate_create() };
	struct worker other = { .body = hold, .word = &words[1], .priority = 25,
				.go = gate_create() };
	pid_t id = own_id();

	CHECK_EQ(pi_lock(&words[0]), 0);
	CHECK_EQ(pi_lock(&words[1]), 0);
	start(&one);
	start(&other);
	wait_priority(id, -26);
	CHECK_EQ(pi_unlock(&words[1]), 0);
	CHECK_EQ(priority_column(id), -16);
	CHECK_EQ(pi_unlock(&words[0]), 0);
	CHECK_EQ(priority_column(id), 20);
	gate_open(&one.go);
	gate_open(&other.go);
	join(&one);
	join(&other);
}

static void ring(void)
{
	struct worker links[3];

	CHECK_EQ(pi_lock(&words[3]), 0);
	for (int i = 2; i >= 0; i--) {
		links[i] = (struct worker){ .body = hold_and_want_next, .word = &words[i],
					    .go = gate_create() };
		start(&links[i]);
		wait_word(&words[i]);
		wait_thread_blocked(links[i].id);
	}
	for (int i = 0; i < 3; i++)
		CHECK_EQ(pi_lock(&words[i]), -EDEADLK);
	CHECK_EQ(pi_unlock(&words[3]), 0);
	for (int i = 2; i >= 0; i--) {
		gate_open(&links[i].go);
		join(&links[i]);
	}
}

int main(void)
{
	one_lock();
	chain();
	two_locks();
	ring();
	return 0;
}
