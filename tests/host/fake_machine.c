/*
 * The machine, as far as the portable layers see it: one host thread is one CPU that runs one
 * thread.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/irq.h"
#include "arch/smp.h"
#include "core/lock_check.h"
#include "core/preempt.h"
#include "core/printk.h"
#include "core/stack_header.h"
#include "sched/thread.h"
#include "host.h"
#include "test.h"

static _Thread_local struct {
	struct stack_header header;
	struct lock_check_state locks;
	struct thread thread;
	bool interrupts;
	bool is_ready;
} host_thread;

static _Atomic uint64_t clock_ns;

void host_thread_reset(void)
{
	memset(&host_thread, 0, sizeof(host_thread));
	host_thread.header.locks = &host_thread.locks;
	host_thread.header.thread = &host_thread.thread;
	host_thread.interrupts = true;
	host_thread.is_ready = true;
}

void *host_stack_base(void)
{
	if (!host_thread.is_ready)
		host_thread_reset();
	return &host_thread.header;
}

bool *host_interrupts(void)
{
	host_stack_base();
	return &host_thread.interrupts;
}

static void console_write(const char *text, size_t size)
{
	fwrite(text, 1, size, stdout);
}

void host_init(void)
{
	static struct log_console console = { .name = "host", .write = console_write };

	printk_add_console(&console);
}

void preempt_reschedule(void)
{
}

void test_clock_set(uint64_t ns)
{
	clock_ns = ns;
}

uint64_t arch_clock_ns(void)
{
	return clock_ns;
}

void arch_alarm_set(uint64_t deadline_ns)
{
	(void)deadline_ns;
}

void arch_alarm_cancel(void)
{
}

void arch_irq_mask(unsigned int irq)
{
	(void)irq;
}

void arch_irq_unmask(unsigned int irq)
{
	(void)irq;
}

bool cpu_random_u32(uint32_t *out)
{
	static uint32_t state = 1;

	*out = test_random(&state);
	return true;
}

uint64_t cpu_cycles(void)
{
	return clock_ns;
}

void cpu_clear_page(void *page)
{
	memset(page, 0, PAGE_SIZE);
}

void cpu_copy_page(void *to, const void *from)
{
	memcpy(to, from, PAGE_SIZE);
}

unsigned int smp_cpu_count(void)
{
	return 1;
}

uint32_t smp_online_mask(void)
{
	return 1;
}

void smp_send_reschedule(unsigned int cpu)
{
	(void)cpu;
}
