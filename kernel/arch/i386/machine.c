/*
 * Start of the machine on the boot CPU.
 */
#include "arch/machine.h"
#include "core/stack_header.h"
#include "internal.h"

static char double_fault_stack[KERNEL_STACK_SIZE] aligned_to(8192);

void machine_init_cpu(void)
{
	struct stack_header *header = (struct stack_header *)double_fault_stack;

	header->preempt_count = 1;
	boot_info_read();
	cpu_identify();
	cpu_setup_registers();
	gdt_init(0, boot_stack, double_fault_stack);
	idt_init();
	user_copy_patch();
	paging_init();
	fpu_init_cpu();
	apic_init();
	clock_start_calibration();
}

void machine_init_time(void)
{
	interrupts_init();
	clock_finish_calibration();
	alarm_init();
	page_copy_init();
	smp_find();
}
