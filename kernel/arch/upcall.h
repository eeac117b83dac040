/*
 * The few calls that the machine makes into the kernel. Implemented in entry/ (and, where said,
 * sched/).
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arch/trap_frame.h"
#include "core/compiler.h"

enum fault_access {
	FAULT_WRITE = 1 << 0,
	FAULT_EXECUTE = 1 << 1,
	FAULT_USER = 1 << 2,	/* from user mode; else inside a user copy */
	FAULT_PRESENT = 1 << 3,	/* the entry was there but forbade it */
};

/*
 * A page fault at a user address, from user mode or inside a user copy. Interrupts on. False:
 * cannot be satisfied and came from the kernel (the machine then takes the user copy's error exit,
 * or panics). From user mode it sends the signal itself and returns true.
 */
bool upcall_page_fault(struct trap_frame *frame, uintptr_t address, enum fault_access access);

/*
 * Any other exception of a user program: turned into its signal. Interrupts on. The last number is
 * Linux's own: what the program's registers name cannot be returned to.
 */
#define UPCALL_EXCEPTION_IRET 32
void upcall_exception(struct trap_frame *frame, uint32_t vector, uint32_t error);

/*
 * A debug trap of a user program: after a single step, or at breakpoints in hardware (a bit each).
 * Neither: an instruction that asks for the trap. Interrupts on.
 */
void upcall_debug(struct trap_frame *frame, bool step, unsigned int breakpoints);

/*
 * Before return to user mode, while return_work is not zero: called with interrupts on, returns
 * with them off.
 */
void upcall_return_work(struct trap_frame *frame);

/*
 * A system call with RETURN_WORK_TRACE or _GATE set: before and after. The first gives the handler
 * to call, or 0: the call is not made, its result is the frame's. The frame's registers are the
 * program's all the time.
 */
uintptr_t upcall_syscall_enter(struct trap_frame *frame);
void upcall_syscall_leave(struct trap_frame *frame);

/* The alarm of this CPU rang. Interrupts off. Implemented by sched/timer.c. */
void upcall_timer(void);

/*
 * The last thing of an interrupt taken in kernel mode, preemption on, work waiting:
 * sched/schedule.c. Interrupts off.
 */
void upcall_preempt(void);

/* A CPU has come up, on its idle thread's stack, interrupts off. Never returns. sched/idle.c. */
noreturn void upcall_cpu_started(void);

/*
 * Memory for the machine's own objects, from mem/ (entry/machine_memory.c): zeroed, in the direct
 * map. Up to 32 bytes are aligned to 32, up to 512 to 16, up to 832 (an FPU image with AVX) to 64;
 * a page, or a power of two of pages, to a page. NULL when memory is short. Does not sleep if
 * `atomic`.
 */
void *upcall_memory_alloc(size_t size, bool atomic);
void upcall_memory_free(void *memory, size_t size);

/*
 * The system-call table (generated from syscall.tbl): handlers are regparm(3), arguments four to
 * six lie on the stack where struct trap_frame begins, and belong to the handler. A handler that
 * needs the frame itself (fork, clone, sigreturn, exec) therefore takes at most three arguments and
 * finds the others with trap_frame_argument().
 */
extern const uint32_t syscall_count;
extern const uintptr_t syscall_table[];
/* The same for those who come by sysenter, with another entry for calls of six arguments. */
extern const uintptr_t sysenter_table[];
