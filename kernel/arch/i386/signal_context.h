/*
 * The registers in a signal frame, and what is taken of them when a program, which may have forged
 * them, returns from its handler.
 */
#pragma once
#include <stdint.h>
#include "arch/trap_frame.h"

/* Linux: struct sigcontext_32, selectors as the words that hold them. */
struct sigcontext {
	uint32_t gs, fs, es, ds;
	uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
	uint32_t trap_number, error, eip;
	uint32_t cs, eflags, esp_at_signal, ss;
	uint32_t fpstate, old_mask, cr2;
};
_Static_assert(sizeof(struct sigcontext) == 88, "Linux i386 ABI");

/*
 * All but FS and GS into the registers that go back to user mode: code and stack segment are
 * forced, the others are of the user's privilege; of the flags only those change that a program may
 * set itself, and interrupts are on.
 */
void signal_context_load(struct trap_frame *frame, const struct sigcontext *context);

/* A selector as it is taken. It may name nothing good: then loading it gives 0. */
uint32_t signal_context_selector(uint32_t word);
