/*
 * Kernel stacks of the simulated machine: larger than the real ones, since the sanitizers take
 * room.
 */
#pragma once
#include <stdint.h>

#define KERNEL_STACK_SIZE 131072u

static inline void *arch_stack_base(void)
{
	uintptr_t sp;

	__asm__("movq %%rsp, %0" : "=r"(sp));
	return (void *)(sp & ~(uintptr_t)(KERNEL_STACK_SIZE - 1));
}
