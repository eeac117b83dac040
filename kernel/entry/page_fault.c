/*
 * Page faults at user addresses, from programs and from user copies: vm/ satisfies them, and what
 * it cannot satisfy becomes a signal, or the copy's -EFAULT.
 */
#include "arch/context.h"
#include "arch/upcall.h"
#include "core/event_ring.h"
#include "core/stack_header.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "vm/fault.h"

#define TRAP_PAGE_FAULT 14 /* as sigcontext names it */

/* Nothing is mapped at `address`: perhaps a stack above it grows. */
static noinline enum fault_result grow_stack(struct process *process, uintptr_t address,
					     enum fault_access access, bool *major)
{
	struct vm_limits limits;

	process_vm_limits(process, &limits);
	return vm_fault_below_stack(process->space, address, access, &limits, major);
}

static inline enum fault_result satisfy(struct user_thread *thread, uintptr_t address,
					enum fault_access access, bool *major)
{
	struct process *process = thread->process;
	enum fault_result result;

	result = vm_fault(process->space, address, access, major);
	if (unlikely(result == FAULT_BAD_ADDRESS))
		result = grow_stack(process, address, access, major);
	if (result == FAULT_OK) /* as Linux: what became a signal is not counted */
		(*(*major ? &thread->major_faults : &thread->minor_faults))++;
	return result;
}

/* Somebody records faults. */
static noinline enum fault_result satisfy_recorded(struct user_thread *thread, uintptr_t address,
						   enum fault_access access,
						   const struct trap_frame *frame)
{
	enum fault_result result;
	bool major = false;

	event_note(QUARTET_EVENT_FAULT, address, access, frame->eip);
	result = satisfy(thread, address, access, &major);
	event_note(QUARTET_EVENT_FAULT_DONE, address, result, major);
	return result;
}

static enum fault_result handle(const struct trap_frame *frame, uintptr_t address,
				enum fault_access access)
{
	struct user_thread *thread = user_thread_current();
	bool major = false;

	if (!thread->process->space)
		return FAULT_BAD_ADDRESS;
	/* One question for both: a fault is short. */
	if (event_is_on_any(1u << QUARTET_EVENT_FAULT | 1u << QUARTET_EVENT_FAULT_DONE))
		return satisfy_recorded(thread, address, access, frame);
	return satisfy(thread, address, access, &major);
}

/* The program goes on at the handler, or dies on its way back. */
static void send_signal(const struct trap_frame *frame, uintptr_t address, enum fault_result result)
{
	switch (result) {
	case FAULT_BAD_ADDRESS:
		signal_force_fault(SIGSEGV, SEGV_MAPERR, address, TRAP_PAGE_FAULT, frame->error);
		break;
	case FAULT_BAD_ACCESS:
		signal_force_fault(SIGSEGV, SEGV_ACCERR, address, TRAP_PAGE_FAULT, frame->error);
		break;
	case FAULT_BUS_ADDRESS:
		signal_force_fault(SIGBUS, BUS_ADRERR, address, TRAP_PAGE_FAULT, frame->error);
		break;
	case FAULT_OK:
	case FAULT_NO_MEMORY:
	case FAULT_KILLED:
		/* Run on: it faults again, or dies of the signal that it already has. */
		break;
	}
}

bool upcall_page_fault(struct trap_frame *frame, uintptr_t address, enum fault_access access)
{
	enum fault_result result;

	if (access & FAULT_USER) {
		result = address < USER_END ? handle(frame, address, access) : FAULT_BAD_ADDRESS;
		send_signal(frame, address, result);
		return true;
	}
	/*
	 * A copy: the program's stack pointer is in its own frame. A kernel thread has no user
	 * memory.
	 */
	if (!user_thread_is_current())
		return false;
	result = handle(arch_user_frame(arch_stack_base()), address, access);
	return result == FAULT_OK;
}
