/*
 * A parked thread's registers, as a debugger reads and writes them (arch/debug.h).
 *
 * General registers lie in the trap frame, FS, GS and TLS descriptors in struct arch_thread, FPU
 * registers in their image. The running thread may have the last two loaded; parking writes them
 * out and forgets that they are loaded, so that no switch in between writes them out again over
 * what a debugger has put there.
 *
 * The number of the system call under way is orig_eax; in a frame that is not a system call's it is
 * negative. A debugger that writes it makes the frame one or the other: gdb does so around the
 * functions that it calls in a program, and relies on the interrupted call being restarted once it
 * has put everything back.
 */
#include "arch/debug.h"
#include "arch/irq_flags.h"
#include "arch/upcall.h"
#include "core/stack_header.h"
#include "internal.h"
#include "layout.h"
#include "lib/string.h"
#include "machine_cpu.h"
#include "signal_fpu.h"
#include "switch_state.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/ptrace.h"

void arch_thread_park(struct arch_thread *thread)
{
	struct trap_frame *frame = arch_user_frame(arch_stack_base());
	irq_flags flags = irq_disable_save();

	fpu_sync_for_read(thread);
	fpu_forget_registers(thread);
	tls_park(thread);
	irq_restore(flags);
	if (trap_frame_is_syscall(frame) && frame->error < syscall_count &&
	    (frame->eax == syscall_table[frame->error] ||
	     frame->eax == sysenter_table[frame->error]))
		frame->eax = (uint32_t)-ENOSYS;
}

void arch_thread_unpark(struct arch_thread *thread)
{
	irq_flags flags = irq_disable_save();

	tls_unpark(thread);
	irq_restore(flags);
	atomic_fetch_or_explicit(&stack_header()->return_work, RETURN_WORK_FRAME,
				 memory_order_relaxed);
}

static uint32_t get_flags(const struct arch_thread *thread, const struct trap_frame *frame)
{
	/* The flag is ours, not the program's. */
	return thread->step_forced ? frame->eflags & ~(uint32_t)EFLAGS_TF : frame->eflags;
}

static uint32_t get_call_number(const struct trap_frame *frame)
{
	return frame->vector == TRAP_VECTOR_SYSCALL || frame->vector >= TRAP_VECTOR_RESTORED
		       ? frame->error
		       : (uint32_t)-1;
}

uint32_t arch_register_get(const struct arch_thread *thread, const struct trap_frame *frame,
			   unsigned int which)
{
	uint32_t ds_es = frame->segments ^ FLAT_SEGMENTS;

	switch (which) {
	case USER_EBX: return frame->ebx;
	case USER_ECX: return frame->ecx;
	case USER_EDX: return frame->edx;
	case USER_ESI: return frame->esi;
	case USER_EDI: return frame->edi;
	case USER_EBP: return frame->ebp;
	case USER_EAX: return frame->eax;
	case USER_DS: return ds_es >> 16;
	case USER_ES: return ds_es & 0xffff;
	case USER_FS: return thread->fs;
	case USER_GS: return thread->gs;
	case USER_ORIG_EAX: return get_call_number(frame);
	case USER_EIP: return frame->eip;
	case USER_CS: return frame->cs & 0xffff;
	case USER_EFLAGS: return get_flags(thread, frame);
	case USER_ESP: return frame->esp;
	default: return frame->ss & 0xffff;
	}
}

/*
 * A selector with the user's privilege, or 0 where that can be loaded. What it names is looked at
 * by the processor only: a bad one becomes 0, or the program's fault.
 */
static int set_selector(struct arch_thread *thread, struct trap_frame *frame, unsigned int which,
			uint16_t value)
{
	uint32_t ds_es = frame->segments ^ FLAT_SEGMENTS;

	if (value != 0 && (value & 3) != 3)
		return -EIO;
	if (value == 0 && (which == USER_CS || which == USER_SS))
		return -EIO;
	switch (which) {
	case USER_DS: frame->segments = ((ds_es & 0xffff) | (uint32_t)value << 16) ^ FLAT_SEGMENTS;
		break;
	case USER_ES: frame->segments = ((ds_es & 0xffff0000) | value) ^ FLAT_SEGMENTS; break;
	case USER_FS: thread->fs = value; break;
	case USER_GS: thread->gs = value; break;
	case USER_CS: frame->cs = value; break;
	default: frame->ss = value; break;
	}
	return 0;
}

static void set_flags(struct arch_thread *thread, struct trap_frame *frame, uint32_t value)
{
	/* A debugger that sets the trap flag gives it to the program; else it stays as it was. */
	if (value & EFLAGS_TF)
		thread->step_forced = false;
	else if (thread->step_forced)
		value |= EFLAGS_TF;
	frame->eflags = (frame->eflags & ~EFLAGS_USER) | (value & EFLAGS_USER);
}

static void set_call_number(struct trap_frame *frame, uint32_t value)
{
	if (value == get_call_number(frame))
		return;
	frame->error = value;
	frame->vector = (int32_t)value < 0 ? TRAP_VECTOR_NO_CALL : TRAP_VECTOR_SYSCALL;
}

int arch_register_set(struct arch_thread *thread, struct trap_frame *frame, unsigned int which,
		      uint32_t value)
{
	switch (which) {
	case USER_EBX: frame->ebx = value; break;
	case USER_ECX: frame->ecx = value; break;
	case USER_EDX: frame->edx = value; break;
	case USER_ESI: frame->esi = value; break;
	case USER_EDI: frame->edi = value; break;
	case USER_EBP: frame->ebp = value; break;
	case USER_EAX: frame->eax = value; break;
	case USER_ORIG_EAX: set_call_number(frame, value); break;
	case USER_EIP: frame->eip = value; break;
	case USER_EFLAGS: set_flags(thread, frame, value); break;
	case USER_ESP: frame->esp = value; break;
	default: return set_selector(thread, frame, which, (uint16_t)value);
	}
	return 0;
}

void arch_fpu_get_legacy(struct arch_thread *thread, void *to)
{
	if (fpu_has_fxsr)
		signal_fpu_legacy_from(to, thread->fpu);
	else
		memcpy(to, thread->fpu, USER_FPREGS_SIZE);
}

void arch_fpu_set_legacy(struct arch_thread *thread, const void *from)
{
	if (fpu_has_fxsr)
		signal_fpu_legacy_into(thread->fpu, from);
	else
		memcpy(thread->fpu, from, USER_FPREGS_SIZE);
}

int arch_fpu_get_extended(struct arch_thread *thread, void *to)
{
	if (!fpu_has_fxsr)
		return -EIO;
	memcpy(to, thread->fpu, USER_FPXREGS_SIZE);
	return 0;
}

int arch_fpu_set_extended(struct arch_thread *thread, const void *from)
{
	uint32_t mxcsr;

	if (!fpu_has_fxsr)
		return -EIO;
	memcpy(&mxcsr, (const uint8_t *)from + FXSAVE_MXCSR_OFFSET, sizeof(mxcsr));
	/* Such a bit would make FXRSTOR fault. */
	if (mxcsr & fpu_mxcsr_reserved)
		return -EINVAL;
	memcpy(thread->fpu, from, USER_FPXREGS_SIZE);
	return 0;
}

/*
 * XSAVE's form: FXSAVE's, in whose last words, which the processor leaves alone, Linux tells which
 * parts there may be; a header, whose first word tells which there are; AVX's upper halves.
 */
enum { XSTATE_PARTS_POSSIBLE = 464, XSTATE_HEADER = 512, XSTATE_HEADER_SIZE = 64 };

_Static_assert(USER_XSTATE_SIZE == FPU_XSAVE_SIZE, "the image goes to debuggers as it is");

int arch_fpu_get_whole(struct arch_thread *thread, void *to)
{
	uint64_t parts = FPU_XFEATURES;

	if (!fpu_has_xsave)
		return -ENODEV;
	memcpy(to, thread->fpu, USER_XSTATE_SIZE);
	memcpy((uint8_t *)to + XSTATE_PARTS_POSSIBLE, &parts, sizeof(parts));
	return 0;
}

int arch_fpu_set_whole(struct arch_thread *thread, const void *from)
{
	const uint8_t *header = (const uint8_t *)from + XSTATE_HEADER;
	uint8_t *image = thread->fpu;
	int error;

	if (!fpu_has_xsave)
		return -ENODEV;
	if (header[0] & ~FPU_XFEATURES)
		return -EINVAL;
	for (unsigned int i = 1; i < XSTATE_HEADER_SIZE; i++) {
		if (header[i])
			return -EINVAL;
	}
	error = arch_fpu_set_extended(thread, from);
	if (error)
		return error;
	memcpy(image + XSTATE_HEADER, header, USER_XSTATE_SIZE - XSTATE_HEADER);
	/* What stands in FXSAVE's form counts always. */
	image[XSTATE_HEADER] |= PARTS_X87_SSE;
	return 0;
}
