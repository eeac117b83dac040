/* Threads and clocks of a machine with one thread: nobody else is there to be started or woken. */
#include "arch/clock.h"
#include "core/panic.h"
#include "core/stack_header.h"
#include "sched/clock.h"
#include "sched/schedule.h"
#include "sched/thread.h"

uint64_t clock_monotonic_ns(void)
{
	return arch_clock_ns();
}

/* It is there, but has no turn: a test does its work. */
struct thread *thread_create_kernel(const char *name, void (*entry)(void *), void *argument)
{
	static struct thread other;

	(void)name;
	(void)entry;
	(void)argument;
	return &other;
}

void thread_start(struct thread *thread)
{
	(void)thread;
}

static enum thread_state state = THREAD_RUNNABLE;	/* of the only thread */

void thread_prepare_sleep(enum thread_state kind)
{
	state = kind;
}

void thread_cancel_sleep(void)
{
	state = THREAD_RUNNABLE;
}

bool thread_sleep_until(uint64_t deadline_ns)
{
	if (deadline_ns == UINT64_MAX && state != THREAD_RUNNABLE)
		panic("sleeps for ever");
	state = THREAD_RUNNABLE;
	return false;
}

void schedule(void)
{
	if (state != THREAD_RUNNABLE)
		panic("sleeps for ever");
}

void schedule_yield(void)
{
}

bool thread_wake(struct thread *thread)
{
	(void)thread;
	state = THREAD_RUNNABLE;
	return true;
}
