/*
 * Kernel stacks: where the current one begins.
 */
#pragma once
#include <stdint.h>
#include "machine/stack.h" /* arch_stack_base(): inline, one or two instructions */

#define KERNEL_STACK_SIZE 8192u /* and the alignment; below it lies an unmapped guard page */
