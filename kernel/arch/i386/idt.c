/*
 * The interrupt descriptor table: one for all CPUs, every entry filled, since a missing one can end
 * the machine. (Intel SDM vol. 3, 6.11.)
 */
#include "arch/trap_frame.h"
#include "internal.h"
#include "layout.h"

enum {
	GATE_TASK = 0x85,
	GATE_INTERRUPT = 0x8e,		/* clears IF */
	GATE_TRAP = 0x8f,		/* leaves IF */
	GATE_USER = 0x60,		/* callable from user mode */
	VECTOR_BREAKPOINT = 3,
	VECTOR_OVERFLOW = 4,
	VECTOR_DOUBLE_FAULT = 8,
	IDT_ENTRIES = 256,
};

static uint64_t idt[IDT_ENTRIES];

static void set_gate(unsigned int vector, uintptr_t handler, uint32_t selector, uint32_t type)
{
	uint32_t low = selector << 16 | (handler & 0xffff);
	uint32_t high = (handler & 0xffff0000) | type << 8;

	idt[vector] = (uint64_t)high << 32 | low;
}

void idt_init(void)
{
	for (unsigned int i = 0; i < IDT_ENTRIES; i++)
		set_gate(i, trap_stubs[i], SELECTOR_KERNEL_CODE, GATE_INTERRUPT);
	set_gate(VECTOR_BREAKPOINT, trap_stubs[VECTOR_BREAKPOINT], SELECTOR_KERNEL_CODE,
		 GATE_INTERRUPT | GATE_USER);
	set_gate(VECTOR_OVERFLOW, trap_stubs[VECTOR_OVERFLOW], SELECTOR_KERNEL_CODE,
		 GATE_INTERRUPT | GATE_USER);
	/* System calls keep interrupts on from the first instruction. */
	set_gate(VECTOR_SYSCALL, trap_stubs[VECTOR_SYSCALL], SELECTOR_KERNEL_CODE,
		 GATE_TRAP | GATE_USER);
	set_gate(VECTOR_DOUBLE_FAULT, 0, SELECTOR_DOUBLE_FAULT, GATE_TASK);
	idt_load();
}

void idt_load(void)
{
	struct packed {
		uint16_t limit;
		uint32_t base;
	} pointer = { sizeof(idt) - 1, (uint32_t)(uintptr_t)idt };

	__asm__ volatile("lidt %0" : : "m"(pointer) : "memory");
}
