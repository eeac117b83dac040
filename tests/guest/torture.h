/*
 * Torture: many processes and threads do for a while what must not be done at the same time.
 *
 * The work of each is a function that does one step, chosen by a random number; what it finds
 * there it checks as far as anything is certain. TEST_SCALE says for how long: 100 for three
 * seconds. The kernel's own checks (locks, invariants, leaks, the watchdog) judge the rest.
 */
#pragma once
#include "check.h"
#include <pthread.h>

enum { TORTURE_MS = 3000 };

struct torturer {
	void (*step)(struct torturer *self);
	uint32_t random;
	int number;		/* of those with this step */
	unsigned int steps;
};

static long long torture_end_ns;

/* Below `limit`. Xorshift (Marsaglia, 2003). */
static inline uint32_t torture_random(struct torturer *self, uint32_t limit)
{
	self->random ^= self->random << 13;
	self->random ^= self->random >> 17;
	self->random ^= self->random << 5;
	return self->random % limit;
}

static inline void torture_begin(void)
{
	torture_end_ns = now_ns() + scaled(TORTURE_MS) * 1000000LL;
}

static inline bool torture_goes_on(void)
{
	return now_ns() < torture_end_ns;
}

static inline void *torture_run(void *argument)
{
	struct torturer *self = argument;

	while (torture_goes_on()) {
		self->step(self);
		self->steps++;
	}
	return NULL;
}

static inline void torture_init(struct torturer *self, void (*step)(struct torturer *), int number)
{
	*self = (struct torturer){ .step = step, .number = number,
				   .random = (uint32_t)now_ns() * 2654435761u + number + 1 };
	if (!self->random)
		self->random = 1;
}

/* A process that does steps until the time is over; it must end well. */
static inline pid_t torture_process(void (*step)(struct torturer *), int number)
{
	pid_t pid = FORK();

	if (pid == 0) {
		struct torturer self;

		torture_init(&self, step, number);
		torture_run(&self);
		_exit(0);
	}
	return pid;
}

static inline pthread_t torture_thread(struct torturer *self, void (*step)(struct torturer *),
				       int number)
{
	pthread_t thread;

	torture_init(self, step, number);
	CHECK(pthread_create(&thread, NULL, torture_run, self) == 0);
	return thread;
}
