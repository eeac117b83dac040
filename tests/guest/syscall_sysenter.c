/*
 * Calls by way of the vDSO's entry, which takes its sixth argument from the program's stack: a
 * call of six, one of fewer, one that a handler interrupts and one that goes on after it, and what
 * a tracer sees of each. The sixth argument is in EBP wherever somebody looks.
 */
#include "ptrace.h"
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/ucontext.h>
#include <sys/un.h>

#define UNUSED_EBP 0x1234567

static uintptr_t entry;

/* Any six arguments, by the vDSO; every register but EAX must be what it was. */
static long call(long number, const void *first, long second, long third, long fourth, long fifth,
		 long sixth)
{
	long arguments[6] = { (long)first, second, third, fourth, fifth, sixth };
	struct {
		long number;
		uintptr_t entry;
		long sixth, own_ebp;
	} frame = { number, entry, sixth, 0 };
	long seen[6];

	/* EAX is the frame's address, and then the number and the result. */
	asm volatile("movl %%ebp, 12(%%eax)\n\t"
		     "pushl %%eax\n\t"
		     "movl 8(%%eax), %%ebp\n\t"
		     "pushl 4(%%eax)\n\t"
		     "movl (%%eax), %%eax\n\t"
		     "call *(%%esp)\n\t"
		     "addl $4, %%esp\n\t"
		     "xchgl %%eax, (%%esp)\n\t"
		     "xchgl %%ebp, 8(%%eax)\n\t"
		     "movl 12(%%eax), %%ebp\n\t"
		     "popl %%eax"
		     : "=a"(number), "=b"(seen[0]), "=c"(seen[1]), "=d"(seen[2]), "=S"(seen[3]),
		       "=D"(seen[4])
		     : "0"(&frame), "1"(first), "2"(second), "3"(third), "4"(fourth), "5"(fifth)
		     : "memory", "cc");
	seen[5] = frame.sixth;
	for (int i = 0; i < 6; i++)
		CHECK_EQ(seen[i], arguments[i]);
	return number;
}

static long call_3(long number, long first, const void *second, long third)
{
	return call(number, (const void *)first, (long)second, third, 4, 5, UNUSED_EBP);
}

/* The sixth argument is where the mapping begins in its file. */
static void six(void)
{
	int fd = MUST(open("file", O_RDWR | O_CREAT | O_TRUNC, 0600));
	char *map;

	CHECK(ftruncate(fd, 4 * PAGE) == 0);
	CHECK(pwrite(fd, "third", 5, 2 * PAGE) == 5);
	map = (char *)call(SYS_mmap2, NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 2);
	CHECK((long)map > 0 || (long)map < -4095);
	CHECK(memcmp(map, "third", 5) == 0);
	CHECK(munmap(map, PAGE) == 0 && close(fd) == 0);
	CHECK_EQ(call(SYS_mmap2, NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0), -EBADF);
}

static void fewer(void)
{
	int ends[2];
	char byte = 'x';

	CHECK(pipe(ends) == 0);
	CHECK_EQ(call_3(SYS_write, ends[1], &byte, 1), 1);
	byte = 0;
	CHECK_EQ(call_3(SYS_read, ends[0], &byte, 1), 1);
	CHECK(byte == 'x');
	CHECK_EQ(call_3(SYS_getppid, 1, NULL, 3), getppid());
	CHECK_EQ(call_3(9999, 1, NULL, 3), -ENOSYS);
	CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
}

static volatile sig_atomic_t handled;
static volatile long handler_ebp, handler_eax;

static void note(int signal, siginfo_t *info, void *context)
{
	const ucontext_t *user = context;

	(void)signal;
	(void)info;
	handled = 1;
	handler_ebp = user->uc_mcontext.gregs[REG_EBP];
	handler_eax = user->uc_mcontext.gregs[REG_EAX];
}

/* A process that interrupts its parent in `fd`'s read, and writes when that has been handled. */
static pid_t interrupter(int fd)
{
	pid_t parent = getpid(), child = MUST(fork());

	if (child > 0)
		return child;
	wait_until_blocked(parent);
	CHECK(kill(parent, SIGUSR1) == 0);
	wait_until_blocked(parent);
	CHECK(write(fd, "late", 4) == 4);
	_exit(0);
}

static void interrupted(int flags)
{
	struct sigaction action = { .sa_sigaction = note, .sa_flags = SA_SIGINFO | flags };
	struct sockaddr_un address;
	socklen_t size;
	int ends[2];
	char text[8];
	long result;
	pid_t child;

	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	for (int count = 3; count <= 6; count += 3) {
		long sixth = count == 6 ? (long)&size : UNUSED_EBP;

		handled = 0;
		size = sizeof(address);
		child = interrupter(ends[1]);
		result = count == 6 ? call(SYS_recvfrom, (void *)ends[0], (long)text, sizeof(text),
					   0, (long)&address, sixth)
				    : call_3(SYS_read, ends[0], text, sizeof(text));
		CHECK(handled);
		CHECK_EQ(handler_ebp, sixth);
		if (!(flags & SA_RESTART)) {
			CHECK_EQ(result, -EINTR);
			CHECK_EQ(handler_eax, -EINTR);
			CHECK_EQ(read(ends[0], text, sizeof(text)), 4);
		} else {
			CHECK_EQ(handler_eax, count == 6 ? SYS_recvfrom : SYS_read);
			CHECK_EQ(result, 4);
			CHECK_EQ(size, count == 6 ? 0 : sizeof(address));
		}
		CHECK(memcmp(text, "late", 4) == 0);
		CHECK_EQ(wait_exit_status(child), 0);
	}
	CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
}

static void traced_body(void)
{
	char byte;

	call(SYS_mmap2, NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0x777);
	call_3(SYS_read, -1, &byte, 1);
	_exit(0);
}

/* At the beginning and at the end of a call EBP is the sixth argument, taken or not. */
static void traced(void)
{
	static const struct {
		long number, sixth;
	} calls[] = { { SYS_mmap2, 0x777 }, { SYS_read, UNUSED_EBP } };
	pid_t pid = start_tracee(traced_body);

	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
		for (int stop = 0; stop < 2; stop++) {
			struct user_regs_struct registers;

			resume(PTRACE_SYSCALL, pid, 0);
			expect_stop(pid, SIGTRAP);
			registers = registers_of(pid);
			CHECK_EQ(registers.orig_eax, calls[i].number);
			CHECK_EQ(registers.ebp, calls[i].sixth);
		}
	}
	resume(PTRACE_CONT, pid, 0);
	expect_exit(pid, 0);
}

/* The stack from which the sixth argument would come is not there: nothing happens but a death. */
static void no_stack(void)
{
	static const uintptr_t bad[] = { 0, 0x1000, 0xc0000000, 0xfffffffc };

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		pid_t pid = MUST(fork());
		int status;

		if (pid == 0) {
			asm volatile("movl %0, %%ebp\n\t"
				     "sysenter"
				     : : "c"(bad[i]), "a"(SYS_mmap2), "b"(0));
			_exit(1);
		}
		CHECK(waitpid(pid, &status, 0) == pid);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	}
}

int main(void)
{
	entry = getauxval(AT_SYSINFO);
	if (!entry)
		SKIP("no vDSO");
	six();
	fewer();
	interrupted(0);
	interrupted(SA_RESTART);
	traced();
	no_stack();
	return 0;
}
