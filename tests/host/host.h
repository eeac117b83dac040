/*
 * What the fakes of tests/host know of each other; tests include test.h.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct stack_header;

/* Once, before the first test. */
void host_init(void);

/* The calling host thread plays a kernel thread: no locks held, preemption and interrupts on. */
void host_thread_reset(void);

/* For include/machine: the stack header of the calling host thread, and its interrupt flag. */
void *host_stack_base(void);
bool *host_interrupts(void);

/* An allocation of the fakes is about to happen: shall it fail? */
bool host_allocation_fails(void);

/* An object or frame was given out (+1) or came back (-1). */
void host_count_allocation(long change);
