/*
 * The frames that signal handlers run on, byte for byte as Linux i386 lays them out: libc's
 * restorers, unwinders and gdb read them.
 *
 *	pretcode  where the handler returns to: a restorer, or the vDSO's trampoline
 *	signal, [info and context pointers, siginfo, ucontext]
 *	sigcontext with general registers; its fpstate points to the FPU image above the frame
 *	retcode   the trampoline's instructions, only for debuggers that recognise them
 *
 * What sigreturn reads may be forged: signal_context.c takes nothing of the registers that a
 * program could not have set itself, and signal_fpu.c makes an image that cannot fault.
 */
#include "arch/signal_frame.h"
#include "arch/context.h"
#include "arch/irq_flags.h"
#include "arch/user_copy.h"
#include "arch/vdso.h"
#include "arch/user_words.h"
#include "core/stack_header.h"
#include "internal.h"
#include "layout.h"
#include "lib/string.h"
#include "registers.h"
#include "signal_context.h"
#include "signal_fpu.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/signal.h"

/* The hole, where old versions had the FPU image, is not written: neither by Linux nor by us. */
struct signal_frame {
	uint32_t pretcode;
	int32_t signal;
	struct sigcontext context;
	uint8_t fpstate_unused[SIGNAL_FPU_SIZE];
	uint32_t mask_high;
	uint32_t retcode[2];
};
_Static_assert(sizeof(struct signal_frame) == 732, "Linux i386 ABI");

struct ucontext {
	uint32_t flags, link;
	uint32_t stack_sp, stack_flags, stack_size;
	struct sigcontext context;
	uint32_t mask[2];
};

struct rt_signal_frame {
	uint32_t pretcode;
	int32_t signal;
	uint32_t info_address, context_address;
	uint32_t info[LINUX_SIGINFO_SIZE / sizeof(uint32_t)];
	struct ucontext context;
	uint32_t retcode[2];
};
_Static_assert(sizeof(struct rt_signal_frame) == 268, "Linux i386 ABI");

/* The instructions of the vDSO's trampolines. */
#define RETCODE_LOW	0x0077b858u	/* pop %eax; mov $119, %eax: sigreturn; int $0x80 */
#define RETCODE_HIGH	0x80cd0000u
#define RT_RETCODE_LOW	0x0000adb8u	/* mov $173, %eax: rt_sigreturn; int $0x80 */
#define RT_RETCODE_HIGH	0x0080cd00u

/* The range is checked, user memory open. -EFAULT */
static always_inline int put_context(struct sigcontext *context, const struct trap_frame *frame,
				     const struct signal_frame_request *request, uintptr_t fpstate)
{
	uint32_t ds_es = frame->segments ^ FLAT_SEGMENTS;

	USER_STORE_OR_GOTO(context->gs, read_gs(), fault);
	USER_STORE_OR_GOTO(context->fs, read_fs(), fault);
	USER_STORE_OR_GOTO(context->es, ds_es & 0xffff, fault);
	USER_STORE_OR_GOTO(context->ds, ds_es >> 16, fault);
	USER_STORE_OR_GOTO(context->edi, frame->edi, fault);
	USER_STORE_OR_GOTO(context->esi, frame->esi, fault);
	USER_STORE_OR_GOTO(context->ebp, frame->ebp, fault);
	USER_STORE_OR_GOTO(context->esp, frame->esp, fault);
	USER_STORE_OR_GOTO(context->ebx, frame->ebx, fault);
	USER_STORE_OR_GOTO(context->edx, frame->edx, fault);
	USER_STORE_OR_GOTO(context->ecx, frame->ecx, fault);
	USER_STORE_OR_GOTO(context->eax, frame->eax, fault);
	USER_STORE_OR_GOTO(context->trap_number, request->trap_number, fault);
	USER_STORE_OR_GOTO(context->error, request->trap_error, fault);
	USER_STORE_OR_GOTO(context->eip, frame->eip, fault);
	USER_STORE_OR_GOTO(context->cs, frame->cs & 0xffff, fault);
	USER_STORE_OR_GOTO(context->eflags, frame->eflags, fault);
	USER_STORE_OR_GOTO(context->esp_at_signal, frame->esp, fault);
	USER_STORE_OR_GOTO(context->ss, frame->ss & 0xffff, fault);
	USER_STORE_OR_GOTO(context->fpstate, fpstate, fault);
	USER_STORE_OR_GOTO(context->old_mask, request->mask, fault);
	USER_STORE_OR_GOTO(context->cr2, request->fault_address, fault);
	return 0;
fault:
	return -EFAULT;
}

/* As if the handler had been called: ESP + 4 is a multiple of 16 where it begins. */
static uintptr_t frame_address(uintptr_t below, size_t size)
{
	return ((below - size + 4) & ~(uintptr_t)15) - 4;
}

static uint32_t return_address(const struct signal_frame_request *request, uint32_t trampoline)
{
	return (uint32_t)(request->restorer ? request->restorer : request->vdso + trampoline);
}

static int push_plain(const struct trap_frame *regs, const struct signal_frame_request *request,
		      uintptr_t fpstate, uintptr_t address)
{
	struct signal_frame *at = (struct signal_frame *)address;
	uint32_t back = return_address(request, vdso_sigreturn_offset());

	if (!user_range_ok(user_addr_from(address), sizeof(*at)))
		return -EFAULT;
	user_words_open();
	USER_STORE_OR_GOTO(at->pretcode, back, fault);
	USER_STORE_OR_GOTO(at->signal, request->signal, fault);
	if (put_context(&at->context, regs, request, fpstate))
		goto fault;
	USER_STORE_OR_GOTO(at->mask_high, request->mask >> 32, fault);
	USER_STORE_OR_GOTO(at->retcode[0], RETCODE_LOW, fault);
	USER_STORE_OR_GOTO(at->retcode[1], RETCODE_HIGH, fault);
	user_words_close();
	return 0;
fault:
	user_words_close();
	return -EFAULT;
}

static int push_rt(const struct trap_frame *regs, const struct signal_frame_request *request,
		   uintptr_t fpstate, uintptr_t address)
{
	struct rt_signal_frame *at = (struct rt_signal_frame *)address;
	const uint32_t *info = (const uint32_t *)request->info;
	uint32_t back = return_address(request, vdso_rt_sigreturn_offset());
	size_t i;

	if (!user_range_ok(user_addr_from(address), sizeof(*at)))
		return -EFAULT;
	user_words_open();
	USER_STORE_OR_GOTO(at->pretcode, back, fault);
	USER_STORE_OR_GOTO(at->signal, request->signal, fault);
	USER_STORE_OR_GOTO(at->info_address, (uint32_t)(uintptr_t)&at->info, fault);
	USER_STORE_OR_GOTO(at->context_address, (uint32_t)(uintptr_t)&at->context, fault);
	for (i = 0; i < sizeof(*request->info) / sizeof(uint32_t); i++)
		USER_STORE_OR_GOTO(at->info[i], info[i], fault);
	for (; i < ARRAY_SIZE(at->info); i++)
		USER_STORE_OR_GOTO(at->info[i], 0, fault);
	USER_STORE_OR_GOTO(at->context.flags, 0, fault);
	USER_STORE_OR_GOTO(at->context.link, 0, fault);
	USER_STORE_OR_GOTO(at->context.stack_sp, request->alt_stack_sp, fault);
	USER_STORE_OR_GOTO(at->context.stack_flags, request->alt_stack_flags, fault);
	USER_STORE_OR_GOTO(at->context.stack_size, request->alt_stack_size, fault);
	if (put_context(&at->context.context, regs, request, fpstate))
		goto fault;
	USER_STORE_OR_GOTO(at->context.mask[0], request->mask, fault);
	USER_STORE_OR_GOTO(at->context.mask[1], request->mask >> 32, fault);
	USER_STORE_OR_GOTO(at->retcode[0], RT_RETCODE_LOW, fault);
	USER_STORE_OR_GOTO(at->retcode[1], RT_RETCODE_HIGH, fault);
	user_words_close();
	return 0;
fault:
	user_words_close();
	return -EFAULT;
}

/*
 * The registers are no longer those of the interrupted code: the full way out, and no restarted
 * call.
 */
static void mark_rewritten(struct trap_frame *frame)
{
	frame->vector = TRAP_VECTOR_RESTORED;
	atomic_fetch_or_explicit(&stack_header()->return_work, RETURN_WORK_FRAME,
				 memory_order_relaxed);
}

int signal_frame_push(struct arch_thread *thread, struct trap_frame *frame,
		      const struct signal_frame_request *request)
{
	uintptr_t fpstate = signal_fpu_place(request->stack_top);
	uintptr_t address = frame_address(fpstate, request->with_info
							   ? sizeof(struct rt_signal_frame)
							   : sizeof(struct signal_frame));
	int error = request->with_info ? push_rt(frame, request, fpstate, address)
				       : push_plain(frame, request, fpstate, address);

	/* Last, because a handler starts with a fresh FPU: the registers are given up here. */
	if (!error)
		error = signal_fpu_push(thread, fpstate);
	if (error)
		return error;
	frame->eax = (uint32_t)request->signal;
	frame->edx = 0;
	frame->ecx = 0;
	if (request->with_info) {
		frame->edx = (uint32_t)address + offsetof(struct rt_signal_frame, info);
		frame->ecx = (uint32_t)address + offsetof(struct rt_signal_frame, context);
	}
	frame->esp = (uint32_t)address;
	frame->eip = (uint32_t)request->handler;
	frame->eflags &= ~(uint32_t)(EFLAGS_DF | EFLAGS_TF | EFLAGS_RF);
	frame->cs = SELECTOR_USER_CODE;
	frame->ss = SELECTOR_USER_DATA;
	frame->segments = 0;
	mark_rewritten(frame);
	return 0;
}

static void load_context(struct trap_frame *frame, const struct sigcontext *context)
{
	signal_context_load(frame, context);
	segment_load_fs(signal_context_selector(context->fs));
	segment_load_gs(signal_context_selector(context->gs));
	mark_rewritten(frame);
}

/* What load_context() takes. The range is checked, user memory open. -EFAULT */
static always_inline int get_context(struct sigcontext *context, const struct sigcontext *user)
{
	USER_LOAD_OR_GOTO(context->gs, user->gs, fault);
	USER_LOAD_OR_GOTO(context->fs, user->fs, fault);
	USER_LOAD_OR_GOTO(context->es, user->es, fault);
	USER_LOAD_OR_GOTO(context->ds, user->ds, fault);
	USER_LOAD_OR_GOTO(context->edi, user->edi, fault);
	USER_LOAD_OR_GOTO(context->esi, user->esi, fault);
	USER_LOAD_OR_GOTO(context->ebp, user->ebp, fault);
	USER_LOAD_OR_GOTO(context->esp, user->esp, fault);
	USER_LOAD_OR_GOTO(context->ebx, user->ebx, fault);
	USER_LOAD_OR_GOTO(context->edx, user->edx, fault);
	USER_LOAD_OR_GOTO(context->ecx, user->ecx, fault);
	USER_LOAD_OR_GOTO(context->eax, user->eax, fault);
	USER_LOAD_OR_GOTO(context->eip, user->eip, fault);
	USER_LOAD_OR_GOTO(context->eflags, user->eflags, fault);
	USER_LOAD_OR_GOTO(context->fpstate, user->fpstate, fault);
	USER_LOAD_OR_GOTO(context->old_mask, user->old_mask, fault);
	return 0;
fault:
	return -EFAULT;
}

/* The trampoline has popped pretcode, and the plain one the signal number too. */
static int read_plain(const struct trap_frame *frame, struct sigcontext *context, uint32_t mask[2])
{
	const struct signal_frame *at = (const struct signal_frame *)(frame->esp - 8);

	if (!user_range_ok(user_addr_from((uintptr_t)at), sizeof(*at)))
		return -EFAULT;
	user_words_open();
	if (get_context(context, &at->context))
		goto fault;
	USER_LOAD_OR_GOTO(mask[1], at->mask_high, fault);
	user_words_close();
	mask[0] = context->old_mask;
	return 0;
fault:
	user_words_close();
	return -EFAULT;
}

static int read_rt(const struct trap_frame *frame, struct sigcontext *context, uint32_t mask[2],
		   uint32_t alt_stack[3])
{
	const struct rt_signal_frame *at = (const struct rt_signal_frame *)(frame->esp - 4);

	if (!user_range_ok(user_addr_from((uintptr_t)at), sizeof(*at)))
		return -EFAULT;
	user_words_open();
	if (get_context(context, &at->context.context))
		goto fault;
	USER_LOAD_OR_GOTO(mask[0], at->context.mask[0], fault);
	USER_LOAD_OR_GOTO(mask[1], at->context.mask[1], fault);
	USER_LOAD_OR_GOTO(alt_stack[0], at->context.stack_sp, fault);
	USER_LOAD_OR_GOTO(alt_stack[1], at->context.stack_flags, fault);
	USER_LOAD_OR_GOTO(alt_stack[2], at->context.stack_size, fault);
	user_words_close();
	return 0;
fault:
	user_words_close();
	return -EFAULT;
}

int signal_frame_pop(struct arch_thread *thread, struct trap_frame *frame, bool rt, uint64_t *mask,
		     uint32_t alt_stack[3])
{
	struct sigcontext context;
	uint32_t words[2];
	int error = rt ? read_rt(frame, &context, words, alt_stack)
		       : read_plain(frame, &context, words);

	if (error)
		return error;
	error = signal_fpu_pop(thread, context.fpstate);
	if (error)
		return error;
	load_context(frame, &context);
	*mask = (uint64_t)words[1] << 32 | words[0];
	return 0;
}
