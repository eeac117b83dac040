/*
 * Kernel stacks (docs/decisions/001-current-thread-by-stack.md).
 */
#pragma once
#include <stdint.h>

#define KERNEL_STACK_SIZE 8192u

/* The lowest address of the current kernel stack, from the stack pointer. */
static inline void *arch_stack_base(void)
{
	uintptr_t sp;

	__asm__("movl %%esp, %0" : "=r"(sp));
	return (void *)(sp & ~(uintptr_t)(KERNEL_STACK_SIZE - 1));
}
