/*
 * prctl(PR_SET_SYSCALL_USER_DISPATCH): calls from outside a range of code become a SIGSYS with
 * what was asked for, as long as a byte says so; nothing is done and no register changes. A byte
 * that is no answer, or cannot be read, is the end. Neither children nor new programs inherit it.
 */
#include "check.h"
#include <sys/prctl.h>
#include <sys/ucontext.h>

enum { DISPATCH = 59, ON = 1, ALLOW = 0, BLOCK = 1 };

static volatile char selector;
static volatile int signals, code, number, arch, first, register_eax;
static void *volatile from;

/* getpid from a place of its own. */
extern char own_start[], own_end[];
long own_getpid(void);
__asm__(".text\n"
	".globl own_getpid\n"
	".type own_getpid, @function\n"
	"own_getpid:\n"
	"own_start: movl $20, %eax\n"
	"	int $0x80\n"
	"	ret\n"
	"own_end:\n"
	"	nop\n");

static void on_call(int signal, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	(void)signal;
	selector = ALLOW;
	signals++;
	code = info->si_code;
	number = info->si_syscall;
	arch = info->si_arch;
	from = info->si_call_addr;
	first = user->uc_mcontext.gregs[REG_EBX];
	register_eax = user->uc_mcontext.gregs[REG_EAX];
	user->uc_mcontext.gregs[REG_EAX] = 4242;
}

static long dispatch(long mode, const void *start, size_t size, volatile char *byte)
{
	return raw_syscall(SYS_prctl, DISPATCH, mode, start, size, byte);
}

static void told(void)
{
	CHECK_EQ(dispatch(ON, NULL, 0, &selector), 0);
	CHECK_EQ(raw_syscall(SYS_getpid), getpid());
	CHECK_EQ(signals, 0);
	selector = BLOCK;
	CHECK_EQ(raw_syscall(SYS_getpgid, 0x1234), 4242);
	CHECK_EQ(signals, 1);
	CHECK_EQ(code, 2);
	CHECK_EQ(number, SYS_getpgid);
	CHECK_EQ(register_eax, SYS_getpgid);
	CHECK_EQ(first, 0x1234);
	CHECK_EQ(arch, 0x40000003);
	CHECK(from != NULL);
	selector = BLOCK;
	CHECK_EQ(raw_syscall(3000), 4242);
	CHECK_EQ(signals, 2);
	CHECK_EQ(number, 3000);
	selector = BLOCK;
	CHECK_EQ(own_getpid(), 4242);
	CHECK_EQ(signals, 3);
	CHECK(from > (void *)own_start && from < (void *)own_end);
}

static void range(void)
{
	pid_t self = getpid();

	CHECK_EQ(dispatch(ON, own_start, own_end - own_start, &selector), 0);
	selector = BLOCK;
	CHECK_EQ(own_getpid(), self);
	CHECK_EQ(signals, 3);
	CHECK_EQ(raw_syscall(SYS_getpid), 4242);
	CHECK_EQ(signals, 4);
}

static void inherited_not(void)
{
	pid_t pid = FORK();

	if (pid == 0) {
		selector = BLOCK;
		CHECK(getppid() > 0);
		CHECK_EQ(signals, 4);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(pid), 0);
}

static void bad_answer(void)
{
	CHECK_EQ(dispatch(ON, NULL, 0, &selector), 0);
	selector = 7;
	raw_syscall(SYS_getpid);
}

static void lost_byte(void)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK_EQ(dispatch(ON, own_start, own_end - own_start, page), 0);
	CHECK(munmap(page, PAGE) == 0);
	own_getpid();
	raw_syscall(SYS_getpid);
}

static void ignored(void)
{
	signal(SIGSYS, SIG_IGN);
	CHECK_EQ(dispatch(ON, NULL, 0, &selector), 0);
	selector = BLOCK;
	raw_syscall(SYS_getpid);
}

static void refused(void)
{
	CHECK_EQ(dispatch(0, (void *)1, 0, NULL), -EINVAL);
	CHECK_EQ(dispatch(0, NULL, 1, NULL), -EINVAL);
	CHECK_EQ(dispatch(0, NULL, 0, &selector), -EINVAL);
	CHECK_EQ(dispatch(2, NULL, 0, NULL), -EINVAL);
	CHECK_EQ(dispatch(ON, own_start, -1, &selector), -EINVAL);
	CHECK_EQ(dispatch(ON, own_start, 0, &selector), -EINVAL);
	CHECK_EQ(dispatch(ON, NULL, 0, (char *)0xfffff000), -EFAULT);
}

int main(int argc, char **argv)
{
	char *arguments[] = { argv[0], "executed", NULL };

	if (argc > 1)
		return 0;
	handle_signal_info(SIGSYS, on_call, 0);
	refused();
	told();
	range();
	inherited_not();
	CHECK_EQ(dispatch(0, NULL, 0, NULL), 0);
	selector = BLOCK;
	CHECK(raw_syscall(SYS_getpid) > 0);
	CHECK_EQ(signals, 4);
	dies_of(SIGSYS, bad_answer);
	dies_of(SIGSEGV, lost_byte);
	dies_of(SIGSYS, ignored);
	selector = ALLOW;
	CHECK_EQ(dispatch(ON, NULL, 0, &selector), 0);
	execv("/proc/self/exe", arguments);
	FAIL("execv");
}
