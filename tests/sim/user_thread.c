/*
 * Threads of programs on the simulated machine: what kernel/proc asks of the machine and of what is
 * not here.
 *
 * A program is a function of the player's (family_player.c) that runs on the kernel stack, with the
 * kernel's registers: user mode is where the kernel has called it. The trap frame is kept as the
 * machine would, so that calls are restarted and interrupted by what the kernel does to it; a
 * signal's frame is the player's to keep.
 *
 * There is no exec but init's, which gives it memory; no core files, no tracers, no owners of files
 * to be told, and nobody is killed for want of memory.
 */
#include "arch/context.h"
#include "arch/debug.h"
#include "arch/signal_frame.h"
#include "arch/upcall.h"
#include "core/panic.h"
#include "core/preempt.h"
#include "lib/string.h"
#include "proc/file_owner.h"
#include "proc/internal.h"
#include "proc/signalfd.h"
#include "uapi/linux/errno.h"
#include "vm/address_space.h"
#include "vm/mmap.h"
#include "family_player.h"
#include "sim.h"

/* ---- registers ---- */

noreturn void arch_enter_user(void)
{
	player_run(arch_user_frame(stack_header()));
}

int arch_thread_fork(struct arch_thread *child, void *child_stack, struct arch_thread *parent,
		     uintptr_t user_stack)
{
	struct trap_frame *frame = arch_user_frame(child_stack);

	(void)child, (void)parent, (void)user_stack;
	*frame = *arch_user_frame(stack_header());
	trap_frame_set_result(frame, 0);
	return 0;
}

int signal_frame_push(struct arch_thread *thread, struct trap_frame *frame,
		      const struct signal_frame_request *request)
{
	(void)thread;
	player_begin_handler(frame, request);
	return 0;
}

int arch_thread_create_fpu(struct arch_thread *thread)
{
	(void)thread;
	return 0;
}

bool arch_step_is_on(const struct arch_thread *thread)
{
	(void)thread;
	return false;
}

/* ---- a program ---- */

int process_exec_kernel(const struct walk_context *context, const char *path,
			const char *const *argv, const char *const *envp)
{
	const struct vm_map_request request = {
		.address = PLAYER_MEMORY,
		.size = PAGE_SIZE,
		.flags = REGION_READ | REGION_WRITE | REGION_MAY_READ | REGION_MAY_WRITE,
		.fixed = true,
	};
	struct user_thread *thread = user_thread_current();
	struct address_space *space;
	uintptr_t at;
	int error = address_space_create(&space);

	(void)context, (void)path, (void)argv, (void)envp;
	if (!error)
		error = vm_map(space, &request, NULL, &at);
	if (error)
		return error;
	thread->process->space = space;
	preempt_disable();
	thread->thread.mmu = &space->mmu;
	mmu_space_switch(thread->thread.mmu);
	preempt_enable();
	memset(arch_user_frame(stack_header()), 0, sizeof(struct trap_frame));
	return 0;
}

noreturn void __real_thread_exit(void);
noreturn void __wrap_thread_exit(void);

noreturn void __wrap_thread_exit(void)
{
	if (user_thread_is_current())
		player_has_ended();
	__real_thread_exit();
}

/* ---- what the machine does wrong on purpose ---- */

static bool breaks(enum sim_break what, uint32_t share)
{
	return sim_settings()->broken == what && sim_chance(share) == 0;
}

int __real_signal_send_process(struct process *process, const struct linux_siginfo *info);
int __wrap_signal_send_process(struct process *process, const struct linux_siginfo *info);
void __real_thread_resume_stopped(struct thread *thread);
void __wrap_thread_resume_stopped(struct thread *thread);
int __real_signal_pending_take(struct signal_pending *pending, signal_set allowed,
			       struct linux_siginfo *info);
int __wrap_signal_pending_take(struct signal_pending *pending, signal_set allowed,
			       struct linux_siginfo *info);

int __wrap_signal_send_process(struct process *process, const struct linux_siginfo *info)
{
	if (info->signo == SIGCHLD && info->code > 0 && breaks(BREAK_CHILD, 10))
		return 0;
	return __real_signal_send_process(process, info);
}

void __wrap_thread_resume_stopped(struct thread *thread)
{
	if (!breaks(BREAK_RESUME, 4))
		__real_thread_resume_stopped(thread);
}

int __wrap_signal_pending_take(struct signal_pending *pending, signal_set allowed,
			       struct linux_siginfo *info)
{
	if (pending->set & allowed && breaks(BREAK_QUEUE, 20))
		(void)__real_signal_pending_take(pending, allowed, info);
	return __real_signal_pending_take(pending, allowed, info);
}

/* ---- what is not here ---- */

static noreturn void absent(const char *what)
{
	panic("the simulated machine has no %s", what);
}

int arch_tls_set(struct arch_thread *thread, struct user_desc *desc)
{
	(void)thread, (void)desc;
	absent("thread-local storage");
}

void arch_fpu_load(struct arch_thread *thread)
{
	(void)thread;
	absent("FPU");
}

void arch_debug_load(struct arch_thread *thread)
{
	(void)thread;
	absent("debug registers");
}

void arch_step_disable(struct arch_thread *thread, struct trap_frame *frame)
{
	(void)thread, (void)frame;
	absent("single steps");
}

void arch_thread_park(struct arch_thread *thread)
{
	(void)thread;
	absent("tracers");
}

void arch_thread_unpark(struct arch_thread *thread)
{
	(void)thread;
	absent("tracers");
}

void arch_thread_set_vdso(void *stack, uintptr_t vdso)
{
	(void)stack, (void)vdso;
	absent("vDSO");
}

void trace_wake_listener(struct user_thread *tracee)
{
	(void)tracee;
	absent("tracers");
}

/* As with a limit of 0 on their size. */
void core_dump(int signal, const struct linux_siginfo *info)
{
	(void)signal, (void)info;
}

void core_dump_wait(struct user_thread *self)
{
	(void)self;
	absent("core files");
}

void file_owner_deliver(void)
{
	absent("owners of files");
}

void file_owner_init(void)
{
}

void signalfd_init(void)
{
}

void exec_layout_init(void)
{
}

void out_of_memory_init(void)
{
}

bool syscall_trace_is_wished;
