/*
 * A call is made with flags that mean something to the kernel: with the direction flag its string
 * instructions would go backwards, with the alignment flag SMAP would protect nothing, with the
 * nested-task flag its iret would switch tasks. By int $0x80 and by the vDSO's entry the call does
 * what it should, and the program has its flags afterwards, those of its arithmetic among them;
 * after a page fault, too. A debug kernel panics if it would begin a call under them. Interrupts
 * that come on the way back change nothing of that.
 */
#include "check.h"
#include <sys/auxv.h>
#include <sys/time.h>

enum { DIRECTION = 0x400, NESTED = 0x4000, ALIGNMENT = 0x40000, ID = 0x200000 };
enum { CARRY = 1, PARITY = 4, ADJUST = 0x10, ZERO = 0x40, SIGN = 0x80, OVERFLOW = 0x800 };
enum { ARITHMETIC = CARRY | PARITY | ADJUST | ZERO | SIGN | OVERFLOW };
enum { PLAIN = 0x202 };
enum { LOOKED_AT = DIRECTION | NESTED | ALIGNMENT | ID | ARITHMETIC };

uintptr_t vdso_entry;		/* named in assembly */

/* Three arguments; *flags are those to call with, and then those after the call. */
typedef long call_function(long number, long first, long second, long third, uint32_t *flags);

#define CALL(instruction) \
	long result = number; \
	__asm__ volatile("pushl %%edi\n\t" \
			 "popfl\n\t" \
			 instruction "\n\t" \
			 "pushfl\n\t" \
			 "popl %%edi\n\t" \
			 "pushl %%esi\n\t" \
			 "popfl" \
			 : "+a"(result), "+D"(*flags) \
			 : "b"(first), "c"(second), "d"(third), "S"(PLAIN) : "memory", "cc"); \
	return result

static long by_int80(long number, long first, long second, long third, uint32_t *flags)
{
	CALL("int $0x80");
}

static long by_vdso(long number, long first, long second, long third, uint32_t *flags)
{
	CALL("call *vdso_entry");
}

/* A write to a page that is not there yet: a fault and no call. */
static long by_fault(long number, long first, long second, long third, uint32_t *flags)
{
	(void)second;
	CALL("movl %%edx, (%%ebx)");
}

static void check_flags(const char *what, uint32_t asked, uint32_t got)
{
	if ((got & LOOKED_AT) != (asked & LOOKED_AT))
		FAIL("%s with flags %#x comes back with %#x", what, asked, got);
}

static void try_calls(const char *what, call_function *call, uint32_t asked)
{
	char text[5 * PAGE];
	uint32_t flags;
	int ends[2];

	CHECK(pipe(ends) == 0);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = pattern_byte(i);
	flags = asked;
	CHECK_EQ(call(SYS_write, ends[1], (long)text, sizeof(text), &flags), sizeof(text));
	check_flags(what, asked, flags);
	memset(text, 0, sizeof(text));
	flags = asked;
	CHECK_EQ(call(SYS_read, ends[0], (long)text, sizeof(text), &flags), sizeof(text));
	check_flags(what, asked, flags);
	for (size_t i = 0; i < sizeof(text); i++)
		CHECK_EQ(text[i], pattern_byte(i));
	flags = asked;
	CHECK_EQ(call(SYS_read, ends[0], 0xc0000000, 1, &flags), -EFAULT);
	check_flags(what, asked, flags);
	flags = asked;
	CHECK_EQ(call(9999, 0, 0, 0, &flags), -ENOSYS);
	check_flags(what, asked, flags);
	close(ends[0]);
	close(ends[1]);
}

static void try_fault(uint32_t asked)
{
	char *page = map_pages(1);
	uint32_t flags = asked;

	by_fault(0, (long)page, 0, 0x1234, &flags);
	check_flags("a page fault", asked, flags);
	CHECK_EQ(*(int *)page, 0x1234);
	CHECK(munmap(page, PAGE) == 0);
}

/* A child begins with its parent's flags. */
static void try_fork(call_function *call, uint32_t asked)
{
	uint32_t flags = asked;
	long pid = call(SYS_fork, 0, 0, 0, &flags);

	CHECK(pid >= 0);
	check_flags("fork", asked, flags);
	if (pid == 0)
		_exit(7);
	CHECK_EQ(wait_exit_status(pid), 7);
}

static volatile sig_atomic_t alarms;

static void on_alarm(int signal)
{
	(void)signal;
	alarms++;
}

/* Timers strike anywhere between the call's end and the program: none harms. */
static void try_interrupts(const char *what, call_function *call)
{
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { { 0, 0 }, { 0, 0 } };
	long long end = now_ns() + scaled(500) * 1000000LL;

	alarms = 0;
	CHECK(signal(SIGALRM, on_alarm) != SIG_ERR);
	CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
	for (uint32_t i = 0; now_ns() < end; i++) {
		uint32_t asked = PLAIN | (i % 2 ? CARRY | SIGN : ZERO | OVERFLOW), flags = asked;

		CHECK_EQ(call(SYS_getppid, i, 1, 2, &flags), getppid());
		check_flags(what, asked, flags);
	}
	CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
	CHECK(alarms > 0);
}

int main(void)
{
	static const uint32_t tries[] = {
		0,	    DIRECTION,		   ALIGNMENT, NESTED,	  ID,
		CARRY,	    PARITY,		   ADJUST,    ZERO,	  SIGN,
		OVERFLOW,   DIRECTION | ALIGNMENT, CARRY | ZERO | OVERFLOW, ARITHMETIC, LOOKED_AT,
	};

	vdso_entry = getauxval(AT_SYSINFO);
	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		try_calls("int $0x80", by_int80, PLAIN | tries[i]);
		try_calls("the vDSO", by_vdso, PLAIN | tries[i]);
		try_fault(PLAIN | tries[i]);
		try_fork(by_int80, PLAIN | tries[i]);
		try_fork(by_vdso, PLAIN | tries[i]);
	}
	try_interrupts("int $0x80", by_int80);
	try_interrupts("the vDSO", by_vdso);
	return 0;
}
