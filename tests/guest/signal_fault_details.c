/* Faults of the program itself: the right signal, code and address for each kind. */
#include "faults.h"

static volatile int zero;

static void divide(volatile char *unused)
{
	(void)unused;
	zero = 5 / zero;
}

static void undefined_instruction(volatile char *unused)
{
	(void)unused;
	__asm__ volatile("ud2");
}

static void breakpoint(volatile char *unused)
{
	(void)unused;
	__asm__ volatile("int3");
}

static void privileged(volatile char *unused)
{
	(void)unused;
	__asm__ volatile("hlt");
}

static void disable_interrupts(volatile char *unused)
{
	(void)unused;
	__asm__ volatile("cli");
}

static void port_output(volatile char *unused)
{
	(void)unused;
	__asm__ volatile("outb %%al, $0x80" ::: "eax");
}

static void load_bad_segment(volatile char *unused)
{
	(void)unused;
	__asm__ volatile("mov %0, %%es" :: "r"((short)0x1234));
}

static void bad_interrupt(volatile char *unused)
{
	(void)unused;
	__asm__ volatile("int $0x33");
}

static void kernel_only_interrupt(volatile char *unused)
{
	(void)unused;
	__asm__ volatile("int $0x0e");
}

static void overflow(volatile char *unused)
{
	(void)unused;
	__asm__ volatile("movb $127, %%al; addb $1, %%al; into" ::: "eax", "cc");
}

static void float_exception(volatile char *unused)
{
	uint16_t control = 0x037b;	/* division by zero unmasked */

	(void)unused;
	__asm__ volatile("fldcw %0; fldz; fld1; fdivp; fwait" :: "m"(control));
}

static void vector_exception(volatile char *unused)
{
	uint32_t control = 0x1d80;	/* division by zero unmasked */

	(void)unused;
	__asm__ volatile("ldmxcsr %0; xorps %%xmm1, %%xmm1; divss %%xmm1, %%xmm0" :: "m"(control));
}

static void expect(void (*action)(volatile char *), int signal, int code)
{
	struct fault fault = fault_try(action, NULL);

	CHECK_EQ(fault.signal, signal);
	if (code)
		CHECK_EQ(fault.code, code);
}

int main(void)
{
	float one = 1.0f;
	uint32_t plain = 0x1f80;

	expect(divide, SIGFPE, FPE_INTDIV);
	expect(undefined_instruction, SIGILL, ILL_ILLOPN);
	expect(breakpoint, SIGTRAP, SI_KERNEL);
	expect(privileged, SIGSEGV, SI_KERNEL);
	expect(disable_interrupts, SIGSEGV, SI_KERNEL);
	expect(port_output, SIGSEGV, SI_KERNEL);
	expect(load_bad_segment, SIGSEGV, SI_KERNEL);
	expect(bad_interrupt, SIGSEGV, SI_KERNEL);
	expect(kernel_only_interrupt, SIGSEGV, SI_KERNEL);
	expect(overflow, SIGSEGV, 0);
	expect(float_exception, SIGFPE, FPE_FLTDIV);
	__asm__ volatile("fninit");
	__asm__ volatile("ldmxcsr %0; movss %1, %%xmm0" :: "m"(plain), "m"(one));
	/* Emulators do not raise this exception; a processor does. */
	struct fault fault = fault_try(vector_exception, NULL);

	if (fault.signal != 0) {
		CHECK_EQ(fault.signal, SIGFPE);
		CHECK_EQ(fault.code, FPE_FLTDIV);
	}
	CHECK_FAULT(touch_read, (char *)NULL + 16, SIGSEGV, SEGV_MAPERR);
	CHECK_FAULT(touch_write, (char *)0xc0000000, SIGSEGV, SEGV_MAPERR);
	CHECK_FAULT(touch_execute, (char *)0x10, SIGSEGV, SEGV_MAPERR);
	return 0;
}
