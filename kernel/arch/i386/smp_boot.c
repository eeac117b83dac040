/*
 * Starting the other CPUs, one after another.
 *
 * A CPU that gets INIT and STARTUP begins in real mode at the trampoline's page below 1 MiB
 * (trampoline.S), turns paging on with boot.S's tables, and arrives in smp_cpu_main() on the stack
 * of its idle thread. One that does not report within START_TIMEOUT_US is left out, and held by
 * another INIT, lest it come up late on the stack of the next. (Intel SDM vol. 3, 9.4.)
 */
#include "arch/cpu.h"
#include "arch/smp.h"
#include "arch/stack.h"
#include "arch/upcall.h"
#include "core/printk.h"
#include "core/stack_header.h"
#include "internal.h"
#include "layout.h"
#include "lib/string.h"
#include "machine_cpu.h"
#include "registers.h"

enum {
	INIT_WAIT_US = 10000,
	STARTUP_WAIT_US = 200,
	START_TIMEOUT_US = 500000,
	POLL_US = 10,
};

/* trampoline.S */
extern char trampoline_start[], trampoline_end[];
extern uint32_t smp_start_stack;
void smp_cpu_main(void);

uint32_t smp_start_stack;		/* stack pointer of the CPU that is being started */
static unsigned int starting_cpu;
static void *double_fault_stacks[CPU_MAX];
static unsigned int found_count = 1;
static atomic_uint online_mask = 1;

unsigned int smp_cpu_count(void)
{
	return found_count;
}

uint32_t smp_online_mask(void)
{
	/* Acquire: pairs with smp_cpu_main; what a CPU set up before it came on line is seen. */
	return atomic_load_explicit(&online_mask, memory_order_acquire);
}

void smp_find(void)
{
	uint8_t ids[CPU_MAX] = { 0 };

	if (!apic_is_present())
		return;
	found_count = (unsigned int)smp_tables_read(ids, CPU_MAX);
	for (unsigned int cpu = 0; cpu < found_count; cpu++)
		machine_cpus[cpu].apic_id = ids[cpu];
}

/* On the new CPU: as machine_init_cpu() and machine_init_time() did on the first. */
void smp_cpu_main(void)
{
	unsigned int cpu = starting_cpu;

	stack_header()->cpu = cpu;
	cpu_setup_registers();
	gdt_init(cpu, arch_stack_base(), double_fault_stacks[cpu]);
	idt_load();
	write_cr3((uint32_t)kernel_root());
	fpu_init_cpu();
	apic_init_cpu();
	alarm_init_cpu();
	atomic_fetch_or(&online_mask, 1u << cpu);
	upcall_cpu_started();
}

static bool wait_online(unsigned int cpu)
{
	for (unsigned int us = 0; us < START_TIMEOUT_US; us += POLL_US) {
		if (smp_online_mask() >> cpu & 1)
			return true;
		clock_spin_us(POLL_US);
	}
	return false;
}

static bool start_cpu(unsigned int cpu, void *stack)
{
	uint8_t id = machine_cpus[cpu].apic_id;

	starting_cpu = cpu;
	smp_start_stack = (uint32_t)(uintptr_t)stack + KERNEL_STACK_SIZE;
	apic_send_init(id);
	/* Only old boards need the wait, and the second STARTUP. */
	if (!cpu_features()->hypervisor)
		clock_spin_us(INIT_WAIT_US);
	apic_send_startup(id, LAYOUT_TRAMPOLINE >> PAGE_SHIFT);
	clock_spin_us(STARTUP_WAIT_US);
	if (!(smp_online_mask() >> cpu & 1) && !cpu_features()->hypervisor)
		apic_send_startup(id, LAYOUT_TRAMPOLINE >> PAGE_SHIFT);
	if (wait_online(cpu))
		return true;
	apic_send_init(id);
	atomic_fetch_and(&online_mask, ~(1u << cpu));
	return false;
}

void smp_start_others(void *stacks[])
{
	memcpy(phys_to_virt(LAYOUT_TRAMPOLINE), trampoline_start,
	       (size_t)(trampoline_end - trampoline_start));
	for (unsigned int cpu = 1; cpu < found_count; cpu++) {
		struct stack_header *header;

		double_fault_stacks[cpu] = upcall_memory_alloc(KERNEL_STACK_SIZE, false);
		if (!stacks[cpu] || !double_fault_stacks[cpu])
			continue;
		header = double_fault_stacks[cpu];
		header->cpu = cpu;
		header->preempt_count = 1;
		if (!start_cpu(cpu, stacks[cpu]))
			printk(LOG_ERROR, "CPU %u (APIC %u) does not start", cpu,
			       machine_cpus[cpu].apic_id);
	}
}
