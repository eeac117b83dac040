/*
 * A program that asks for it (EFLAGS.AC) is told by SIGBUS where it does not align; processors that
 * are emulated may not look, but their CR0 says that they should.
 */
#include "check.h"
#include <signal.h>

#define CR0_ALIGNMENT_MASK 0x40000u
#define EFLAGS_ALIGNMENT   0x40000u

static volatile sig_atomic_t told_code;

static void note(int number, siginfo_t *info, void *context)
{
	ucontext_t *of = context;

	(void)number;
	told_code = info->si_code;
	of->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)EFLAGS_ALIGNMENT;
}

static void read_unaligned(void)
{
	static char words[8];
	unsigned int value;

	__asm__ volatile("pushf\n\t"
			 "orl %2, (%%esp)\n\t"
			 "popf\n\t"
			 "movl 1(%1), %0\n\t"
			 "pushf\n\t"
			 "andl %3, (%%esp)\n\t"
			 "popf"
			 : "=&r"(value)
			 : "r"(words), "i"(EFLAGS_ALIGNMENT), "i"(~EFLAGS_ALIGNMENT)
			 : "memory", "cc");
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };
	unsigned int status;

	__asm__ volatile("smsw %0" : "=r"(status));
	CHECK(status & CR0_ALIGNMENT_MASK);
	CHECK(sigaction(SIGBUS, &action, NULL) == 0);
	read_unaligned();
	CHECK(told_code == 0 || told_code == BUS_ADRALN);
	return 0;
}
