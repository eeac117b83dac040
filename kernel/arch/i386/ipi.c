/*
 * Asking other CPUs: run this function; look at your run queue; stop.
 *
 * A request lives on the asker's stack, with one node for each CPU asked. A node is pushed on that
 * CPU's list, and who pushes on an empty list sends the interrupt. The CPU takes the whole list at
 * once. It reads all it needs from a node before it counts the request down, for then the asker may
 * return and the node be gone.
 *
 * The asker waits with interrupts on, so two CPUs that ask each other both get their answer.
 */
#include "arch/cpu.h"
#include "arch/irq_flags.h"
#include "arch/smp.h"
#include "core/assert.h"
#include "core/backtrace.h"
#include "core/preempt.h"
#include "core/printk.h"
#include "core/stack_header.h"
#include "internal.h"
#include "layout.h"
#include "machine_cpu.h"

struct call_request {
	void (*function)(void *argument);
	void *argument;
	atomic_uint pending;	/* CPUs that have not finished */
};

struct call_node {
	struct call_node *next;
	struct call_request *request;
};

static void push_call(unsigned int cpu, struct call_node *node)
{
	_Atomic(struct call_node *) *list = &machine_cpus[cpu].calls;
	struct call_node *first = atomic_load_explicit(list, memory_order_relaxed);

	do {
		node->next = first;
	} while (!atomic_compare_exchange_weak(list, &first, node));
	if (!first)
		apic_send(machine_cpus[cpu].apic_id, VECTOR_CALL);
}

void ipi_handle_calls(void)
{
	struct call_node *node = atomic_exchange(&machine_cpus[cpu_index()].calls, NULL);

	while (node) {
		struct call_request *request = node->request;

		node = node->next;
		request->function(request->argument);
		/* Release: the asker's acquire below sees all that the function did. */
		atomic_fetch_sub_explicit(&request->pending, 1, memory_order_release);
	}
	/* The askers first, where CPUs take turns on one of the host's (QEMU without threads). */
	cpu_relax();
}

void smp_call(uint32_t mask, void (*function)(void *), void *argument)
{
	struct call_request request = { .function = function, .argument = argument };
	struct call_node nodes[CPU_MAX];

	preempt_disable();
	mask &= smp_online_mask() & ~(1u << cpu_index());
	assert(mask == 0 || irq_is_enabled());
	for (unsigned int cpu = 0; cpu < CPU_MAX; cpu++) {
		if (!(mask >> cpu & 1))
			continue;
		nodes[cpu].request = &request;
		/* Relaxed: the exchange in push_call publishes it. */
		atomic_fetch_add_explicit(&request.pending, 1, memory_order_relaxed);
		push_call(cpu, &nodes[cpu]);
	}
	/* Acquire: pairs with the release in ipi_handle_calls. */
	while (atomic_load_explicit(&request.pending, memory_order_acquire) != 0)
		cpu_relax();
	preempt_enable();
}

void smp_send_reschedule(unsigned int cpu)
{
	if (apic_is_present())
		apic_send(machine_cpus[cpu].apic_id, VECTOR_RESCHEDULE);
}

/* Stopping for a panic: 0, or 1 + the CPU whose turn it is. */
static atomic_uint stopping;
static atomic_uint stopped_mask;

bool ipi_is_stopping(void)
{
	return atomic_load(&stopping) == cpu_index() + 1;
}

void ipi_stop_here(struct trap_frame *frame)
{
	unsigned int cpu = cpu_index();

	printk(LOG_EMERGENCY, "CPU %u, thread %p was at:", cpu, (void *)thread_current());
	if (trap_frame_is_user(frame))
		printk(LOG_EMERGENCY, "  user mode, %08x", frame->eip);
	else
		backtrace_print(frame->eip, frame->ebp, trap_frame_kernel_stack(frame));
	atomic_fetch_or(&stopped_mask, 1u << cpu);
	cpu_halt_forever();
}

void smp_stop_others(void)
{
	enum { WAIT_US = 200000, STEP_US = 10 };
	uint32_t others = smp_online_mask() & ~(1u << cpu_index());

	for (unsigned int cpu = 0; cpu < CPU_MAX; cpu++) {
		if (!(others >> cpu & 1))
			continue;
		atomic_store(&stopping, cpu + 1);
		apic_send_nmi(machine_cpus[cpu].apic_id);
		for (unsigned int us = 0; us < WAIT_US; us += STEP_US) {
			if (atomic_load(&stopped_mask) >> cpu & 1)
				break;
			clock_spin_us(STEP_US);
		}
	}
}
