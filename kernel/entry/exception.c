/*
 * Exceptions of programs other than page faults, as the signals that Linux makes of them on i386.
 */
#include "arch/context.h"
#include "arch/upcall.h"
#include "core/stack_header.h"
#include "lib/compiler.h"
#include "proc/process.h"
#include "proc/signal.h"

/* Intel SDM vol. 3, table 6-1. */
enum exception_vector {
	EXCEPTION_DIVIDE = 0,
	EXCEPTION_DEBUG = 1,
	EXCEPTION_BREAKPOINT = 3,
	EXCEPTION_OVERFLOW = 4,
	EXCEPTION_BOUND = 5,
	EXCEPTION_INVALID_INSTRUCTION = 6,
	EXCEPTION_NO_FPU = 7,
	EXCEPTION_FPU_OVERRUN = 9,
	EXCEPTION_TSS = 10,
	EXCEPTION_NOT_PRESENT = 11,
	EXCEPTION_STACK = 12,
	EXCEPTION_PROTECTION = 13,
	EXCEPTION_FPU = 16,
	EXCEPTION_ALIGNMENT = 17,
	EXCEPTION_SIMD = 19,
};

/*
 * The address in siginfo is the instruction's, or 0 where the code says no more than "the kernel".
 */
static const struct exception_signal {
	uint8_t signal;
	int16_t code;
} signals[] = {
	[EXCEPTION_DIVIDE] = { SIGFPE, FPE_INTDIV },
	[EXCEPTION_BREAKPOINT] = { SIGTRAP, SI_KERNEL },
	[EXCEPTION_OVERFLOW] = { SIGSEGV, SI_KERNEL },
	[EXCEPTION_BOUND] = { SIGSEGV, SI_KERNEL },
	[EXCEPTION_INVALID_INSTRUCTION] = { SIGILL, ILL_ILLOPN },
	[EXCEPTION_NO_FPU] = { SIGFPE, FPE_FLTINV },
	[EXCEPTION_FPU_OVERRUN] = { SIGFPE, SI_KERNEL },
	[EXCEPTION_TSS] = { SIGSEGV, SI_KERNEL },
	[EXCEPTION_NOT_PRESENT] = { SIGBUS, SI_KERNEL },
	[EXCEPTION_STACK] = { SIGBUS, SI_KERNEL },
	[EXCEPTION_PROTECTION] = { SIGSEGV, SI_KERNEL },
	[EXCEPTION_ALIGNMENT] = { SIGBUS, BUS_ADRALN },
	[UPCALL_EXCEPTION_IRET] = { SIGILL, ILL_BADSTK },
};

static int fpu_code(enum fpu_exceptions exceptions)
{
	if (exceptions & FPU_INVALID)
		return FPE_FLTINV;
	if (exceptions & FPU_DIVIDE_BY_ZERO)
		return FPE_FLTDIV;
	if (exceptions & FPU_OVERFLOW)
		return FPE_FLTOVF;
	if (exceptions & (FPU_DENORMAL | FPU_UNDERFLOW))
		return FPE_FLTUND;
	return FPE_FLTRES;
}

void upcall_debug(struct trap_frame *frame, bool step, unsigned int breakpoints)
{
	int code = step ? TRAP_TRACE : breakpoints ? TRAP_HWBKPT : TRAP_BRKPT;

	signal_force_fault(SIGTRAP, code, trap_frame_instruction(frame), EXCEPTION_DEBUG, 0);
}

void upcall_exception(struct trap_frame *frame, uint32_t vector, uint32_t error)
{
	struct exception_signal signal = { SIGSEGV, SI_KERNEL };
	uintptr_t address = trap_frame_instruction(frame);

	if (vector == EXCEPTION_FPU || vector == EXCEPTION_SIMD) {
		signal.signal = SIGFPE;
		signal.code = (int16_t)fpu_code(arch_fpu_exceptions(&thread_current()->arch,
								    vector == EXCEPTION_SIMD));
	} else if (vector < ARRAY_SIZE(signals) && signals[vector].signal) {
		signal = signals[vector];
	}
	if (signal.code == SI_KERNEL || vector == UPCALL_EXCEPTION_IRET)
		address = 0;
	signal_force_fault(signal.signal, signal.code, address, vector, error);
}
