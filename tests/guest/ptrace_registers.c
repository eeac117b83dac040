/* test: timeout=90
 * Registers in every form that ptrace gives and takes them; forged ones, which must not gain
 * anything: the tracee gets its signal, and the machine goes on.
 */
#include "ptrace.h"
#include <elf.h>
#include <sys/reg.h>

#define EFLAGS_IOPL 0x3000
#define EFLAGS_IF 0x200
#define EFLAGS_VM 0x20000
#define EFLAGS_NT 0x4000

static void body(void)
{
	raise(SIGUSR1);
}

static pid_t at_signal(void)
{
	pid_t pid = start_tracee(body);

	resume(PTRACE_CONT, pid, 0);
	expect_stop(pid, SIGUSR1);
	return pid;
}

static void end(pid_t pid)
{
	CHECK(ptrace(PTRACE_KILL, pid, 0, 0) == 0);
	expect_death(pid, SIGKILL);
}

static void test_flags(void)
{
	pid_t pid = at_signal();
	struct user_regs_struct before = registers_of(pid), registers = before;

	registers.eflags = 0xffffffff & ~0x100u;
	set_registers(pid, &registers);
	registers = registers_of(pid);
	CHECK_EQ(registers.eflags & (EFLAGS_IOPL | EFLAGS_VM | EFLAGS_NT), 0);
	CHECK_EQ(registers.eflags & EFLAGS_IF, EFLAGS_IF);
	CHECK_EQ(registers.eflags & 0x8d5, 0x8d5);
	registers.eflags = 0;
	set_registers(pid, &registers);
	CHECK_EQ(registers_of(pid).eflags & EFLAGS_IF, EFLAGS_IF);
	set_registers(pid, &before);
	resume(PTRACE_CONT, pid, 0);
	expect_exit(pid, 0);
}

static void test_selectors(void)
{
	static const long kernel[] = { 0x60, 0x68, 0x7a, 0x79, 0x78, 0x80 };
	static const int slots[] = { DS, ES, FS, GS, CS, SS };
	pid_t pid = at_signal();

	for (unsigned int i = 0; i < ARRAY_SIZE(slots); i++) {
		for (unsigned int j = 0; j < ARRAY_SIZE(kernel); j++)
			CHECK_ERRNO(ptrace(PTRACE_POKEUSER, pid, 4 * slots[i], kernel[j]), EIO);
	}
	CHECK_ERRNO(ptrace(PTRACE_POKEUSER, pid, 4 * CS, 0), EIO);
	CHECK_ERRNO(ptrace(PTRACE_POKEUSER, pid, 4 * SS, 0), EIO);
	CHECK(ptrace(PTRACE_POKEUSER, pid, 4 * FS, 0) == 0);
	CHECK_EQ(ptrace(PTRACE_PEEKUSER, pid, 4 * FS, 0), 0);
	end(pid);

	/* User privilege, but nothing that could be loaded: a fault of the tracee's. */
	for (unsigned int i = 0; i < ARRAY_SIZE(slots); i++) {
		int status;

		pid = at_signal();
		CHECK(ptrace(PTRACE_POKEUSER, pid, 4 * slots[i], 0xfffb) == 0);
		CHECK_EQ(ptrace(PTRACE_PEEKUSER, pid, 4 * slots[i], 0) & 0xffff, 0xfffb);
		resume(PTRACE_CONT, pid, 0);
		CHECK_EQ(waitpid(pid, &status, __WALL), pid);
		if (WIFSTOPPED(status)) {
			CHECK_EQ(WSTOPSIG(status),
				 slots[i] == CS || slots[i] == SS ? SIGILL : SIGSEGV);
			end(pid);
		}
	}
}

static void test_pointers(void)
{
	static const unsigned long addresses[] = {
		0, 0xbffffffc, 0xc0000000, 0xc0100000, 0xffffffff,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(addresses); i++) {
		pid_t pid = at_signal();

		CHECK(ptrace(PTRACE_POKEUSER, pid, 4 * EIP, addresses[i]) == 0);
		resume(PTRACE_CONT, pid, 0);
		expect_stop(pid, SIGSEGV);
		resume(PTRACE_CONT, pid, 0);
		expect_stop(pid, SIGSEGV);
		end(pid);
		/* A handler cannot be given a frame there. */
		pid = at_signal();
		CHECK(ptrace(PTRACE_POKEUSER, pid, 4 * UESP, addresses[i]) == 0);
		resume(PTRACE_CONT, pid, SIGUSR1);
		waitpid(pid, NULL, __WALL);
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, __WALL) == pid)
			;
	}
}

static void test_offsets(void)
{
	pid_t pid = at_signal();

	CHECK_ERRNO(ptrace(PTRACE_PEEKUSER, pid, 1, 0), EIO);
	CHECK_ERRNO(ptrace(PTRACE_PEEKUSER, pid, sizeof(struct user), 0), EIO);
	CHECK_ERRNO(ptrace(PTRACE_PEEKUSER, pid, -4, 0), EIO);
	CHECK_ERRNO(ptrace(PTRACE_POKEUSER, pid, 4 * 17, 0), EIO);
	CHECK_EQ(ptrace(PTRACE_PEEKUSER, pid, 4 * 17, 0), 0);
	CHECK_ERRNO(ptrace(PTRACE_SETOPTIONS, pid, 0, 0x100), EINVAL);
	CHECK_ERRNO(ptrace(PTRACE_GETREGS, pid, 0, 8), EFAULT);
	CHECK_ERRNO(ptrace(PTRACE_SETREGS, pid, 0, 0xc0001000), EFAULT);
	CHECK_ERRNO(ptrace(PTRACE_GETSIGINFO, pid, 0, 0xc0001000), EFAULT);
	CHECK_ERRNO(ptrace(PTRACE_SETSIGINFO, pid, 0, 8), EFAULT);
	CHECK_ERRNO(ptrace(PTRACE_GETEVENTMSG, pid, 0, 0xc0001000), EFAULT);
	CHECK_ERRNO(ptrace(777, pid, 0, 0), EIO);
	end(pid);
}

static void test_sets(void)
{
	pid_t pid = at_signal();
	struct user_regs_struct general = registers_of(pid), again;
	struct user_fpregs_struct fpu;
	struct user_fpxregs_struct fpx;
	uint32_t tls[3][4];
	char small[68];
	struct iovec part = { &again, sizeof(again) };

	CHECK(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &part) == 0);
	CHECK_EQ(part.iov_len, 68);
	CHECK(memcmp(&general, &again, sizeof(general)) == 0);
	part.iov_len = 8;
	part.iov_base = small;
	CHECK(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &part) == 0);
	CHECK_EQ(part.iov_len, 8);
	part.iov_len = 7;
	CHECK_ERRNO(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &part), EINVAL);
	part.iov_len = 4096;
	part.iov_base = &again;
	CHECK(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &part) == 0);
	CHECK_EQ(part.iov_len, 68);
	CHECK_ERRNO(ptrace(PTRACE_GETREGSET, pid, 0x12345, &part), EINVAL);
	CHECK_ERRNO(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, 8), EFAULT);

	CHECK(ptrace(PTRACE_GETFPREGS, pid, 0, &fpu) == 0);
	CHECK_EQ(fpu.cwd & 0xffff, 0x37f);
	fpu.cwd = 0xffff0f7f;
	CHECK(ptrace(PTRACE_SETFPREGS, pid, 0, &fpu) == 0);
	CHECK(ptrace(PTRACE_GETFPXREGS, pid, 0, &fpx) == 0);
	CHECK_EQ(fpx.cwd, 0xf7f);
	CHECK_EQ(fpx.mxcsr, 0x1f80);
	fpx.mxcsr = 0xffffffff;
	CHECK_ERRNO(ptrace(PTRACE_SETFPXREGS, pid, 0, &fpx), EIO);
	CHECK_ERRNO(ptrace(PTRACE_GETFPXREGS, pid, 0, 8), EIO);
	fpx.mxcsr = 0x1fa0;
	fpx.xmm_space[0] = 0x12345678;
	CHECK(ptrace(PTRACE_SETFPXREGS, pid, 0, &fpx) == 0);
	part.iov_base = &fpx;
	part.iov_len = sizeof(fpx);
	CHECK(ptrace(PTRACE_GETREGSET, pid, NT_PRXFPREG, &part) == 0);
	CHECK_EQ(fpx.mxcsr, 0x1fa0);
	CHECK_EQ(fpx.xmm_space[0], 0x12345678);

	part.iov_base = tls;
	part.iov_len = sizeof(tls);
	CHECK(ptrace(PTRACE_GETREGSET, pid, 0x200, &part) == 0);
	CHECK_EQ(tls[0][0], 6);
	CHECK(ptrace(PTRACE_GET_THREAD_AREA, pid, 6, tls[1]) == 0);
	CHECK(memcmp(tls[0], tls[1], 16) == 0);
	CHECK_ERRNO(ptrace(PTRACE_GET_THREAD_AREA, pid, 5, tls[1]), EINVAL);
	CHECK_ERRNO(ptrace(PTRACE_GET_THREAD_AREA, pid, -1, tls[1]), EIO);
	resume(PTRACE_CONT, pid, 0);
	expect_exit(pid, 0);
}

int main(void)
{
	test_flags();
	test_selectors();
	test_pointers();
	test_offsets();
	test_sets();
	return 0;
}
