/*
 * Signals as i386 programs see them: numbers, flags, siginfo, the kernel's sigaction forms.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* clang-format off */
#define SIGHUP		1
#define SIGINT		2
#define SIGQUIT		3
#define SIGILL		4
#define SIGTRAP		5
#define SIGABRT		6
#define SIGBUS		7
#define SIGFPE		8
#define SIGKILL		9
#define SIGUSR1		10
#define SIGSEGV		11
#define SIGUSR2		12
#define SIGPIPE		13
#define SIGALRM		14
#define SIGTERM		15
#define SIGSTKFLT	16
#define SIGCHLD		17
#define SIGCONT		18
#define SIGSTOP		19
#define SIGTSTP		20
#define SIGTTIN		21
#define SIGTTOU		22
#define SIGURG		23
#define SIGXCPU		24
#define SIGXFSZ		25
#define SIGVTALRM	26
#define SIGPROF		27
#define SIGWINCH	28
#define SIGIO		29
#define SIGPWR		30
#define SIGSYS		31

#define SIG_DFL		0u
#define SIG_IGN		1u

#define SA_NOCLDSTOP	0x00000001u
#define SA_NOCLDWAIT	0x00000002u
#define SA_SIGINFO	0x00000004u
#define SA_RESTORER	0x04000000u
#define SA_ONSTACK	0x08000000u
#define SA_RESTART	0x10000000u
#define SA_NODEFER	0x40000000u
#define SA_RESETHAND	0x80000000u

#define SIG_BLOCK	0
#define SIG_UNBLOCK	1
#define SIG_SETMASK	2

#define SS_ONSTACK	1u
#define SS_DISABLE	2u
#define SS_AUTODISARM	0x80000000u
#define MINSIGSTKSZ	2048u

/* si_code */
#define SI_USER		0
#define SI_KERNEL	0x80
#define SI_QUEUE	(-1)
#define SI_TIMER	(-2)
#define SI_MESGQ	(-3)
#define SI_ASYNCIO	(-4)
#define SI_SIGIO	(-5)
#define SI_TKILL	(-6)
#define ILL_ILLOPC	1
#define ILL_ILLOPN	2
#define ILL_PRVOPC	5
#define ILL_BADSTK	8
#define FPE_INTDIV	1
#define FPE_INTOVF	2
#define FPE_FLTDIV	3
#define FPE_FLTOVF	4
#define FPE_FLTUND	5
#define FPE_FLTRES	6
#define FPE_FLTINV	7
#define FPE_FLTSUB	8
#define SEGV_MAPERR	1
#define SEGV_ACCERR	2
#define BUS_ADRALN	1
#define BUS_ADRERR	2
#define BUS_OBJERR	3
#define TRAP_BRKPT	1
#define SYS_USER_DISPATCH 2
#define AUDIT_ARCH_I386	0x40000003u
#define TRAP_TRACE	2
#define TRAP_HWBKPT	4
#define CLD_EXITED	1
#define CLD_KILLED	2
#define CLD_DUMPED	3
#define CLD_TRAPPED	4
#define CLD_STOPPED	5
#define CLD_CONTINUED	6
/* clang-format on */

union linux_sigval {
	int32_t integer;
	uint32_t pointer;
};

/*
 * The part of siginfo_t that any signal uses. For programs it has 128 bytes, of which the rest is
 * 0.
 */
#define LINUX_SIGINFO_SIZE 128
struct linux_siginfo {
	int32_t signo;
	int32_t error;
	int32_t code;
	union {
		struct {
			int32_t pid;
			uint32_t uid;
			union linux_sigval value;
		} user; /* kill, sigqueue */
		struct {
			int32_t timer_id;
			int32_t overrun;
			union linux_sigval value;
		} timer;
		struct {
			int32_t pid;
			uint32_t uid;
			int32_t status;
			int32_t user_ticks;
			int32_t system_ticks;
		} child; /* SIGCHLD */
		struct {
			uint32_t address;
		} fault; /* SIGILL, SIGFPE, SIGSEGV, SIGBUS, SIGTRAP */
		struct {
			int32_t band;
			int32_t fd;
		} io; /* SIGIO */
		struct {
			uint32_t call_address;
			int32_t call_number;
			uint32_t architecture;
		} syscall; /* SIGSYS */
	};
};
_Static_assert(sizeof(struct linux_siginfo) == 32, "as much of siginfo_t as Linux keeps");

/* sigaction(2), number 67. */
struct linux_old_sigaction {
	uint32_t handler;
	uint32_t mask;
	uint32_t flags;
	uint32_t restorer;
};

/* rt_sigaction(2), number 174. */
struct linux_sigaction {
	uint32_t handler;
	uint32_t flags;
	uint32_t restorer;
	uint32_t mask[2];
};

struct linux_stack {
	uint32_t sp;
	uint32_t flags;
	uint32_t size;
};

/* sigevent.sigev_notify */
#define SIGEV_SIGNAL	0
#define SIGEV_NONE	1
#define SIGEV_THREAD	2
#define SIGEV_THREAD_ID	4

struct linux_sigevent {
	union linux_sigval value;
	int32_t signo;
	int32_t notify;
	int32_t tid;
	int32_t padding[12];
};
_Static_assert(sizeof(struct linux_sigevent) == 64, "sigevent is 64 bytes");
