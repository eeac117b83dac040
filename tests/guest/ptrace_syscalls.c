/*
 * System-call stops: before and after each call, with the registers as Linux shows them; a tracer
 * changes the number, skips the call, changes the result.
 */
#include "ptrace.h"

static void body(void)
{
	CHECK_EQ(raw_syscall(SYS_getpid), 4242);	/* result changed */
	CHECK_EQ(raw_syscall(SYS_getppid), 77);		/* call skipped, result given */
	CHECK_EQ(raw_syscall(SYS_getppid), -ENOSYS);	/* call skipped */
	CHECK_EQ(raw_syscall(9999, 1, 2, 3, 4, 5, 6), getpid());	/* number changed */
	CHECK_EQ(raw_syscall(SYS_close, 12345), 0);	/* argument changed */
	CHECK_EQ(raw_syscall(9998), -ENOSYS);
}

static struct user_regs_struct at_enter(pid_t pid, long number)
{
	struct user_regs_struct registers;

	resume(PTRACE_SYSCALL, pid, 0);
	expect_stop(pid, SIGTRAP | 0x80);
	registers = registers_of(pid);
	CHECK_EQ(registers.orig_eax, number);
	CHECK_EQ(registers.eax, -ENOSYS);
	CHECK_EQ(message_of(pid), 1);
	CHECK_EQ(info_of(pid).si_code, SIGTRAP | 0x80);
	CHECK_EQ(info_of(pid).si_signo, SIGTRAP);
	CHECK_EQ(info_of(pid).si_pid, pid);
	return registers;
}

static struct user_regs_struct at_leave(pid_t pid)
{
	resume(PTRACE_SYSCALL, pid, 0);
	expect_stop(pid, SIGTRAP | 0x80);
	CHECK_EQ(message_of(pid), 2);
	return registers_of(pid);
}

int main(void)
{
	struct user_regs_struct registers;
	int fd = dup(2);
	pid_t pid = start_tracee(body);

	set_options(pid, PTRACE_O_TRACESYSGOOD);

	/* The rest of raise(): tgkill's end, and the mask put back. */
	do {
		resume(PTRACE_SYSCALL, pid, 0);
		expect_stop(pid, SIGTRAP | 0x80);
	} while (registers_of(pid).orig_eax != SYS_getpid || registers_of(pid).eax != -ENOSYS);
	registers = at_leave(pid);
	CHECK_EQ(registers.orig_eax, SYS_getpid);
	CHECK_EQ(registers.eax, pid);
	registers.eax = 4242;
	set_registers(pid, &registers);

	registers = at_enter(pid, SYS_getppid);
	registers.orig_eax = -1;
	registers.eax = 77;
	set_registers(pid, &registers);
	registers = at_leave(pid);
	CHECK_EQ(registers.eax, 77);
	CHECK_EQ(registers.orig_eax, -1);

	registers = at_enter(pid, SYS_getppid);
	CHECK(ptrace(PTRACE_POKEUSER, pid, 4 * 11, -1) == 0);
	CHECK_EQ(at_leave(pid).eax, -ENOSYS);

	registers = at_enter(pid, 9999);
	CHECK_EQ(registers.ebx, 1);
	CHECK_EQ(registers.ecx, 2);
	CHECK_EQ(registers.edx, 3);
	CHECK_EQ(registers.esi, 4);
	CHECK_EQ(registers.edi, 5);
	CHECK_EQ(registers.ebp, 6);
	registers.orig_eax = SYS_getpid;
	set_registers(pid, &registers);
	registers = at_leave(pid);
	CHECK_EQ(registers.eax, pid);
	CHECK_EQ(registers.esi, 4);
	CHECK_EQ(registers.ebp, 6);
	at_enter(pid, SYS_getpid);
	at_leave(pid);

	registers = at_enter(pid, SYS_close);
	CHECK_EQ(registers.ebx, 12345);
	registers.ebx = fd;
	set_registers(pid, &registers);
	CHECK_EQ(at_leave(pid).eax, 0);

	at_enter(pid, 9998);
	CHECK_EQ(at_leave(pid).eax, -ENOSYS);

	at_enter(pid, SYS_exit_group);
	resume(PTRACE_CONT, pid, 0);
	expect_exit(pid, 0);
	CHECK_ERRNO(ptrace(PTRACE_CONT, pid, 0, 0), ESRCH);
	return 0;
}
