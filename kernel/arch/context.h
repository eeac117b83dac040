/*
 * Threads as the machine sees them: a kernel stack, user registers, FPU state, TLS descriptors.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "arch/trap_frame.h"
#include "core/compiler.h"
#include "core/stack_header.h"
#include "core/types.h"

struct thread; /* begins with its struct arch_thread */
#include "machine/context.h" /* struct arch_thread */

/* The running thread's; NULL before there are threads. */
static inline struct arch_thread *arch_thread_current(void)
{
	return (struct arch_thread *)thread_current();
}

/*
 * Prepare a new stack so that the first switch to it calls entry(argument), which never returns,
 * with interrupts off as arch_switch left them. `stack` is the lowest address; its stack_header is
 * already filled.
 */
void arch_thread_init(struct arch_thread *thread, void *stack, void (*entry)(void *),
		      void *argument);

/* Errors: -ENOMEM. The FPU area of a user thread, in the machine's initial state. */
must_check int arch_thread_create_fpu(struct arch_thread *thread);
void arch_thread_fini(struct arch_thread *thread);

/*
 * Save the running thread's machine state in `from` and continue `to` where it stopped. Interrupts
 * off. Switches stacks, TLS descriptors, FS and GS, FPU registers, and the address space to
 * `space`; NULL: as in mmu_space_switch().
 */
struct mmu_space;
void arch_switch(struct arch_thread *from, struct arch_thread *to, struct mmu_space *space);

/* The saved user registers of a thread that is inside the kernel, at the top of its stack. */
struct trap_frame *arch_user_frame(void *stack);

/* Leave the kernel with the registers in arch_user_frame of the current stack. Never returns. */
noreturn void arch_enter_user(void);

/*
 * fork/clone: copy the running parent's user registers, segments, TLS descriptors and FPU state to
 * the child, whose result is 0 and whose stack pointer is `user_stack` unless that is 0.
 * arch_thread_init was called for it; its entry ends in arch_enter_user(). Errors: -ENOMEM.
 */
must_check int arch_thread_fork(struct arch_thread *child, void *child_stack,
				struct arch_thread *parent, uintptr_t user_stack);

/*
 * exec: all user registers zero, flat segments, initial FPU, no TLS; start at `entry` with `stack`.
 * The vDSO's image is at `vdso`.
 */
void arch_thread_exec(struct arch_thread *thread, uintptr_t entry, uintptr_t stack, uintptr_t vdso);
/* The vDSO of whoever runs on `stack` is elsewhere now. */
void arch_thread_set_vdso(void *stack, uintptr_t vdso);

/* RETURN_WORK_FPU: reload this thread's FPU registers. Interrupts off. */
void arch_fpu_load(struct arch_thread *thread);

/*
 * Thread-local storage descriptors: set_thread_area's struct user_desc, already in kernel memory.
 * `entry_number` -1 picks a free slot and is set. Errors: -EINVAL, -ESRCH (no free slot).
 */
struct user_desc;
must_check int arch_tls_set(struct arch_thread *thread, struct user_desc *desc);
must_check int arch_tls_get(const struct arch_thread *thread, struct user_desc *desc);

/*
 * Why the FPU (or, if `simd`, SSE) stopped the running thread: unmasked exceptions. Interrupts on
 * or off.
 */
enum fpu_exceptions {
	FPU_INVALID = 1 << 0,
	FPU_DENORMAL = 1 << 1,
	FPU_DIVIDE_BY_ZERO = 1 << 2,
	FPU_OVERFLOW = 1 << 3,
	FPU_UNDERFLOW = 1 << 4,
	FPU_INEXACT = 1 << 5,
};
enum fpu_exceptions arch_fpu_exceptions(struct arch_thread *thread, bool simd);
