/*
 * Several CPUs.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* CPUs found that can run; CPUs that run (mask and number). */
unsigned int smp_cpu_count(void);
uint32_t smp_online_mask(void);

/*
 * Start every other CPU. Each comes up on the stack of idle thread `stacks[n]` and calls
 * upcall_cpu_started() on it. Returns when all are up or gave no answer.
 */
void smp_start_others(void *stacks[]);

/* Make CPU `cpu` look at its return_work / run queue soon. Any context. */
void smp_send_reschedule(unsigned int cpu);

/*
 * Run function(argument) with interrupts off on each CPU in `mask` (without this one) and wait for
 * all. Interrupts on here. The function must not take locks with rank before LOCK_RANK_LEAF.
 */
void smp_call(uint32_t mask, void (*function)(void *), void *argument);

/* For panic: stop the others where they are (NMI), each printing its backtrace in turn. */
void smp_stop_others(void);
