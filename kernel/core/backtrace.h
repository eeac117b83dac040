/*
 * Who called whom, with names.
 */
#pragma once
#include <stdint.h>

struct thread;

/*
 * Prints the calling chain from a frame pointer and an instruction pointer, within one kernel
 * stack.
 */
void backtrace_print(uintptr_t instruction, uintptr_t frame_pointer, uintptr_t stack_pointer);

/* Prints the chain of the caller. */
void backtrace_print_here(void);
