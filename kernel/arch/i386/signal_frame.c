/*
 * The frames that signal handlers run on, byte for byte as Linux i386 lays them out: libc's
 * restorers, unwinders and gdb read them.
 *
 *	pretcode  where the handler returns to: a restorer, or the vDSO's trampoline
 *	signal, [info and context pointers, siginfo, ucontext]
 *	sigcontext with general registers; its fpstate points to the FPU image above the frame
 *	retcode   the trampoline's instructions, only for debuggers that recognise them
 *
 * What sigreturn reads may be forged: segments other than DS, ES, FS, GS are forced, of the flags
 * only those that a program may set itself are taken, and signal_fpu.c makes an image that cannot
 * fault.
 */
#include "arch/signal_frame.h"
#include "arch/context.h"
#include "arch/irq_flags.h"
#include "arch/user_copy.h"
#include "arch/vdso.h"
#include "core/stack_header.h"
#include "internal.h"
#include "layout.h"
#include "lib/string.h"
#include "signal_fpu.h"
#include "uapi/linux/errno.h"

/* Linux: struct sigcontext_32. */
struct sigcontext {
	uint16_t gs, gs_high, fs, fs_high, es, es_high, ds, ds_high;
	uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
	uint32_t trap_number, error, eip;
	uint16_t cs, cs_high;
	uint32_t eflags, esp_at_signal;
	uint16_t ss, ss_high;
	uint32_t fpstate, old_mask, cr2;
};
_Static_assert(sizeof(struct sigcontext) == 88, "Linux i386 ABI");

/* The hole, where old versions had the FPU image, is not written: neither by Linux nor by us. */
struct signal_frame {
	struct signal_frame_head {
		uint32_t pretcode;
		int32_t signal;
		struct sigcontext context;
	} head;
	uint8_t fpstate_unused[SIGNAL_FPU_SIZE];
	struct signal_frame_tail {
		uint32_t mask_high;
		uint8_t retcode[8];
	} tail;
};
_Static_assert(sizeof(struct signal_frame) == 732, "Linux i386 ABI");

struct ucontext {
	uint32_t flags, link;
	uint32_t stack_sp, stack_flags, stack_size;
	struct sigcontext context;
	uint32_t mask[2];
};

#define SIGINFO_SIZE 128

struct rt_signal_frame {
	uint32_t pretcode;
	int32_t signal;
	uint32_t info_address, context_address;
	uint8_t info[SIGINFO_SIZE];
	struct ucontext context;
	uint8_t retcode[8];
};
_Static_assert(sizeof(struct rt_signal_frame) == 268, "Linux i386 ABI");

/* What a program may change in EFLAGS by its own means. */
#define EFLAGS_USER 0x00050dd5u

static const uint8_t retcode[8] = { 0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80 };	/* pop; sigreturn */
static const uint8_t rt_retcode[8] = { 0xb8, 173, 0, 0, 0, 0xcd, 0x80, 0 };	/* rt_sigreturn */

static uint16_t read_fs(void)
{
	uint16_t selector;

	__asm__ volatile("movw %%fs, %0" : "=rm"(selector));
	return selector;
}

static uint16_t read_gs(void)
{
	uint16_t selector;

	__asm__ volatile("movw %%gs, %0" : "=rm"(selector));
	return selector;
}

static void fill_context(struct sigcontext *context, const struct trap_frame *frame,
			 const struct signal_frame_request *request, uintptr_t fpstate)
{
	uint32_t ds_es = frame->segments ^ FLAT_SEGMENTS;

	*context = (struct sigcontext){
		.gs = read_gs(), .fs = read_fs(),
		.es = (uint16_t)ds_es, .ds = (uint16_t)(ds_es >> 16),
		.edi = frame->edi, .esi = frame->esi, .ebp = frame->ebp, .esp = frame->esp,
		.ebx = frame->ebx, .edx = frame->edx, .ecx = frame->ecx, .eax = frame->eax,
		.trap_number = request->trap_number, .error = request->trap_error,
		.eip = frame->eip, .cs = (uint16_t)frame->cs,
		.eflags = frame->eflags, .esp_at_signal = frame->esp, .ss = (uint16_t)frame->ss,
		.fpstate = (uint32_t)fpstate, .old_mask = (uint32_t)request->mask,
		.cr2 = request->fault_address,
	};
}

/* As if the handler had been called: ESP + 4 is a multiple of 16 where it begins. */
static uintptr_t frame_address(uintptr_t below, size_t size)
{
	return ((below - size + 4) & ~(uintptr_t)15) - 4;
}

static int push_plain(const struct trap_frame *regs, const struct signal_frame_request *request,
		      uintptr_t fpstate, uintptr_t *address)
{
	struct signal_frame_head head = {
		.pretcode = (uint32_t)(request->restorer
					       ? request->restorer
					       : request->vdso + vdso_sigreturn_offset()),
		.signal = request->signal,
	};
	struct signal_frame_tail tail = { .mask_high = (uint32_t)(request->mask >> 32) };
	user_addr at;
	int error;

	fill_context(&head.context, regs, request, fpstate);
	memcpy(tail.retcode, retcode, sizeof(retcode));
	*address = frame_address(fpstate, sizeof(struct signal_frame));
	at = user_addr_from(*address);
	error = copy_to_user(at, &head, sizeof(head));
	if (error)
		return error;
	return copy_to_user(user_addr_add(at, offsetof(struct signal_frame, tail)), &tail,
			    sizeof(tail));
}

static int push_rt(const struct trap_frame *regs, const struct signal_frame_request *request,
		   uintptr_t fpstate, uintptr_t *address)
{
	uintptr_t at = frame_address(fpstate, sizeof(struct rt_signal_frame));
	struct rt_signal_frame frame = {
		.pretcode = (uint32_t)(request->restorer
					       ? request->restorer
					       : request->vdso + vdso_rt_sigreturn_offset()),
		.signal = request->signal,
		.info_address = (uint32_t)at + offsetof(struct rt_signal_frame, info),
		.context_address = (uint32_t)at + offsetof(struct rt_signal_frame, context),
		.context = {
			.stack_sp = request->alt_stack_sp,
			.stack_flags = request->alt_stack_flags,
			.stack_size = request->alt_stack_size,
			.mask = { (uint32_t)request->mask, (uint32_t)(request->mask >> 32) },
		},
	};

	fill_context(&frame.context.context, regs, request, fpstate);
	memcpy(frame.info, request->info, sizeof(frame.info));
	memcpy(frame.retcode, rt_retcode, sizeof(rt_retcode));
	*address = at;
	return copy_to_user(user_addr_from(at), &frame, sizeof(frame));
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
	uintptr_t fpstate, address;
	int error = signal_fpu_push(thread, request->stack_top, &fpstate);

	if (error)
		return error;
	error = request->with_info ? push_rt(frame, request, fpstate, &address)
				   : push_plain(frame, request, fpstate, &address);
	if (error)
		return error;
	/* Nothing below can fail. A handler starts with a fresh FPU, as on Linux. */
	fpu_reset_registers(thread);
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

/* Requested privilege 3, so that a kernel selector is refused; the null selectors stay. */
static uint32_t user_selector(uint16_t selector)
{
	return selector & ~3u ? selector | 3u : 0;
}

static void load_context(struct trap_frame *frame, const struct sigcontext *context)
{
	*frame = (struct trap_frame){
		.error = (uint32_t)-1,	/* what a debugger sees: no system call */
		.esi = context->esi, .edi = context->edi, .ebp = context->ebp,
		.ebx = context->ebx, .ecx = context->ecx, .edx = context->edx,
		.eax = context->eax,
		.segments = (user_selector(context->ds) << 16 | user_selector(context->es)) ^
			    FLAT_SEGMENTS,
		.eip = context->eip,
		.cs = SELECTOR_USER_CODE,
		.eflags = (context->eflags & EFLAGS_USER) | (frame->eflags & ~EFLAGS_USER) |
			  EFLAGS_IF | EFLAGS_FIXED,
		.esp = context->esp,
		.ss = SELECTOR_USER_DATA,
	};
	segment_load_fs(user_selector(context->fs));
	segment_load_gs(user_selector(context->gs));
	mark_rewritten(frame);
}

/* The trampoline has popped pretcode, and the plain one the signal number too. */
static int read_plain(const struct trap_frame *frame, struct sigcontext *context, uint64_t *mask)
{
	user_addr at = user_addr_from(frame->esp - 8);
	uint32_t mask_high;
	int error = copy_from_user(context,
				   user_addr_add(at, offsetof(struct signal_frame, head.context)),
				   sizeof(*context));

	if (error)
		return error;
	error = get_user_u32(&mask_high,
			     user_addr_add(at, offsetof(struct signal_frame, tail.mask_high)));
	if (error)
		return error;
	*mask = (uint64_t)mask_high << 32 | context->old_mask;
	return 0;
}

static int read_rt(const struct trap_frame *frame, struct sigcontext *context, uint64_t *mask,
		   uint32_t alt_stack[3])
{
	user_addr at = user_addr_from(frame->esp - 4);
	struct ucontext ucontext;
	int error = copy_from_user(&ucontext,
				   user_addr_add(at, offsetof(struct rt_signal_frame, context)),
				   sizeof(ucontext));

	if (error)
		return error;
	*context = ucontext.context;
	*mask = (uint64_t)ucontext.mask[1] << 32 | ucontext.mask[0];
	alt_stack[0] = ucontext.stack_sp;
	alt_stack[1] = ucontext.stack_flags;
	alt_stack[2] = ucontext.stack_size;
	return 0;
}

int signal_frame_pop(struct arch_thread *thread, struct trap_frame *frame, bool rt, uint64_t *mask,
		     uint32_t alt_stack[3])
{
	struct sigcontext context;
	int error = rt ? read_rt(frame, &context, mask, alt_stack)
		       : read_plain(frame, &context, mask);

	if (error)
		return error;
	error = signal_fpu_pop(thread, context.fpstate);
	if (error)
		return error;
	load_context(frame, &context);
	return 0;
}
