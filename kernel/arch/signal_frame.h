/*
 * The frame that a signal handler runs on: Linux's struct sigframe and rt_sigframe for i386.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "arch/trap_frame.h"
#include "core/compiler.h"
#include "core/types.h"

struct arch_thread;
struct linux_siginfo;

struct signal_frame_request {
	int signal;
	uintptr_t handler;
	uintptr_t restorer;	/* 0: the vDSO's trampoline */
	uintptr_t vdso;		/* where its image is */
	bool with_info;		/* SA_SIGINFO: the rt frame */
	uintptr_t stack_top;	/* of the alternate stack, or the user's stack pointer */
	uint64_t mask;		/* blocked signals to restore afterwards */
	const struct linux_siginfo *info;
	uint32_t trap_number, trap_error, fault_address;	/* for sigcontext */
	uint32_t alt_stack_sp, alt_stack_flags, alt_stack_size;	/* for uc_stack */
};

/*
 * Write the frame to user memory and point the registers at the handler. Errors: -EFAULT, then
 * registers are unchanged and the caller kills the thread. May fault and sleep.
 */
must_check int signal_frame_push(struct arch_thread *thread, struct trap_frame *frame,
				 const struct signal_frame_request *request);

/*
 * sigreturn / rt_sigreturn: read the frame at the user's stack pointer back into the registers,
 * trusting nothing: segments are forced to user ones, only user-settable flags, an FPU image that
 * cannot fault. Gives the mask and, for rt, the alternate stack's three words. Errors: -EFAULT
 * (caller sends SIGSEGV).
 */
must_check int signal_frame_pop(struct arch_thread *thread, struct trap_frame *frame, bool rt,
				uint64_t *mask, uint32_t alt_stack[3]);
