/*
 * What the files of sched/ share.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "sched/rcu.h"
#include "sched/run_queue.h"
#include "sched/thread.h"
#include "sched/wait_queue.h"

/* ---- schedule.c ---- */

/* Times at which a busy CPU looks around although nobody waits: samples, grace periods, balance. */
#define TICK_NS 10000000ull

struct run_queue *run_queue_of(unsigned int cpu);

/* The queue that protects `thread`'s [r] fields, locked. */
struct run_queue *run_queue_lock_of(struct thread *thread, irq_flags *flags);

enum placing {
	PLACE_WOKEN,	/* where it will run soonest */
	PLACE_NEW,	/* as woken, but it interrupts nobody */
	PLACE_MOVED,	/* sent away from its CPU while it could run */
};

/*
 * Put a runnable thread that is on no queue on one. Any context; spins until it is off its last
 * CPU.
 */
void schedule_place(struct thread *thread, enum placing how);

/* Make the CPU of `queue` choose again. Caller holds queue->lock. */
void schedule_kick(struct run_queue *queue);
/* The same from the tick of that CPU: in the kernel it may go on until the next one. */
void schedule_kick_on_tick(struct run_queue *queue);
/* The same for any CPU, without its lock held; interrupts off. */
void schedule_kick_cpu(unsigned int cpu);

/*
 * After a switch, on the new thread's stack, interrupts off: let go of the thread that ran before.
 */
void schedule_finish_switch(void);
/* Clean up threads that died on this CPU. Interrupts on. */
void schedule_reap_dead(void);

/* CPUs that run threads; those of them that are idle (a hint). */
uint32_t schedule_online_cpus(void);
uint32_t schedule_idle_cpus(void);
void schedule_set_online(unsigned int cpu);
/* This CPU has nothing to do. Interrupts off. */
void schedule_note_idle(void);

/* ---- balance.c ---- */

/* Take a thread from the queue with most; interrupts off, no lock held. False: nothing to take. */
bool balance_pull(struct run_queue *queue);
/*
 * From the tick, interrupts off, no lock held: keep queues of busy CPUs alike, and idle CPUs
 * informed.
 */
void balance_tick(struct run_queue *queue, uint64_t now_ns);

/* ---- cpu_time.c ---- */

/* The tick of this CPU, interrupts off; when to come again, UINT64_MAX if that is not needed. */
uint64_t schedule_tick(uint64_t now_ns);

/* ---- thread.c ---- */

#define THREAD_STATE_BIT(state) (1u << (state))
#define THREAD_SLEEPING_STATES                                                            \
	(THREAD_STATE_BIT(THREAD_SLEEPING) | THREAD_STATE_BIT(THREAD_SLEEPING_KILLABLE) | \
	 THREAD_STATE_BIT(THREAD_SLEEPING_INTERRUPTIBLE))

/*
 * From one of `states` to runnable: its word before, by which the caller places it, or 0 if it was
 * in none of them. A full barrier has come after the caller's last write for the sleeper to see.
 */
static inline unsigned int thread_make_runnable(struct thread *thread, unsigned int states)
{
	unsigned int word = atomic_load_explicit(&thread->state_word, memory_order_relaxed);

	do {
		if (!(states & THREAD_STATE_BIT(word & 0xff)))
			return 0;
	} while (!atomic_compare_exchange_weak(&thread->state_word, &word, THREAD_RUNNABLE));
	return word;
}

/* The same from all states of sleep, in two instructions less. */
static inline unsigned int thread_make_sleeper_runnable(struct thread *thread)
{
	unsigned int word = atomic_load_explicit(&thread->state_word, memory_order_relaxed);

	_Static_assert(THREAD_SLEEPING + 2 == THREAD_SLEEPING_INTERRUPTIBLE, "one after the other");
	do {
		if (unlikely((uint8_t)(word - THREAD_SLEEPING) > 2))
			return 0;
	} while (unlikely(!atomic_compare_exchange_strong(&thread->state_word, &word,
							  THREAD_RUNNABLE)));
	return word;
}

/* Give a dead thread's stack back and drop its own reference. Any context. */
void thread_clean_up(struct thread *thread);
/* The fields of an idle thread for `cpu` that runs on `stack`, or on one of its own if NULL. */
must_check int thread_init_idle(struct thread *thread, unsigned int cpu, void *stack);

/* ---- timer.c ---- */

void timer_set_alarm(struct run_queue *own, uint64_t deadline_ns);

/* Let this CPU's alarm ring at `deadline_ns` at the latest. Interrupts off. */
static inline void timer_alarm_before(struct run_queue *own, uint64_t deadline_ns)
{
	if (unlikely(deadline_ns < own->alarm_ns))
		timer_set_alarm(own, deadline_ns);
}

/* ---- rcu.c ---- */

/* Does a grace period wait for this CPU? */
bool rcu_waits_for(unsigned int cpu);
/* Public only for rcu_pass(), which stands in every switch. */
extern atomic_uint rcu_waiting_cpus;
/* rcu_quiescent() for the CPU of this bit, ours. */
static inline void rcu_pass(uint32_t cpu_bit)
{
	if (unlikely(atomic_load_explicit(&rcu_waiting_cpus, memory_order_relaxed) & cpu_bit))
		rcu_quiescent();
}
