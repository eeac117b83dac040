/*
 * System calls as entry.S does not see them: traced ones, and numbers that mean nothing.
 */
#pragma once
#include <stdbool.h>
#include "core/event_ring.h"
#include "core/stale.h"

/* Reads `trace=syscall` from the command line: then every thread's calls go to the log. */
void syscall_trace_init(void);
/* Public only for syscall_trace_is_on(), which is asked on each long way out of the kernel. */
extern bool syscall_trace_is_wished;	/* constant after boot */
static inline bool syscall_trace_is_on(void)
{
	return syscall_trace_is_wished || stale_is_armed() ||
	       event_is_on_any(1u << QUARTET_EVENT_SYSCALL_ENTER |
			       1u << QUARTET_EVENT_SYSCALL_LEAVE);
}

/* Every number without a handler. */
int sys_ni(void);
