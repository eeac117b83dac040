/*
 * One alarm a CPU: an interrupt at a given time, then silence. No periodic tick.
 *
 * Made by the local APIC's timer, in deadline mode where there is one, else by channel 0 of the
 * 8254. Each reaches only so far; an alarm that is farther away rings early and is set again here,
 * unseen by the kernel.
 */
#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/irq.h"
#include "arch/irq_flags.h"
#include "arch/port_io.h"
#include "arch/upcall.h"
#include "core/stack_header.h"
#include "internal.h"
#include "layout.h"
#include "lib/math64.h"
#include "lib/min_max.h"
#include "machine_cpu.h"
#include "registers.h"

enum {
	PORT_TIMER_CHANNEL_0 = 0x40,
	COMMAND_CHANNEL_0_COUNTDOWN = 0x30,
	TIMER_LINE = 0,
};

#define NEVER UINT64_MAX
#define NS_PER_SECOND 1000000000u
/* No device is asked to reach farther, so that products stay within 64 bits. */
#define REACH_MAX_NS (2ull * NS_PER_SECOND)

enum alarm_device { ALARM_TIMER, ALARM_APIC, ALARM_DEADLINE };

static enum alarm_device device;	/* constant after alarm_init() */

/* Rounded up: a device that rings early costs a second interrupt. */
static void set_device(uint64_t deadline_ns)
{
	uint64_t now = arch_clock_ns();
	uint64_t wait = deadline_ns > now ? min(deadline_ns - now, REACH_MAX_NS) : 0;
	uint64_t count;

	switch (device) {
	case ALARM_DEADLINE:
		write_msr(MSR_TSC_DEADLINE, clock_ns_to_counter(now + wait) + 1);
		break;
	case ALARM_APIC:
		count = div64_u32(wait * apic_timer_khz(), 1000000, NULL) + 1;
		apic_timer_start((uint32_t)min(count, (uint64_t)UINT32_MAX));
		break;
	case ALARM_TIMER:
		count = div64_u32(wait * TIMER_HZ, NS_PER_SECOND, NULL) + 1;
		count = min(count, (uint64_t)UINT16_MAX);
		port_write8(PORT_TIMER_COMMAND, COMMAND_CHANNEL_0_COUNTDOWN);
		port_write8(PORT_TIMER_CHANNEL_0, (uint8_t)count);
		port_write8(PORT_TIMER_CHANNEL_0, (uint8_t)(count >> 8));
		break;
	}
}

void arch_alarm_set(uint64_t deadline_ns)
{
	irq_flags flags = irq_disable_save();

	machine_cpus[cpu_index()].alarm_ns = deadline_ns;
	set_device(deadline_ns);
	irq_restore(flags);
}

/* The 8254 cannot be stopped cheaply; its one interrupt is ignored. */
void arch_alarm_cancel(void)
{
	irq_flags flags = irq_disable_save();

	machine_cpus[cpu_index()].alarm_ns = NEVER;
	if (device == ALARM_APIC)
		apic_timer_start(0);
	else if (device == ALARM_DEADLINE)
		write_msr(MSR_TSC_DEADLINE, 0);
	irq_restore(flags);
}

void alarm_interrupt(void)
{
	struct machine_cpu *self = &machine_cpus[cpu_index()];

	if (self->alarm_ns == NEVER)
		return;
	if (arch_clock_ns() < self->alarm_ns) {
		set_device(self->alarm_ns);
		return;
	}
	self->alarm_ns = NEVER;
	upcall_timer();
}

bool alarm_uses_irq(unsigned int irq)
{
	return device == ALARM_TIMER && irq == TIMER_LINE;
}

void alarm_init_cpu(void)
{
	machine_cpus[cpu_index()].alarm_ns = NEVER;
	if (device == ALARM_DEADLINE)
		apic_timer_use_deadline();
}

void alarm_init(void)
{
	if (!apic_is_present())
		device = ALARM_TIMER;
	else
		device = cpu_has_tsc_deadline() ? ALARM_DEADLINE : ALARM_APIC;
	alarm_init_cpu();
	if (device == ALARM_TIMER)
		arch_irq_unmask(TIMER_LINE);
}
