/*
 * System calls as entry.S does not see them: traced ones, and numbers that mean nothing.
 */
#pragma once
#include <stdbool.h>

/* Reads `trace=syscall` from the command line: then every thread's calls go to the log. */
void syscall_trace_init(void);
bool syscall_trace_is_on(void);

/* Every number without a handler. */
int sys_ni(void);
