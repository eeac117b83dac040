/*
 * Gates before system calls. A thread with one has RETURN_WORK_GATE set, and so takes the slow way
 * through entry.S; nobody else pays anything.
 *
 * Of those that are told of their calls each asks a byte in user memory before every call, so that
 * it can let its own through without a system call: that is how foreign programs are run (Wine).
 * A call that is not made leaves all registers as they were. The return from a signal handler
 * by the vDSO's code always passes: the handler of the SIGSYS itself ends in it.
 *
 * Neither gate is inherited: a strict thread cannot have children, and who is told has to ask for
 * it anew, in its new program too.
 */
#include "proc/call_gate.h"
#include "arch/trap_frame.h"
#include "arch/user_copy.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/signal.h"
#include "vm/address_space.h"

/* Linux's numbers for i386. */
enum {
	CALL_EXIT = 1, CALL_READ = 3, CALL_WRITE = 4, CALL_SIGRETURN = 119,
	CALL_RT_SIGRETURN = 173,
};
enum selector { SELECT_ALLOW, SELECT_BLOCK };

static bool is_strictly_allowed(uint32_t number)
{
	return number == CALL_READ || number == CALL_WRITE || number == CALL_EXIT ||
	       number == CALL_SIGRETURN;
}

static bool is_vdso_return(const struct user_thread *thread, uint32_t number, uintptr_t from)
{
	return (number == CALL_SIGRETURN || number == CALL_RT_SIGRETURN) &&
	       from - thread->process->space->vdso_base < PAGE_SIZE;
}

/* Tell the thread, if its byte says so, or end it for what is no answer. True: the call is made. */
static bool ask(struct user_thread *thread, struct trap_frame *frame)
{
	struct call_gate *gate = &thread->gate;
	uint32_t number = trap_frame_call_number(frame);
	uintptr_t from = trap_frame_instruction(frame);
	uint8_t choice = SELECT_BLOCK;

	if (from - gate->start < gate->size || is_vdso_return(thread, number, from))
		return true;
	if (gate->selector && copy_from_user(&choice, gate->selector, sizeof(choice))) {
		signal_force(SIGSEGV);
		return false;
	}
	if (choice == SELECT_ALLOW)
		return true;
	if (choice != SELECT_BLOCK) {
		signal_force(SIGSYS);
		return false;
	}
	gate->has_told = true;
	trap_frame_set_result(frame, (int32_t)number);
	signal_force_call(SYS_USER_DISPATCH, from, number);
	return false;
}

bool call_gate_pass(struct trap_frame *frame)
{
	struct user_thread *thread = user_thread_current();

	if (thread->gate.tells && !ask(thread, frame))
		return false;
	if (thread->gate.is_strict && !is_strictly_allowed(trap_frame_call_number(frame)))
		user_thread_exit(SIGKILL);
	return true;
}

bool call_gate_take_told(struct user_thread *thread)
{
	bool has_told = thread->gate.has_told;

	thread->gate.has_told = false;
	return has_told;
}

/* ---- setting --------------------------------------------------------------------------------- */

int call_gate_tell(uintptr_t start, uintptr_t size, user_addr selector)
{
	struct user_thread *thread = user_thread_current();

	if (start && start + size <= start)
		return -EINVAL;
	if (selector && !user_range_ok(selector, 1))
		return -EFAULT;
	thread->gate.tells = true;
	thread->gate.start = start;
	thread->gate.size = size;
	thread->gate.selector = selector;
	thread_add_return_work(&thread->thread, RETURN_WORK_GATE);
	return 0;
}

void call_gate_tell_no_more(void)
{
	struct user_thread *thread = user_thread_current();

	thread->gate.tells = false;
	if (!thread->gate.is_strict)
		thread_clear_return_work(&thread->thread, RETURN_WORK_GATE);
}

void call_gate_be_strict(void)
{
	struct user_thread *thread = user_thread_current();

	thread->gate.is_strict = true;
	thread_add_return_work(&thread->thread, RETURN_WORK_GATE);
}
