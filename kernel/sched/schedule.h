/*
 * Who runs next.
 */
#pragma once
#include <stdint.h>
#include "sched/thread.h"

/*
 * Set up CPU `cpu`'s run queue with its idle thread. For the boot CPU (0), which must call it
 * itself, the boot context becomes the idle thread: it cannot sleep; it starts another thread for
 * what may, and ends in schedule_idle_loop(). Errors: -ENOMEM (others than 0).
 */
must_check int schedule_init_cpu(unsigned int cpu);
/*
 * Make run queues and idle threads for the other CPUs and start them (smp_start_others; a NULL
 * stack there means that there was no memory for that CPU).
 */
void schedule_start_other_cpus(void);
/* The idle loop of this CPU. Never returns. */
noreturn void schedule_idle_loop(void);

/*
 * Give up the CPU: sleeping, dead, or yielding threads come back when they are chosen again.
 * Preemption on.
 */
void schedule(void);

/* The same where interrupts were on before, and are off; they are off again afterwards. */
void schedule_irq_off(void);

/*
 * Wake `thread`, which runs here, next, if it may: the running one is about to sleep. False: it did
 * not sleep. A full barrier has come after the last write that lets it go on, or it will take a
 * lock that the caller holds before it looks. The caller has interrupts off, and looks whether it
 * is to choose again when they are on.
 */
bool schedule_wake_handover(struct thread *thread);

/* sched_yield(2). */
void schedule_yield(void);

/* Errors: -EINVAL. Priorities as sched_setscheduler(2); permission is the caller's business. */
must_check int schedule_set_policy(struct thread *thread, enum sched_policy policy, int priority);
void schedule_set_nice(struct thread *thread, int nice);	/* clamped to -20..19 */
must_check int schedule_set_affinity(struct thread *thread, uint32_t cpus);
/*
 * Priority inheritance: run as FIFO of `priority` (1..99) while it is above the thread's own; 0
 * ends it.
 */
void schedule_set_boost(struct thread *thread, int priority);
/*
 * Whose thread it is: by these shares of the CPUs, CPU_MAX of them, it runs from now on. Its own
 * thread calls it, or, of a new one, whoever makes it. They outlive the thread.
 */
void schedule_set_shares(struct thread *thread, struct cpu_share *shares);
static inline void schedule_set_shares_of_new(struct thread *thread, struct cpu_share *shares)
{
	thread->shares = shares;	/* thread_start() chooses among them */
}
/* Its real-time priority, or what it was lent if that is more; 0: fair. A hint. */
int schedule_priority(const struct thread *thread);
/* sched_rr_get_interval(2): 0 for FIFO. */
uint64_t schedule_quantum_ns(const struct thread *thread);

/* Time run so far, the present slice included. */
uint64_t schedule_run_time(struct thread *thread);
/*
 * How long the current thread, if it is of real time, has run since it last slept: up to a tick
 * less. Else 0.
 */
uint64_t schedule_realtime_run(void);
/* The same, split by samples; the two add up to it. */
void schedule_times(struct thread *thread, uint64_t *user_ns, uint64_t *system_ns);

/*
 * For sysinfo and /proc/stat: per-CPU times in ns, switches, runnable threads; load averages in
 * 1/2048.
 */
struct cpu_times { uint64_t user_ns, system_ns, idle_ns, irq_ns; uint64_t switches; };
void schedule_cpu_times(unsigned int cpu, struct cpu_times *out);
unsigned int schedule_runnable_count(void);
void schedule_load_averages(uint32_t averages[3]);

void schedule_set_seed(uint32_t seed);	/* debug: preempts where locks or interrupts end; 0: not */
