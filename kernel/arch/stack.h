/*
 * Kernel stacks: how large they are, and where the current one begins.
 */
#pragma once
#include <stdint.h>
#include "machine/stack.h"
/*
 * There:
 *	KERNEL_STACK_SIZE	and the alignment; below a stack lies an unmapped guard page
 * and inline, one or two instructions:
 *	void *arch_stack_base(void)
 */
