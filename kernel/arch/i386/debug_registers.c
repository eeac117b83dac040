/*
 * Breakpoints and watchpoints in hardware: DR0 to DR7 (Intel SDM vol. 3, 17.2).
 *
 * Few threads have any, so switching threads knows nothing of them. A thread that has some gets
 * RETURN_WORK_DEBUG and loads them on its way to user mode, unless this CPU still holds them;
 * nobody unloads them. Another thread that runs into one on the same CPU takes a trap, which finds
 * that they are not its own, clears DR7 and lets it go on. That may happen to anybody anywhere, in
 * the kernel as well, since the addresses are user addresses and the kernel copies to and from
 * them: so the trap handler only ever looks at this CPU's registers and the thread's own record.
 *
 * A hit in the kernel, on a thread's own watchpoint, is noted in its DR6 and not signalled, as on
 * Linux. A breakpoint on an instruction is a fault: the flag RF lets it run next time.
 */
#include "arch/debug.h"
#include "arch/mmu.h"
#include "arch/upcall.h"
#include "core/stack_header.h"
#include "internal.h"
#include "layout.h"
#include "machine_cpu.h"
#include "registers.h"
#include "uapi/linux/errno.h"

enum {
	BREAKPOINTS = 4,
	STATUS = 6,
	CONTROL = 7,
	CONDITION_EXECUTE = 0,
	CONDITION_IO = 2,
	LENGTH_8 = 2,			/* only in 64-bit mode */
};
#define DR6_FIXED	0xffff0ff0u	/* bits that read as set */
#define DR7_FIXED	0x00000400u
#define DR7_RESERVED	0x0000fc00u	/* and GD, which would trap on our own accesses */

struct debug_state {
	uint32_t address[BREAKPOINTS];
	uint32_t status;	/* as DR6, without the fixed bits */
	uint32_t control;	/* as DR7 */
	uint8_t cpu;		/* 1 + CPU whose registers equal these, or 0 */
};
_Static_assert(sizeof(struct debug_state) <= DEBUG_STATE_SIZE, "allocated by that size");

uint32_t arch_debug_register_get(const struct arch_thread *thread, unsigned int which)
{
	const struct debug_state *debug = thread->debug;

	if (which == STATUS)
		return (debug ? debug->status : 0) | DR6_FIXED;
	if (!debug)
		return 0;
	if (which == CONTROL)
		return debug->control;
	return which < BREAKPOINTS ? debug->address[which] : 0;
}

static bool is_enabled(uint32_t control, unsigned int n)
{
	return control >> 2 * n & 3;
}

static unsigned int condition(uint32_t control, unsigned int n)
{
	return control >> (16 + 4 * n) & 3;
}

static unsigned int length(uint32_t control, unsigned int n)
{
	return control >> (18 + 4 * n) & 3;
}

/* Could the processor be given these? */
static bool is_acceptable(const struct debug_state *debug)
{
	for (unsigned int n = 0; n < BREAKPOINTS; n++) {
		if (!is_enabled(debug->control, n))
			continue;
		if (condition(debug->control, n) == CONDITION_IO ||
		    length(debug->control, n) == LENGTH_8)
			return false;
		if (condition(debug->control, n) == CONDITION_EXECUTE &&
		    length(debug->control, n) != 0)
			return false;
		if (debug->address[n] & length(debug->control, n))
			return false;
	}
	return true;
}

int arch_debug_register_set(struct arch_thread *thread, unsigned int which, uint32_t value)
{
	struct debug_state wish = { 0 };

	if (thread->debug)
		wish = *thread->debug;
	if (which < BREAKPOINTS) {
		if (value > USER_END - sizeof(uint32_t))
			return -EINVAL;
		wish.address[which] = value;
	} else if (which == STATUS) {
		wish.status = value & ~DR6_FIXED;
	} else if (which == CONTROL) {
		wish.control = value & ~DR7_RESERVED;
	} else {
		return -EIO;
	}
	if (!is_acceptable(&wish))
		return -EINVAL;
	wish.cpu = 0;
	if (!thread->debug)
		thread->debug = upcall_memory_alloc(DEBUG_STATE_SIZE, false);
	if (!thread->debug)
		return -ENOMEM;
	*thread->debug = wish;
	return 0;
}

static void write_address(unsigned int n, uint32_t value)
{
	switch (n) {
	case 0: __asm__ volatile("movl %0, %%dr0" : : "r"(value)); break;
	case 1: __asm__ volatile("movl %0, %%dr1" : : "r"(value)); break;
	case 2: __asm__ volatile("movl %0, %%dr2" : : "r"(value)); break;
	default: __asm__ volatile("movl %0, %%dr3" : : "r"(value)); break;
	}
}

static void write_control(uint32_t value)
{
	__asm__ volatile("movl %0, %%dr7" : : "r"(value));
}

static bool is_loaded(const struct arch_thread *thread)
{
	unsigned int cpu = cpu_index();

	return thread->debug && thread->debug->cpu == cpu + 1 &&
	       machine_cpus[cpu].debug_owner == thread;
}

void arch_debug_load(struct arch_thread *thread)
{
	struct debug_state *debug = thread->debug;
	unsigned int cpu = cpu_index();

	if (!debug || is_loaded(thread))
		return;
	write_control(DR7_FIXED);
	for (unsigned int n = 0; n < BREAKPOINTS; n++)
		write_address(n, debug->address[n]);
	write_control(debug->control | DR7_FIXED);
	debug->cpu = (uint8_t)(cpu + 1);
	machine_cpus[cpu].debug_owner = thread;
}

void arch_debug_clear(struct arch_thread *thread)
{
	/* This CPU's registers are nobody's then: the next trap clears them. */
	upcall_memory_free(thread->debug, DEBUG_STATE_SIZE);
	thread->debug = NULL;
}

unsigned int debug_trap(struct arch_thread *thread, struct trap_frame *frame, uint32_t status)
{
	unsigned int hits = status & ((1u << BREAKPOINTS) - 1);
	struct debug_state *debug;

	if (!hits)
		return 0;
	debug = thread ? thread->debug : NULL;
	if (!debug || !is_loaded(thread)) {
		write_control(DR7_FIXED);
		machine_cpus[cpu_index()].debug_owner = NULL;
		return 0;
	}
	for (unsigned int n = 0; n < BREAKPOINTS; n++) {
		/* The processor also reports conditions that are not enabled. */
		if (!is_enabled(debug->control, n))
			hits &= ~(1u << n);
		else if ((hits >> n & 1) && condition(debug->control, n) == CONDITION_EXECUTE)
			frame->eflags |= EFLAGS_RF;
	}
	debug->status |= hits;
	return hits;
}

void debug_note_step(struct arch_thread *thread)
{
	if (thread->debug)
		thread->debug->status |= DR6_STEP;
}
