/*
 * What sigreturn takes of the registers in a signal frame. Whatever stands there, the frame that
 * goes back is one that user mode could have come with.
 */
#include "signal_context.h"
#include "arch/irq_flags.h"
#include "layout.h"

/* Requested privilege 3, so that a kernel selector is refused; the null selectors stay. */
uint32_t signal_context_selector(uint32_t word)
{
	return word & 0xfffc ? (word & 0xffff) | 3u : 0;
}

void signal_context_load(struct trap_frame *frame, const struct sigcontext *context)
{
	uint32_t kept = frame->eflags & ~EFLAGS_USER;
	uint32_t ds = signal_context_selector(context->ds);
	uint32_t es = signal_context_selector(context->es);

	frame->error = (uint32_t)-1;	/* what a debugger sees: no system call */
	frame->esi = context->esi;
	frame->edi = context->edi;
	frame->ebp = context->ebp;
	frame->ebx = context->ebx;
	frame->ecx = context->ecx;
	frame->edx = context->edx;
	frame->eax = context->eax;
	frame->segments = (ds << 16 | es) ^ FLAT_SEGMENTS;
	frame->eip = context->eip;
	frame->cs = SELECTOR_USER_CODE;
	frame->eflags = (context->eflags & EFLAGS_USER) | kept | EFLAGS_IF | EFLAGS_FIXED;
	frame->esp = context->esp;
	frame->ss = SELECTOR_USER_DATA;
}
