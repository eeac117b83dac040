/* SA_SIGINFO: who sent it, how, and with which value; the context shows where the program was. */
#include "check.h"
#include <ucontext.h>

/* volatile: the C library declares kill() as a call that calls nothing back. */
static volatile siginfo_t seen;
static volatile int seen_signal;
static uintptr_t seen_ip, seen_sp;

static void handler(int signal, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	seen_signal = signal;
	seen = *info;
	seen_ip = user->uc_mcontext.gregs[REG_EIP];
	seen_sp = user->uc_mcontext.gregs[REG_ESP];
}

int main(void)
{
	union sigval value = { .sival_int = 0x12345678 };
	char here;
	pid_t child;

	handle_signal_info(SIGUSR1, handler, 0);
	handle_signal_info(SIGCHLD, handler, 0);

	CHECK(kill(getpid(), SIGUSR1) == 0);
	CHECK_EQ(seen_signal, SIGUSR1);
	CHECK_EQ(seen.si_signo, SIGUSR1);
	CHECK_EQ(seen.si_code, SI_USER);
	CHECK_EQ(seen.si_pid, getpid());
	CHECK_EQ(seen.si_uid, 0);
	CHECK(seen_ip > 0x1000 && seen_ip < 0xfffff000);
	CHECK((uintptr_t)&here - seen_sp < 65536 || seen_sp - (uintptr_t)&here < 65536);

	CHECK(sigqueue(getpid(), SIGUSR1, value) == 0);
	CHECK_EQ(seen.si_code, SI_QUEUE);
	CHECK_EQ(seen.si_pid, getpid());
	CHECK_EQ(seen.si_value.sival_int, 0x12345678);

	CHECK_EQ(syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1), 0);
	CHECK_EQ(seen.si_code, SI_TKILL);
	CHECK_EQ(seen.si_pid, getpid());

	/* SIGCHLD tells how the child ended. */
	child = FORK();
	if (child == 0)
		_exit(17);
	while (seen_signal != SIGCHLD)
		sched_yield();
	CHECK_EQ(seen.si_code, CLD_EXITED);
	CHECK_EQ(seen.si_pid, child);
	CHECK_EQ(seen.si_status, 17);
	CHECK_EQ(wait_exit_status(child), 17);

	seen_signal = 0;
	child = FORK();
	if (child == 0) {
		pause();
		_exit(1);
	}
	CHECK(kill(child, SIGTERM) == 0);
	while (seen_signal != SIGCHLD)
		sched_yield();
	CHECK_EQ(seen.si_code, CLD_KILLED);
	CHECK_EQ(seen.si_status, SIGTERM);
	expect_signal_death(child, SIGTERM);

	/* A number in si_code that only the kernel may use cannot be sent to another process. */
	siginfo_t forged = { .si_signo = SIGUSR1, .si_code = SI_KERNEL };

	child = FORK();
	if (child == 0) {
		CHECK_ERRNO(syscall(SYS_rt_sigqueueinfo, getppid(), SIGUSR1, &forged), EPERM);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	return 0;
}
