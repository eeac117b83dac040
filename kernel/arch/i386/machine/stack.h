/*
 * Where the current kernel stack is (docs/decisions/001-current-thread-by-stack.md).
 */
#pragma once
#include <stdint.h>

/* The lowest address of the current kernel stack, from the stack pointer. */
static inline void *arch_stack_base(void)
{
	uintptr_t sp;

	__asm__("movl %%esp, %0" : "=r"(sp));
	return (void *)(sp & ~(uintptr_t)(8192 - 1));
}
