/*
 * Threads as the machine sees them. At the top of a user thread's stack is struct stack_top, below
 * it its trap frame; the registers that switch_stacks (switch.S) keeps come next until the thread
 * first runs.
 */
#include "arch/context.h"
#include "arch/debug.h"
#include "arch/irq_flags.h"
#include "arch/stack.h"
#include "arch/upcall.h"
#include "arch/vdso.h"
#include "core/stack_header.h"
#include "internal.h"
#include "layout.h"
#include "lib/string.h"
#include "machine_cpu.h"
#include "switch_state.h"

/* What switch_stacks pops, lowest first. */
struct switch_frame {
	uint32_t edi, esi, ebx, ebp;
	uint32_t eip;
};

static struct stack_header *header_of(uint32_t sp)
{
	return (struct stack_header *)(uintptr_t)(sp & ~(KERNEL_STACK_SIZE - 1));
}

static struct stack_top *top_of(void *stack)
{
	return (struct stack_top *)((char *)stack + KERNEL_STACK_SIZE) - 1;
}

struct trap_frame *arch_user_frame(void *stack)
{
	return (struct trap_frame *)top_of(stack) - 1;
}

void arch_thread_set_vdso(void *stack, uintptr_t vdso)
{
	top_of(stack)->sysenter_return = (uint32_t)(vdso + vdso_sysenter_return_offset());
}

void arch_thread_init(struct arch_thread *thread, void *stack, void (*entry)(void *),
		      void *argument)
{
	struct switch_frame *frame = (struct switch_frame *)arch_user_frame(stack) - 1;

	*frame = (struct switch_frame){
		.ebx = (uint32_t)(uintptr_t)entry,
		.esi = (uint32_t)(uintptr_t)argument,
		.eip = (uint32_t)(uintptr_t)stack_begin,
	};
	thread->sp = (uint32_t)(uintptr_t)frame;
	/* Nothing of a user thread is in any CPU's registers yet. */
	thread->fpu_cpu = 0;
	thread->segments_cpu = 0;
	atomic_fetch_or_explicit(&((struct stack_header *)stack)->return_work, RETURN_WORK_FPU,
				 memory_order_relaxed);
}

void arch_thread_fini(struct arch_thread *thread)
{
	upcall_memory_free(thread->fpu, fpu_image_size);
	thread->fpu = NULL;
	arch_debug_clear(thread);
}

void arch_switch(struct arch_thread *from, struct arch_thread *to, struct mmu_space *space)
{
	struct stack_header *from_header = stack_header(), *to_header = header_of(to->sp);
	struct machine_cpu *self = &machine_cpus[from_header->cpu];

	keep_in_register(self); /* or its index is multiplied anew at each use */
	space_switch(self, space);
	fpu_switch(self, from, from_header, to, to_header);
	tls_switch(self, from, to);
	self->tss.esp0 = (uint32_t)(uintptr_t)top_of(to_header);
	switch_stacks(&from->sp, to->sp);
}

void arch_enter_user(void)
{
	enter_user(arch_user_frame(arch_stack_base()));
}

int arch_thread_fork(struct arch_thread *child, void *child_stack, struct arch_thread *parent,
		     uintptr_t user_stack)
{
	struct trap_frame *frame = arch_user_frame(child_stack);
	int error = arch_thread_create_fpu(child);

	if (error)
		return error;
	fpu_sync_for_read(parent);
	memcpy(child->fpu, parent->fpu, fpu_image_size);
	tls_fork(child, parent);
	*top_of(child_stack) = *top_of(arch_stack_base());
	*frame = *arch_user_frame(arch_stack_base());
	trap_frame_set_result(frame, 0);
	arch_step_forget(parent, frame);
	if (user_stack)
		trap_frame_set_stack(frame, user_stack);
	return 0;
}

void arch_thread_exec(struct arch_thread *thread, uintptr_t entry, uintptr_t stack, uintptr_t vdso)
{
	struct trap_frame *frame = arch_user_frame(arch_stack_base());

	*frame = (struct trap_frame){
		.vector = TRAP_VECTOR_RESTORED,
		.error = frame->error,	/* a debugger sees which call it was */
		.eip = entry,
		.cs = SELECTOR_USER_CODE,
		.eflags = EFLAGS_IF | EFLAGS_FIXED,
		.esp = stack,
		.ss = SELECTOR_USER_DATA,
	};
	arch_thread_set_vdso(arch_stack_base(), vdso);
	fpu_forget_registers(thread);
	fpu_init_image(thread->fpu);
	tls_clear(thread);
	arch_debug_clear(thread);
	thread->step_forced = false;
	atomic_fetch_or_explicit(&stack_header()->return_work, RETURN_WORK_FRAME,
				 memory_order_relaxed);
}
