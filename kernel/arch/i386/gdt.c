/*
 * Segments and task state: what protected mode insists on.
 *
 * Every CPU has its own descriptor table, because the running thread's three TLS descriptors are in
 * it, and two task states: one whose only living part is the kernel stack pointer, and one for
 * double faults, which therefore find a good stack whatever became of the thread's. (Intel SDM vol.
 * 3, 3.4.5, 7.2.)
 */
#include "arch/cpu.h"
#include "arch/stack.h"
#include "internal.h"
#include "layout.h"
#include "lib/string.h"
#include "machine_cpu.h"
#include "registers.h"

enum descriptor_access {
	ACCESS_KERNEL_CODE = 0x9b,
	ACCESS_KERNEL_DATA = 0x93,
	ACCESS_USER_CODE = 0xfb,
	ACCESS_USER_DATA = 0xf3,
	ACCESS_TSS = 0x89,
};

enum descriptor_flags {
	FLAGS_FLAT = 0xc,	/* 32-bit, limit in pages */
	FLAGS_BYTES = 0x0,
};

struct machine_cpu machine_cpus[CPU_MAX];

static uint64_t descriptor(uint32_t base, uint32_t limit, uint32_t access, uint32_t flags)
{
	uint32_t low = base << 16 | (limit & 0xffff);
	uint32_t high = (base & 0xff000000) | flags << 20 | (limit & 0xf0000) | access << 8 |
			(base >> 16 & 0xff);

	return (uint64_t)high << 32 | low;
}

static void fill_gdt(struct machine_cpu *self)
{
	uint64_t *gdt = self->gdt;

	gdt[SELECTOR_KERNEL_CODE / 8] = descriptor(0, 0xfffff, ACCESS_KERNEL_CODE, FLAGS_FLAT);
	gdt[SELECTOR_KERNEL_DATA / 8] = descriptor(0, 0xfffff, ACCESS_KERNEL_DATA, FLAGS_FLAT);
	gdt[SELECTOR_USER_CODE / 8] = descriptor(0, 0xfffff, ACCESS_USER_CODE, FLAGS_FLAT);
	gdt[SELECTOR_USER_DATA / 8] = descriptor(0, 0xfffff, ACCESS_USER_DATA, FLAGS_FLAT);
	gdt[SELECTOR_TSS / 8] = descriptor((uint32_t)(uintptr_t)&self->tss,
					   sizeof(struct tss) - 1, ACCESS_TSS, FLAGS_BYTES);
	gdt[SELECTOR_DOUBLE_FAULT / 8] =
		descriptor((uint32_t)(uintptr_t)&self->double_fault_tss, sizeof(struct tss) - 1,
			   ACCESS_TSS, FLAGS_BYTES);
}

static void fill_tss(struct machine_cpu *self, uintptr_t stack_top, uintptr_t double_fault_top)
{
	/* A map base at the limit: user mode has no ports. */
	self->tss = (struct tss){
		.esp0 = stack_top,
		.ss0 = SELECTOR_KERNEL_DATA,
		.cr3 = (uint32_t)kernel_root(),
		.io_map_base = sizeof(struct tss),
	};
	self->double_fault_tss = (struct tss){
		.esp0 = double_fault_top,
		.ss0 = SELECTOR_KERNEL_DATA,
		.cr3 = (uint32_t)kernel_root(),
		.eip = (uint32_t)(uintptr_t)double_fault_entry,
		.eflags = EFLAGS_FIXED,
		.esp = double_fault_top,
		.cs = SELECTOR_KERNEL_CODE,
		.ss = SELECTOR_KERNEL_DATA,
		.ds = SELECTOR_USER_DATA,
		.es = SELECTOR_USER_DATA,
		.io_map_base = sizeof(struct tss),
	};
}

static void load_tables(const struct machine_cpu *self)
{
	struct packed {
		uint16_t limit;
		uint32_t base;
	} pointer = { sizeof(self->gdt) - 1, (uint32_t)(uintptr_t)self->gdt };

	/* DS and ES hold what user mode has, as after every trap; FS and GS are the user's own. */
	__asm__ volatile("lgdt %0\n\t"
			 "ljmp %1, $1f\n1:\n\t"
			 "movl %2, %%ss\n\t"
			 "movl %3, %%ds\n\t"
			 "movl %3, %%es\n\t"
			 "movl %4, %%fs\n\t"
			 "movl %4, %%gs\n\t"
			 "ltr %w5\n\t"
			 "lldt %w4"
			 :
			 : "m"(pointer), "i"(SELECTOR_KERNEL_CODE), "r"(SELECTOR_KERNEL_DATA),
			   "r"(SELECTOR_USER_DATA), "r"(0), "r"(SELECTOR_TSS)
			 : "memory");
}

void gdt_init(unsigned int cpu, void *stack, void *double_fault_stack)
{
	struct machine_cpu *self = &machine_cpus[cpu];

	self->mark = (uint8_t)(cpu + 1);
	self->bit = 1u << cpu;
	fill_gdt(self);
	fill_tss(self, (uintptr_t)stack + KERNEL_STACK_SIZE - sizeof(struct stack_top),
		 (uintptr_t)double_fault_stack + KERNEL_STACK_SIZE);
	load_tables(self);
	if (cpu_features()->sysenter) {
		write_msr(MSR_SYSENTER_CS, SELECTOR_KERNEL_CODE);
		write_msr(MSR_SYSENTER_ESP, (uint32_t)(uintptr_t)&self->tss.esp0);
		write_msr(MSR_SYSENTER_EIP, (uint32_t)(uintptr_t)entry_sysenter);
	}
}
