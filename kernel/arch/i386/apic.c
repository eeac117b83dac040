/*
 * The local APIC: this CPU's timer, and interrupts between CPUs (Intel SDM vol. 3, chapter 11).
 *
 * Device lines reach the boot CPU through its LINT0 pin from the 8259 ("virtual wire").
 */
#include "arch/cpu.h"
#include "arch/irq_flags.h"
#include "arch/port_io.h"
#include "internal.h"
#include "layout.h"
#include "registers.h"

enum apic_register {
	APIC_ID = 0x020,
	APIC_TASK_PRIORITY = 0x080,
	APIC_EOI = 0x0b0,
	APIC_SPURIOUS = 0x0f0,
	APIC_COMMAND_LOW = 0x300,
	APIC_COMMAND_HIGH = 0x310,
	APIC_LVT_TIMER = 0x320,
	APIC_LVT_LINT0 = 0x350,
	APIC_LVT_LINT1 = 0x360,
	APIC_LVT_ERROR = 0x370,
	APIC_TIMER_INITIAL = 0x380,
	APIC_TIMER_CURRENT = 0x390,
	APIC_TIMER_DIVIDE = 0x3e0,
};

enum {
	SPURIOUS_ENABLE = 1 << 8,
	LVT_MASKED = 1 << 16,
	LVT_EXTINT = 7 << 8,
	LVT_NMI = 4 << 8,
	LVT_TIMER_DEADLINE = 2 << 17,
	DIVIDE_BY_16 = 3,
	COMMAND_PENDING = 1 << 12,
	COMMAND_ASSERT = 1 << 14,
	COMMAND_NMI = 4 << 8,
	COMMAND_INIT = 5 << 8,
	COMMAND_STARTUP = 6 << 8,
	APIC_BASE_ENABLED = 1 << 11,
	APIC_BASE_X2APIC = 1 << 10,
};

static bool present;	/* constant after apic_init() */

static uint32_t apic_read(enum apic_register offset)
{
	return mmio_read32((const void *)(uintptr_t)(LAYOUT_LOCAL_APIC + offset));
}

static void apic_write(enum apic_register offset, uint32_t value)
{
	mmio_write32((void *)(uintptr_t)(LAYOUT_LOCAL_APIC + offset), value);
}

static void setup(bool is_boot_cpu)
{
	apic_write(APIC_TASK_PRIORITY, 0);
	apic_write(APIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
	apic_write(APIC_LVT_LINT0, is_boot_cpu ? LVT_EXTINT : LVT_MASKED);
	apic_write(APIC_LVT_LINT1, is_boot_cpu ? LVT_NMI : LVT_MASKED);
	apic_write(APIC_LVT_ERROR, LVT_MASKED);
	apic_write(APIC_TIMER_INITIAL, 0);
	apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_16);
	apic_write(APIC_LVT_TIMER, VECTOR_ALARM);
}

void apic_init(void)
{
	uint64_t base;

	if (!cpu_features()->apic)
		return;
	base = read_msr(MSR_APIC_BASE);
	/* x2APIC mode is left only through a reset; the 8259 and PIT do for one CPU. */
	if (!(base & APIC_BASE_ENABLED) || (base & APIC_BASE_X2APIC))
		return;
	fixed_map_device(LAYOUT_LOCAL_APIC, base & ~(phys_addr)(PAGE_SIZE - 1));
	/* An emulator may say APIC and have none. */
	if (apic_read(APIC_SPURIOUS) == 0xffffffff)
		return;
	present = true;
	setup(true);
}

void apic_init_cpu(void)
{
	setup(false);
}

bool apic_is_present(void)
{
	return present;
}

uint8_t apic_id(void)
{
	return (uint8_t)(apic_read(APIC_ID) >> 24);
}

void apic_end_of_interrupt(void)
{
	apic_write(APIC_EOI, 0);
}

static void send(uint8_t to, uint32_t command)
{
	irq_flags flags = irq_disable_save();

	while (apic_read(APIC_COMMAND_LOW) & COMMAND_PENDING)
		cpu_relax();
	apic_write(APIC_COMMAND_HIGH, (uint32_t)to << 24);
	apic_write(APIC_COMMAND_LOW, command | COMMAND_ASSERT);
	irq_restore(flags);
}

void apic_send(uint8_t to, unsigned int vector)
{
	send(to, vector);
}

void apic_send_nmi(uint8_t to)
{
	send(to, COMMAND_NMI);
}

void apic_send_init(uint8_t to)
{
	send(to, COMMAND_INIT);
}

void apic_send_startup(uint8_t to, unsigned int page)
{
	send(to, COMMAND_STARTUP | page);
}

void apic_timer_start(uint32_t count)
{
	apic_write(APIC_TIMER_INITIAL, count);
}

uint32_t apic_timer_read(void)
{
	return apic_read(APIC_TIMER_CURRENT);
}

void apic_timer_use_deadline(void)
{
	apic_write(APIC_LVT_TIMER, VECTOR_ALARM | LVT_TIMER_DEADLINE);
	/* The mode is in force before the first write of the deadline (SDM vol. 3, 11.5.4.1). */
	__asm__ volatile("lock addl $0, (%%esp)" : : : "memory");
}
