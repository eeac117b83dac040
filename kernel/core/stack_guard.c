/*
 * The stack protector's kernel side.
 *
 * The compiler puts the word below the return address of each function that has a buffer on its
 * stack, and compares before it returns. Who writes past a buffer changes the word first, unless
 * he knows it: so it is random, and its lowest byte, the first in memory, is zero, which ends a
 * string.
 *
 * The names are the compilers' own (gcc and clang, -mstack-protector-guard=global).
 */
#include "core/stack_guard.h"
#include <stdint.h>
#include "arch/cpu.h"
#include "core/compiler.h"
#include "core/panic.h"
#include "lib/hash.h"

extern uintptr_t __stack_chk_guard;	/* [I] after stack_guard_init */
noreturn void __stack_chk_fail(void);

uintptr_t __stack_chk_guard = 0x5bd1e900;

/* It returns with another word than it came with. */
no_stack_protector void stack_guard_init(void)
{
	uint64_t cycles = cpu_cycles();
	uint32_t word = 0;

	/* Without the instruction, how long the firmware took is what nobody knows. */
	(void)!cpu_random_u32(&word);
	word ^= hash_u32((uint32_t)cycles ^ (uint32_t)(cycles >> 32));
	__stack_chk_guard = word & ~(uint32_t)0xff;
}

noreturn void __stack_chk_fail(void)
{
	panic("a buffer on the stack was overrun by the function that returns to 0x%08lx",
	      (unsigned long)(uintptr_t)__builtin_return_address(0));
}
