/*
 * Exceptions and interrupts, after entry.S has saved the registers: which of them is whose.
 *
 * A page fault at a user address goes up to the kernel, from user mode and from a user copy alike.
 * Every other exception of a program becomes its signal. In kernel mode only instructions listed in
 * the exception table may fault, and the two iret that leave for user mode; everything else is a
 * broken kernel.
 */
#include "arch/context.h"
#include "arch/cpu.h"
#include "arch/irq_flags.h"
#include "arch/mmu.h"
#include "arch/upcall.h"
#include "core/backtrace.h"
#include "core/panic.h"
#include "core/printk.h"
#include "core/stack_header.h"
#include "internal.h"
#include "layout.h"
#include "machine_cpu.h"
#include "registers.h"

enum trap_vector {
	VECTOR_PROTECTION = 13,
	VECTOR_PAGE_FAULT = 14,
	VECTOR_MACHINE_CHECK = 18,
};

/* Intel SDM vol. 3, 4.7. */
enum page_fault_error {
	PAGE_FAULT_PRESENT = 1 << 0,
	PAGE_FAULT_WRITE = 1 << 1,
	PAGE_FAULT_USER = 1 << 2,
	PAGE_FAULT_RESERVED = 1 << 3,
	PAGE_FAULT_FETCH = 1 << 4,
};

/* Left on a stack when an interrupt begins; less means that it is about to overflow. */
#define STACK_RESERVE 1024

struct exception_entry {
	uintptr_t instruction;	/* that may fault */
	uintptr_t fixup;	/* where to go on then */
	uint32_t is_nofault;	/* without trying to satisfy the fault */
};
/* kernel.ld: filled by EXCEPTION of asm_macros.h; few entries, in no order. */
extern const struct exception_entry exception_table_start[], exception_table_end[];

static const char *const exception_names[] = {
	"division by zero", "debug", "NMI", "breakpoint", "overflow", "bound exceeded",
	"invalid instruction", "no FPU", "double fault", "FPU overrun", "invalid TSS",
	"segment not present", "stack fault", "general protection", "page fault", "reserved",
	"FPU error", "misaligned", "machine check", "SSE error",
};

static const char *exception_name(uint32_t vector)
{
	return vector < ARRAY_SIZE(exception_names) ? exception_names[vector] : "exception";
}

static const struct exception_entry *find_exception(uintptr_t instruction)
{
	const struct exception_entry *entry;

	for (entry = exception_table_start; entry < exception_table_end; entry++) {
		if (entry->instruction == instruction)
			return entry;
	}
	return NULL;
}

static enum fault_access access_from_error(uint32_t error)
{
	enum fault_access access = 0;

	access |= error & PAGE_FAULT_PRESENT ? FAULT_PRESENT : 0;
	access |= error & PAGE_FAULT_WRITE ? FAULT_WRITE : 0;
	access |= error & PAGE_FAULT_USER ? FAULT_USER : 0;
	access |= error & PAGE_FAULT_FETCH ? FAULT_EXECUTE : 0;
	return access;
}

static noreturn cold void panic_page_fault(const struct trap_frame *frame, uintptr_t address)
{
	panic_at(frame, "kernel %s at %p%s",
		 frame->error & PAGE_FAULT_FETCH ? "jump" :
		 frame->error & PAGE_FAULT_WRITE ? "write" : "read",
		 (void *)address,
		 frame->error & PAGE_FAULT_RESERVED ? ": reserved bit in a page table" :
		 frame->error & PAGE_FAULT_PRESENT  ? ": not allowed" : ": nothing there");
}

/*
 * Inside a user copy, at a user address, with nothing in the way of sleeping: as if the program had
 * faulted.
 */
static bool satisfy_user_copy(struct trap_frame *frame, uintptr_t address)
{
	bool satisfied;

	irq_enable();
	satisfied = upcall_page_fault(frame, address, access_from_error(frame->error));
	irq_disable();
	return satisfied;
}

static void kernel_page_fault(struct trap_frame *frame, uintptr_t address)
{
	const struct exception_entry *entry = find_exception(frame->eip);

	if (!entry || frame->error & PAGE_FAULT_RESERVED)
		panic_page_fault(frame, address);
	if (!entry->is_nofault && address < USER_END) {
		if (!(frame->eflags & EFLAGS_IF))
			panic_at(frame, "user copy with interrupts off");
		if (satisfy_user_copy(frame, address))
			return;
	}
	frame->eip = entry->fixup;
}

void trap_page_fault(struct trap_frame *frame, uintptr_t address)
{
	if (!trap_frame_is_user(frame)) {
		kernel_page_fault(frame, address);
		return;
	}
	/* Its handler is shown the error code, which must not tell where the kernel has pages. */
	if (unlikely(address >= USER_END))
		frame->error |= PAGE_FAULT_PRESENT;
	irq_enable();
	upcall_page_fault(frame, address, access_from_error(frame->error));
}

/*
 * The iret to user mode faulted: the program's SS names a TLS segment that it has removed
 * meanwhile. Its registers were already loaded, so they are in the exception's frame; what iret
 * wanted to load still lies above it, at the top of the stack. Make one user frame of both, and
 * tell the program.
 */
static noreturn void handle_bad_iret(const struct trap_frame *frame)
{
	struct trap_frame registers = *frame;
	struct trap_frame *user = arch_user_frame(arch_stack_base());

	user->esi = registers.esi;
	user->edi = registers.edi;
	user->ebp = registers.ebp;
	user->ebx = registers.ebx;
	user->ecx = registers.ecx;
	user->edx = registers.edx;
	user->eax = registers.eax;
	user->segments = registers.segments;
	user->vector = registers.vector;
	user->error = 0;
	user->cs = SELECTOR_USER_CODE;
	user->ss = SELECTOR_USER_DATA;
	irq_enable();
	upcall_exception(user, UPCALL_EXCEPTION_IRET, 0);
	arch_enter_user();
}

static void kernel_exception(struct trap_frame *frame)
{
	const struct exception_entry *entry = find_exception(frame->eip);

	if (entry) {
		frame->eip = entry->fixup;
	} else if (frame->eip == (uintptr_t)trap_iret || frame->eip == (uintptr_t)trap_fast_iret) {
		handle_bad_iret(frame);
	} else {
		panic_at(frame, "kernel %s", exception_name(frame->vector));
	}
}

/*
 * A program that single-steps over sysenter: go on without stepping, and step again back in user
 * mode.
 */
static void kernel_single_step(struct trap_frame *frame)
{
	frame->eflags &= ~(uint32_t)EFLAGS_TF;
	if (frame->eip == (uintptr_t)sysenter_on_stack)
		frame->eip = (uintptr_t)sysenter_on_stack_traced;
}

/*
 * In the kernel this comes from a watched user address that a copy touches, from one whose trap was
 * held back until the first instruction of a system call (SDM vol. 3, 6.8.3), or from sysenter.
 * Nothing is called that might sleep or ask who is running.
 */
void trap_debug(struct trap_frame *frame)
{
	uint32_t status = take_debug_status();
	struct arch_thread *thread = arch_thread_current();
	unsigned int hits = debug_trap(thread, frame, status);
	bool step = status & DR6_STEP;

	if (!trap_frame_is_user(frame)) {
		/* Without a processor that says why, a set trap flag is reason enough. */
		if (step || (frame->eflags & EFLAGS_TF))
			kernel_single_step(frame);
		return;
	}
	if (step)
		debug_note_step(thread);
	/* Neither: another thread's breakpoint, or ICEBP, which leaves no trace in DR6. */
	if (!step && !hits && (status & DR6_BREAKPOINTS))
		return;
	irq_enable();
	upcall_debug(frame, step, hits);
}

void trap_common(struct trap_frame *frame)
{
	if (frame->vector == VECTOR_MACHINE_CHECK)
		panic_at(frame, "machine check");
	if (!trap_frame_is_user(frame)) {
		kernel_exception(frame);
		return;
	}
	irq_enable();
	if (frame->vector == VECTOR_PROTECTION && umip_emulate(frame))
		return;
	upcall_exception(frame, frame->vector, frame->error);
}

void trap_interrupt(struct trap_frame *frame)
{
	struct stack_header *header = stack_header();

	/* Not every machine has double faults; this catches most overflows before they do harm. */
	if (unlikely((uintptr_t)frame - (uintptr_t)header < STACK_RESERVE))
		panic_at(frame, "kernel stack overflow");
	header->interrupt_depth++;
	header->preempt_count++;
	interrupts_handle(frame->vector);
	header->preempt_count--;
	header->interrupt_depth--;
	if (!trap_frame_is_user(frame) && header->preempt_count == 0 && preempt_is_due(header))
		upcall_preempt();
}

void trap_nmi(struct trap_frame *frame)
{
	if (ipi_is_stopping())
		ipi_stop_here(frame);
}

/*
 * Debug builds: a call is about to begin under what the program put into EFLAGS. With AC, SMAP
 * would protect nothing until the next copy to or from it.
 */
void trap_flags_of_program(uint32_t flags)
{
	panic("a call begins with the flags %#x of its program", flags);
}

/* The state that faulted is in this CPU's main TSS, where the task switch put it. */
void trap_double_fault(void)
{
	const struct tss *tss = &machine_cpus[cpu_index()].tss;
	uintptr_t sp = tss->esp;
	struct trap_frame frame = {
		.esi = tss->esi, .edi = tss->edi, .ebp = tss->ebp, .ebx = tss->ebx,
		.ecx = tss->ecx, .edx = tss->edx, .eax = tss->eax, .vector = 8,
		.eip = tss->eip, .cs = tss->cs, .eflags = tss->eflags, .esp = tss->esp,
		.ss = tss->ss,
	};

	/* An overflown stack pointer is in the guard page below its stack. */
	if (!paging_is_mapped(sp))
		sp = ALIGN_UP(sp, (uintptr_t)KERNEL_STACK_SIZE);
	printk(LOG_EMERGENCY, "double fault, stack pointer %08x; where it was:", tss->esp);
	if (paging_is_mapped(sp))
		backtrace_print(tss->eip, tss->ebp, sp);
	panic_at(&frame, "double fault");
}
