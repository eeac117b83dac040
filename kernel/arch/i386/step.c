/*
 * Single steps: the trap flag, and whose it is.
 *
 * A debugger's step sets the flag in the program's saved flags, and the processor traps after one
 * instruction. The flag must not stay when the program runs on freely, nor may a debugger's flag
 * be mistaken for one that the program has set itself (some do, with POPF). So `step_forced` says
 * that the flag in the frame is the debugger's: then it is taken out again, and not shown.
 *
 * `stepping` stays set until the debugger lets the program run freely. While it is, a system call
 * that ends is a step that ends, though the processor does not say so: the flag is looked at when
 * an instruction begins, and the one after the call has not begun.
 */
#include "arch/debug.h"
#include "internal.h"
#include "layout.h"

/* Will the next instruction load the trap flag from the program's stack? (SDM vol. 2, 2.1.1) */
static bool loads_flags(const uint8_t *next, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		switch (next[i]) {
		case 0x9d: case 0xcf:			/* POPF, IRET */
			return true;
		case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65:
		case 0x66: case 0x67: case 0xf0: case 0xf2: case 0xf3:	/* prefixes */
			continue;
		default:
			return false;
		}
	}
	return false;
}

void arch_step_enable(struct arch_thread *thread, struct trap_frame *frame, const uint8_t *next,
		      size_t size)
{
	bool was_set = frame->eflags & EFLAGS_TF;

	thread->stepping = true;
	frame->eflags |= EFLAGS_TF;
	if (loads_flags(next, size))
		thread->step_forced = false;
	else if (!was_set)
		thread->step_forced = true;
}

void arch_step_disable(struct arch_thread *thread, struct trap_frame *frame)
{
	thread->stepping = false;
	if (thread->step_forced)
		frame->eflags &= ~(uint32_t)EFLAGS_TF;
	thread->step_forced = false;
}

bool arch_step_is_on(const struct arch_thread *thread)
{
	return thread->stepping;
}

void arch_step_forget(const struct arch_thread *parent, struct trap_frame *frame)
{
	if (parent->step_forced)
		frame->eflags &= ~(uint32_t)EFLAGS_TF;
}
