/*
 * What the simulated machine needs of the host. Included by both sides, so it names no type of
 * either's library.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- memory ---- */

/* Memory of zeros at a fixed place, and the sanitizer's word on who may touch which bytes of it. */
void host_map(void *place, size_t size);
void host_allow(void *start, size_t size);
void host_forbid(void *start, size_t size);

/* Around a change of stacks: the sanitizer keeps track of them. */
void *host_stack_leave(const void *next, size_t size);
void host_stack_entered(void *fake);

/* ---- saying, and ending ---- */

void host_say(const char *text, size_t size);
__attribute__((__noreturn__)) void host_fail(const char *text);	/* with a backtrace */
__attribute__((__noreturn__)) void host_exit(void);
/* "file:line in function" of a return address. */
void host_name_place(char *buffer, size_t size, uintptr_t address);
/* Zeros, for the tests' own use; given back when the machine ends. */
void *host_memory(size_t size);
