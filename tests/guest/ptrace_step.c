/*
 * Single steps and breakpoints: over plain instructions, system calls of both kinds, POPF, into and
 * out of signal handlers; the si_code of each; registers for breakpoints in hardware.
 */
#include "ptrace.h"

long step_here(void), step_call(void), step_popf(void);
extern char step_1[], step_2[], step_3[], call_int[], call_after[], popf_1[], popf_2[], popf_3[];
__asm__(".text\n"
	"step_here:\n"
	"	movl $1, %eax\n"
	"step_1: incl %eax\n"
	"step_2: int3\n"
	"step_3: ret\n"
	"step_call:\n"
	"	push %ebx\n"
	"	movl $20, %eax\n"
	"call_int: int $0x80\n"
	"call_after: nop\n"
	"	pop %ebx\n"
	"	ret\n"
	"step_popf:\n"
	"	pushfl\n"
	"popf_1: orl $0x100, (%esp)\n"
	"popf_2: popfl\n"
	"popf_3: nop\n"
	"	nop\n"
	"	ret\n");

static volatile int watched, handled;

static void handler(int signal)
{
	handled = signal;
}

static void body(void)
{
	handle_signal(SIGUSR1, handler, 0);
	step_here();
	step_call();
	raise(SIGUSR1);
	watched = 7;
	read(0, NULL, 0);
}

static uintptr_t eip_of(pid_t pid)
{
	return registers_of(pid).eip;
}

static void run_to(pid_t pid, void *address)
{
	long word = peek(pid, address);
	struct user_regs_struct registers;

	poke(pid, address, (word & ~0xffL) | 0xcc);
	resume(PTRACE_CONT, pid, 0);
	expect_stop(pid, SIGTRAP);
	CHECK_EQ(info_of(pid).si_code, SI_KERNEL);
	registers = registers_of(pid);
	CHECK_EQ(registers.eip, (uintptr_t)address + 1);
	registers.eip--;
	set_registers(pid, &registers);
	poke(pid, address, word);
}

static void step(pid_t pid, int code)
{
	resume(PTRACE_SINGLESTEP, pid, 0);
	expect_stop(pid, SIGTRAP);
	CHECK_EQ(info_of(pid).si_code, code);
	CHECK_EQ(registers_of(pid).eflags & 0x100, 0);
}

static void test_steps(void)
{
	pid_t pid = start_tracee(body);

	run_to(pid, (void *)step_here);
	step(pid, TRAP_TRACE);
	CHECK_EQ(eip_of(pid), (uintptr_t)step_1);
	CHECK_EQ((uintptr_t)info_of(pid).si_addr, (uintptr_t)step_1);
	CHECK_EQ(registers_of(pid).eax, 1);
	step(pid, TRAP_TRACE);
	CHECK_EQ(eip_of(pid), (uintptr_t)step_2);
	CHECK_EQ(registers_of(pid).eax, 2);
	step(pid, SI_KERNEL);	/* the program's own breakpoint */
	CHECK_EQ(eip_of(pid), (uintptr_t)step_3);

	/* A system call is one step. */
	run_to(pid, call_int);
	step(pid, TRAP_BRKPT);
	CHECK_EQ(eip_of(pid), (uintptr_t)call_after);
	CHECK_EQ(registers_of(pid).eax, pid);
	step(pid, TRAP_TRACE);
	CHECK_EQ(eip_of(pid), (uintptr_t)call_after + 1);

	/* A signal that is delivered during a step: stop at the handler's first instruction. */
	resume(PTRACE_CONT, pid, 0);
	expect_stop(pid, SIGUSR1);
	resume(PTRACE_SINGLESTEP, pid, SIGUSR1);
	expect_stop(pid, SIGTRAP);
	CHECK_EQ(info_of(pid).si_code, SIGTRAP);
	CHECK_EQ(eip_of(pid), (uintptr_t)handler);

	/* Step all the way through the handler and sigreturn, back to user code that follows. */
	for (int steps = 0; peek(pid, &handled) != SIGUSR1; steps++) {
		CHECK(steps < 5000);
		resume(PTRACE_SINGLESTEP, pid, 0);
		expect_stop(pid, SIGTRAP);
	}
	for (int steps = 0; peek(pid, &watched) != 7; steps++) {
		CHECK(steps < 20000);
		resume(PTRACE_SINGLESTEP, pid, 0);
		expect_stop(pid, SIGTRAP);
	}
	resume(PTRACE_CONT, pid, 0);
	expect_exit(pid, 0);
}

/* The program's own trap flag is neither hidden nor lost. */
static void pops(void)
{
	step_popf();
}

static void test_popf(void)
{
	pid_t pid = start_tracee(pops);

	run_to(pid, popf_1);
	step(pid, TRAP_TRACE);
	resume(PTRACE_SINGLESTEP, pid, 0);
	expect_stop(pid, SIGTRAP);
	CHECK_EQ(eip_of(pid), (uintptr_t)popf_3);
	CHECK_EQ(registers_of(pid).eflags & 0x100, 0x100);
	resume(PTRACE_CONT, pid, 0);
	expect_stop(pid, SIGTRAP);
	CHECK_EQ(info_of(pid).si_code, TRAP_TRACE);
	CHECK_EQ(eip_of(pid), (uintptr_t)popf_3 + 1);
	CHECK(kill(pid, SIGKILL) == 0);
	expect_death(pid, SIGKILL);
}

static void *debug_offset(int which)
{
	return (void *)(offsetof(struct user, u_debugreg) + 4 * which);
}

static void set_debug(pid_t pid, int which, unsigned long value)
{
	CHECK(ptrace(PTRACE_POKEUSER, pid, debug_offset(which), value) == 0);
}

static unsigned long debug_of(pid_t pid, int which)
{
	errno = 0;
	unsigned long value = ptrace(PTRACE_PEEKUSER, pid, debug_offset(which), 0);

	CHECK(errno == 0);
	return value;
}

static void test_hardware(void)
{
	pid_t pid = start_tracee(body);

	/* Execute at step_1 (slot 0), write to `watched` (slot 1, four bytes). */
	set_debug(pid, 0, (unsigned long)step_1);
	set_debug(pid, 1, (unsigned long)&watched);
	set_debug(pid, 7, 0x1 | 0x4 | 0xdUL << 20);
	CHECK_EQ(debug_of(pid, 0), (uintptr_t)step_1);
	CHECK_EQ(debug_of(pid, 7) & 0xffff00ff, 0x00d00005);
	resume(PTRACE_CONT, pid, 0);
	expect_stop(pid, SIGTRAP);
	CHECK_EQ(info_of(pid).si_code, TRAP_HWBKPT);
	CHECK_EQ(eip_of(pid), (uintptr_t)step_1);
	CHECK_EQ(debug_of(pid, 6) & 0xf, 1);
	set_debug(pid, 6, 0);
	resume(PTRACE_CONT, pid, 0);
	expect_stop(pid, SIGTRAP);	/* int3; the breakpoint did not hit again */
	CHECK_EQ(info_of(pid).si_code, SI_KERNEL);
	resume(PTRACE_CONT, pid, 0);
	expect_stop(pid, SIGUSR1);
	resume(PTRACE_CONT, pid, SIGUSR1);
	expect_stop(pid, SIGTRAP);
	CHECK_EQ(info_of(pid).si_code, TRAP_HWBKPT);
	CHECK_EQ(debug_of(pid, 6) & 0xf, 2);
	CHECK_EQ(peek(pid, &watched), 7);

	CHECK_ERRNO(ptrace(PTRACE_POKEUSER, pid, debug_offset(4), 0), EIO);
	CHECK_ERRNO(ptrace(PTRACE_POKEUSER, pid, debug_offset(5), 0), EIO);
	CHECK_ERRNO(ptrace(PTRACE_POKEUSER, pid, debug_offset(7), 0x1 | 0x2UL << 16), EINVAL);
	CHECK_ERRNO(ptrace(PTRACE_POKEUSER, pid, (void *)sizeof(struct user), 0), EIO);
	set_debug(pid, 7, 0);
	resume(PTRACE_CONT, pid, 0);
	expect_exit(pid, 0);
}

int main(void)
{
	test_steps();
	test_popf();
	test_hardware();
	return 0;
}
