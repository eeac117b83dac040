/*
 * The end of the machine: off, or from the beginning.
 *
 * Without an interpreter for ACPI's byte code only fixed places are known. Emulators have theirs; a
 * PC whose ports answer none of them stays halted, which is what an old PC does.
 */
#include "arch/cpu.h"
#include "arch/irq_flags.h"
#include "arch/port_io.h"
#include "internal.h"

enum {
	PORT_DEBUG_EXIT = 0xf4,		/* v86 with multiboot; QEMU isa-debug-exit */
	PORT_PIIX4_POWER = 0x604,	/* QEMU pc: PM1a control as its firmware places it */
	PORT_BOCHS_POWER = 0xb004,	/* older QEMU, Bochs */
	POWER_OFF_VALUE = 0x2000,	/* SLP_EN, SLP_TYP 0 */
	PORT_KEYBOARD_STATUS = 0x64,
	KEYBOARD_INPUT_FULL = 2,
	KEYBOARD_PULSE_RESET = 0xfe,
	PORT_RESET_CONTROL = 0xcf9,
};

void machine_power_off(void)
{
	irq_disable();
	port_write16(PORT_PIIX4_POWER, POWER_OFF_VALUE);
	port_write16(PORT_BOCHS_POWER, POWER_OFF_VALUE);
	port_write8(PORT_DEBUG_EXIT, 0);
	cpu_halt_forever();
}

void machine_restart(void)
{
	irq_disable();
	port_write8(PORT_RESET_CONTROL, 0x02);
	port_write8(PORT_RESET_CONTROL, 0x06);
	for (unsigned int i = 0; i < 100000; i++) {
		if (!(port_read8(PORT_KEYBOARD_STATUS) & KEYBOARD_INPUT_FULL))
			break;
	}
	port_write8(PORT_KEYBOARD_STATUS, KEYBOARD_PULSE_RESET);
	clock_spin_us(50000);
	/* No interrupt table: the next exception is a triple fault, which resets a PC. */
	struct packed {
		uint16_t limit;
		uint32_t base;
	} empty = { 0, 0 };
	__asm__ volatile("lidt %0; int3" : : "m"(empty));
	cpu_halt_forever();
}
