/*
 * Time from the time-stamp counter.
 *
 * Its rate comes from CPUID or the hypervisor if they tell. Else it is measured against channel 2
 * of the 8254 timer, which runs at a known rate. The measurement begins early in boot and ends when
 * the clock is first needed, so the time in between is used and not waited for; only what is
 * missing from CALIBRATION_TICKS is. The local APIC's timer is measured along with it. (Intel 8254
 * datasheet; SDM vol. 3, 18.17.)
 */
#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/irq_flags.h"
#include "arch/port_io.h"
#include "core/panic.h"
#include "core/printk.h"
#include "internal.h"
#include "lib/math64.h"
#include "registers.h"

enum {
	PORT_TIMER_CHANNEL_2 = 0x42,
	PORT_SPEAKER = 0x61,
	SPEAKER_GATE = 1,
	SPEAKER_DATA = 2,
	SPEAKER_OUT = 0x20,		/* channel 2 has passed zero */
	COMMAND_CHANNEL_2_COUNTDOWN = 0xb0,
	COMMAND_LATCH_CHANNEL_2 = 0x80,

	TIMER_START = 0xffff,
	CALIBRATION_TICKS = 3600,	/* 3 ms: errors of a microsecond are 0.03 % */
	SHORT_TICKS = 300,		/* enough for the APIC timer alone */
	SAMPLES = 5,
	RESTARTS_MAX = 10,	/* then we take what we get */
};

/* The three counters at one moment. */
struct sample {
	uint64_t tsc;
	uint32_t timer;
	uint32_t apic;
};

static struct sample started;
static uint64_t base;		/* constant after clock_finish_calibration(), like all below */
static uint32_t tsc_khz, apic_khz, multiplier, shift;

static uint32_t read_timer(void)
{
	uint32_t low;

	port_write8(PORT_TIMER_COMMAND, COMMAND_LATCH_CHANNEL_2);
	low = port_read8(PORT_TIMER_CHANNEL_2);
	return low | (uint32_t)port_read8(PORT_TIMER_CHANNEL_2) << 8;
}

/* The quickest of several readings: in an emulator any of them may be interrupted for long. */
static struct sample take_sample(void)
{
	struct sample best = { 0 };
	uint64_t shortest = UINT64_MAX;

	for (unsigned int i = 0; i < SAMPLES; i++) {
		uint64_t before = read_tsc();
		uint32_t timer = read_timer();
		uint32_t apic = apic_is_present() ? apic_timer_read() : 0;
		uint64_t after = read_tsc();

		if (after - before < shortest) {
			shortest = after - before;
			best = (struct sample){ before + (after - before) / 2, timer, apic };
		}
	}
	return best;
}

static void start_counters(void)
{
	uint8_t speaker = port_read8(PORT_SPEAKER);

	port_write8(PORT_SPEAKER, (uint8_t)((speaker & ~SPEAKER_DATA) | SPEAKER_GATE));
	port_write8(PORT_TIMER_COMMAND, COMMAND_CHANNEL_2_COUNTDOWN);
	port_write8(PORT_TIMER_CHANNEL_2, TIMER_START & 0xff);
	port_write8(PORT_TIMER_CHANNEL_2, TIMER_START >> 8);
	if (apic_is_present())
		apic_timer_start(UINT32_MAX);
	started = take_sample();
}

void clock_start_calibration(void)
{
	if (!cpu_features()->tsc)
		panic("Quartet needs a processor with a time-stamp counter");
	base = read_tsc();
	cpu_read_rates(&tsc_khz, &apic_khz);
	start_counters();
}

static void measure(void)
{
	uint32_t wanted = tsc_khz ? SHORT_TICKS : CALIBRATION_TICKS;
	struct sample now;
	uint32_t ticks = 0;
	unsigned int restarts = 0;

	while (ticks < wanted) {
		now = take_sample();
		ticks = started.timer - now.timer;
		/* The count is over: boot was slow, or an emulator stood still. Begin again. */
		if ((port_read8(PORT_SPEAKER) & SPEAKER_OUT) && restarts++ < RESTARTS_MAX) {
			start_counters();
			ticks = 0;
		}
	}
	if (!tsc_khz)
		tsc_khz = (uint32_t)div64_u64((now.tsc - started.tsc) * TIMER_HZ,
					      (uint64_t)ticks * 1000, NULL);
	if (!apic_khz)
		apic_khz = (uint32_t)div64_u64((uint64_t)(started.apic - now.apic) * TIMER_HZ,
					       (uint64_t)ticks * 1000, NULL);
	else
		apic_khz /= 16;	/* told as the bus clock; the timer divides it */
}

/* The largest shift for which nanoseconds a tick << shift fits 32 bits. */
static void set_scale(void)
{
	uint64_t scaled;

	shift = 32;
	do {
		shift--;
		scaled = div64_u32(1000000ull << shift, tsc_khz, NULL);
	} while (scaled > UINT32_MAX);
	multiplier = (uint32_t)scaled;
}

void clock_finish_calibration(void)
{
	if (!tsc_khz || (apic_is_present() && !apic_khz))
		measure();
	if (apic_is_present())
		apic_timer_start(0);
	if (tsc_khz < 1000)
		panic("the time-stamp counter runs at %u kHz", tsc_khz);
	set_scale();
	printk(LOG_INFO, "clock: time-stamp counter %u kHz, APIC timer %u kHz", tsc_khz, apic_khz);
}

uint64_t arch_clock_ns(void)
{
	uint32_t low, high;

	/*
	 * mul_u64_u32_shr_short() of the counter since `base`, in one piece for every switch's
	 * sake. 0 until calibrated, when set_scale() has chosen a shift below 32.
	 */
	__asm__ volatile("rdtsc\n\t"
			 "subl %[base], %%eax\n\t"
			 "sbbl 4+%[base], %%edx\n\t"
			 "movl %%edx, %%ecx\n\t"
			 "mull %[multiplier]\n\t"
			 "movl %%eax, %[low]\n\t"
			 "movl %%ecx, %%eax\n\t"
			 "movl %%edx, %%ecx\n\t"
			 "mull %[multiplier]\n\t"
			 "addl %%ecx, %%eax\n\t"
			 "adcl $0, %%edx\n\t"
			 "movl %[shift], %%ecx\n\t"
			 "shrdl %%cl, %%eax, %[low]\n\t"
			 "shrdl %%cl, %%edx, %%eax"
			 : "=&a"(high), [low] "=&r"(low)
			 : [base] "m"(base), [multiplier] "m"(multiplier), [shift] "m"(shift)
			 : "ecx", "edx", "cc");
	return (uint64_t)high << 32 | low;
}

uint32_t arch_clock_khz(void)
{
	return tsc_khz;
}

uint64_t arch_clock_first_counter(void)
{
	return boot_counter;
}

void arch_clock_scale(uint64_t *base_out, uint32_t *multiplier_out, uint32_t *shift_out)
{
	*base_out = base;
	*multiplier_out = multiplier;
	*shift_out = shift;
}

uint32_t apic_timer_khz(void)
{
	return apic_khz;
}

uint64_t clock_ns_to_counter(uint64_t ns)
{
	uint32_t rest;
	uint64_t milliseconds = div64_u32(ns, 1000000, &rest);

	return base + milliseconds * tsc_khz + div64_u32((uint64_t)rest * tsc_khz, 1000000, NULL);
}

/* Before the calibration a port access stands for a microsecond. */
void clock_spin_us(uint32_t microseconds)
{
	uint64_t start = read_tsc();
	uint64_t ticks = (uint64_t)microseconds * (tsc_khz / 1000);

	if (!multiplier) {
		while (microseconds--)
			port_delay();
		return;
	}
	while (read_tsc() - start < ticks)
		cpu_relax();
}
