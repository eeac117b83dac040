/*
 * A CPU is stuck when it answers no interrupts, or when it keeps a thread that another one should
 * replace. Neither ends by itself, and from outside both look like a machine that hangs. So each
 * CPU has a timer, its beat, and at each beat looks at two things:
 *
 *	the next CPU	has it had a beat since? If not, several times in a row, then its interrupts
 *			are off, and somebody else must say so: this one panics, and the panic stops
 *			all others by NMI and prints where each was.
 *	itself		should it have switched, already at the last beat, and has not? Then it runs
 *			with preemption off (an interrupt, such as this one, still comes through).
 *
 * Beats are counted, not seconds: a machine whose host stops it for a minute misses none, because
 * its CPUs stop together. With one CPU only the second can be noticed.
 *
 * watchdog=SECONDS on the command line sets the time from beat to beat; 0 turns it off.
 */
#include "sched/watchdog.h"
#include "arch/clock.h"
#include "arch/smp.h"
#include "core/boot_args.h"
#include "core/config.h"
#include "core/panic.h"
#include "core/stack_header.h"
#include "sched/run_queue.h"
#include "sched/internal.h"
#include "sched/timer.h"

enum { DEFAULT_SECONDS = 4, PATIENCE = 4 };
#define NS_PER_SECOND 1000000000ull

/* [c] own CPU, by its timer's handler  [a] atomic */
static struct watched_cpu {
	struct timer beat;
	atomic_uint beats;		/* [a] how many there were */
	unsigned int other;		/* [c] the CPU that this one looks after */
	unsigned int other_beats;	/* [c] that one's, when last seen to change */
	unsigned int other_missed;	/* [c] own beats since then */
	uint64_t switches;		/* [c] of this CPU, at the last beat */
	unsigned int overdue;		/* [c] beats at which it should have switched and had not */
} watched[CPU_MAX];

static uint64_t period_ns;		/* constant after boot */

static unsigned int next_cpu(unsigned int cpu)
{
	uint32_t online = smp_online_mask();

	do
		cpu = (cpu + 1) % CPU_MAX;
	while (!(online >> cpu & 1));
	return cpu;
}

static unsigned int seconds_of(unsigned int beats)
{
	return beats * (unsigned int)div64_u64(period_ns, NS_PER_SECOND, NULL);
}

static void look_at_other(struct watched_cpu *self, unsigned int cpu)
{
	unsigned int other = next_cpu(cpu);
	unsigned int beats = atomic_load_explicit(&watched[other].beats, memory_order_relaxed);

	if (other == cpu)
		return;
	if (other != self->other || beats != self->other_beats) {
		self->other = other;
		self->other_beats = beats;
		self->other_missed = 0;
	} else if (++self->other_missed == PATIENCE && !panic_in_progress()) {
		panic("CPU %u is stuck: no timer interrupt for %u s", other, seconds_of(PATIENCE));
	}
}

static void look_at_self(struct watched_cpu *self, unsigned int cpu)
{
	uint64_t switches = run_queue_of(cpu)->switches;
	bool should_switch = atomic_load_explicit(&stack_header()->return_work,
						  memory_order_relaxed) & RETURN_WORK_RESCHEDULE;

	if (switches != self->switches || !should_switch) {
		self->switches = switches;
		self->overdue = 0;
	} else if (++self->overdue == PATIENCE && !panic_in_progress()) {
		panic("CPU %u is stuck: no other thread could run for %u s", cpu,
		      seconds_of(PATIENCE));
	}
}

static void beat(struct timer *timer)
{
	unsigned int cpu = cpu_index();
	struct watched_cpu *self = &watched[cpu];

	atomic_fetch_add_explicit(&self->beats, 1, memory_order_relaxed);
	look_at_other(self, cpu);
	look_at_self(self, cpu);
	timer_arm(timer, arch_clock_ns() + period_ns);
}

void watchdog_start_cpu(void)
{
	struct watched_cpu *self = &watched[cpu_index()];

	if (!CONFIG_WATCHDOG)
		return;
	period_ns = boot_args_number("watchdog", DEFAULT_SECONDS) * NS_PER_SECOND;
	if (!period_ns)
		return;
	timer_init(&self->beat, beat);
	timer_arm(&self->beat, arch_clock_ns() + period_ns);
}
