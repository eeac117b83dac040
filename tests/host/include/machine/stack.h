/* The host's stacks have no header; each host thread has one elsewhere. */
#pragma once

#define KERNEL_STACK_SIZE 8192u

void *host_stack_base(void);

static inline void *arch_stack_base(void)
{
	return host_stack_base();
}
