/*
 * What the machine keeps for each CPU.
 */
#pragma once
#include <stdatomic.h>
#include <stdint.h>
#include "core/config.h"
#include "core/types.h"

struct arch_thread;
struct mmu_space;
struct call_node;

/* Intel SDM vol. 3, 7.2.1. */
struct tss {
	uint32_t back_link;
	uint32_t esp0, ss0, esp1, ss1, esp2, ss2;
	uint32_t cr3, eip, eflags;
	uint32_t eax, ecx, edx, ebx, esp, ebp, esi, edi;
	uint32_t es, cs, ss, ds, fs, gs;
	uint32_t ldt;
	uint16_t trap, io_map_base;
};
_Static_assert(sizeof(struct tss) == 104, "fixed by the processor");

/*
 * The highest bytes of a user thread's stack, where tss.esp0 points when the thread runs: sysenter
 * finds them without a register.
 */
struct stack_top {
	uint32_t sysenter_return;	/* [t] user address where a sysenter ends */
	uint32_t unused[3];		/* stacks stay aligned to 16 bytes */
};

#define GDT_ENTRIES 32

/*
 * [I] set before the CPU runs threads  [c] own CPU, interrupts off  [a] atomic
 */
struct machine_cpu {
	uint64_t gdt[GDT_ENTRIES];		/* [c] entries 6 to 8 are the running thread's */
	/*
	 * sysenter puts ESP at tss.esp0, from where entry.S loads the thread's own stack pointer.
	 * A trap on that first instruction finds room below.
	 */
	uint32_t entry_stack[48];
	struct tss tss;				/* [c] */
	struct tss double_fault_tss;		/* [I] */

	struct arch_thread *fpu_owner;		/* [c] whose registers were last loaded */
	struct arch_thread *segments_owner;	/* [c] whose fs, gs and descriptors are loaded */
	bool has_many_tls;			/* [c] as of the thread that was loaded last */
	struct arch_thread *debug_owner;	/* [c] whose debug registers are loaded */
	struct mmu_space *space;		/* [c] which is loaded; NULL: the kernel's own */
	/* [c] only left loaded, by a thread that has none */
	bool space_is_idle;
	uint8_t directories_seen;		/* [c] bit per directory it had when loaded */
	uint64_t alarm_ns;			/* [c] when to call upcall_timer(), or NEVER */
	uint8_t apic_id;			/* [I] */
	uint8_t mark;				/* [I] index + 1: of what a thread has here */
	uint32_t bit;				/* [I] 1 << index */
	_Atomic(struct call_node *) calls;	/* [a] smp_call() requests for this CPU */
} __attribute__((aligned(64)));

extern struct machine_cpu machine_cpus[CPU_MAX];
