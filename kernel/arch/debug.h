/*
 * Looking into a thread of a program: its registers, single steps, breakpoints in hardware.
 *
 * All of it is about a thread that is parked: inside the kernel, its registers written out, on its
 * way neither in nor out. It parks itself; whoever looks keeps it from going on meanwhile. The
 * exceptions are named.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arch/context.h"
#include "core/compiler.h"

/*
 * The running thread, itself: from park on, memory is the truth about its FPU, FS, GS and
 * descriptors, whichever CPU it is on; unpark loads them again. In between it may sleep. What a
 * system call that is still under way keeps in the result's place is replaced by -ENOSYS.
 */
void arch_thread_park(struct arch_thread *thread);
void arch_thread_unpark(struct arch_thread *thread);

/* The words of struct user_regs_struct (uapi/linux/ptrace.h: enum linux_user_register). */
uint32_t arch_register_get(const struct arch_thread *thread, const struct trap_frame *frame,
			   unsigned int which);
/*
 * Nothing privileged gets in: selectors are the user's or refused, of the flags only those change
 * that a program may change itself. Errors: -EIO.
 */
must_check int arch_register_set(struct arch_thread *thread, struct trap_frame *frame,
				 unsigned int which, uint32_t value);

/*
 * The FPU in the form of FNSAVE (108 bytes), of FXSAVE (512), and of XSAVE (832). Errors: -EIO
 * where the machine has no FXSAVE, -ENODEV where it has no XSAVE; -EINVAL for reserved bits in
 * MXCSR, for parts that there are not, and for the compact form. FXSAVE's may be read of a running
 * thread by itself too, once parked.
 */
void arch_fpu_get_legacy(struct arch_thread *thread, void *to);
void arch_fpu_set_legacy(struct arch_thread *thread, const void *from);
must_check int arch_fpu_get_extended(struct arch_thread *thread, void *to);
must_check int arch_fpu_set_extended(struct arch_thread *thread, const void *from);
must_check int arch_fpu_get_whole(struct arch_thread *thread, void *to);
must_check int arch_fpu_set_whole(struct arch_thread *thread, const void *from);

/*
 * Single steps: the program traps after its next instruction. `next` holds the bytes that it is
 * about to execute (fewer if they cannot be read): an instruction that sets the trap flag itself
 * is left its flag afterwards.
 */
void arch_step_enable(struct arch_thread *thread, struct trap_frame *frame, const uint8_t *next,
		      size_t size);
/* Also for the running thread, before a signal frame is made of its registers. */
void arch_step_disable(struct arch_thread *thread, struct trap_frame *frame);
bool arch_step_is_on(const struct arch_thread *thread);
/* fork: `frame` is a copy of the parent's, which may be single-stepped; the child is not. */
void arch_step_forget(const struct arch_thread *parent, struct trap_frame *frame);

/*
 * DR0 to DR7 of a thread. They are loaded on its way to user mode (RETURN_WORK_DEBUG) and taken
 * back by the first trap that comes when they are another's. Errors: -EIO (4 and 5), -EINVAL (an
 * address of the kernel, a condition that the processor does not have), -ENOMEM.
 */
enum { DEBUG_REGISTERS = 8 };
uint32_t arch_debug_register_get(const struct arch_thread *thread, unsigned int which);
must_check int arch_debug_register_set(struct arch_thread *thread, unsigned int which,
				       uint32_t value);
/* RETURN_WORK_DEBUG: load them. Of the running thread, interrupts off. */
void arch_debug_load(struct arch_thread *thread);
/* exec: the running thread has none any more. */
void arch_debug_clear(struct arch_thread *thread);
