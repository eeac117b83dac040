/*
 * ptrace(2) as i386 programs see it: requests, options, events, register layouts.
 */
#pragma once
#include <stdint.h>

/* clang-format off */
#define PTRACE_TRACEME		0
#define PTRACE_PEEKTEXT		1
#define PTRACE_PEEKDATA		2
#define PTRACE_PEEKUSR		3
#define PTRACE_POKETEXT		4
#define PTRACE_POKEDATA		5
#define PTRACE_POKEUSR		6
#define PTRACE_CONT		7
#define PTRACE_KILL		8
#define PTRACE_SINGLESTEP	9
#define PTRACE_GETREGS		12
#define PTRACE_SETREGS		13
#define PTRACE_GETFPREGS	14
#define PTRACE_SETFPREGS	15
#define PTRACE_ATTACH		16
#define PTRACE_DETACH		17
#define PTRACE_GETFPXREGS	18
#define PTRACE_SETFPXREGS	19
#define PTRACE_OLDSETOPTIONS	21
#define PTRACE_SYSCALL		24
#define PTRACE_GET_THREAD_AREA	25
#define PTRACE_SET_THREAD_AREA	26
#define PTRACE_SYSEMU		31
#define PTRACE_SYSEMU_SINGLESTEP 32
#define PTRACE_SETOPTIONS	0x4200
#define PTRACE_GETEVENTMSG	0x4201
#define PTRACE_GETSIGINFO	0x4202
#define PTRACE_SETSIGINFO	0x4203
#define PTRACE_GETREGSET	0x4204
#define PTRACE_SETREGSET	0x4205
#define PTRACE_SEIZE		0x4206
#define PTRACE_INTERRUPT	0x4207
#define PTRACE_LISTEN		0x4208
#define PTRACE_PEEKSIGINFO	0x4209
#define PTRACE_GETSIGMASK	0x420a
#define PTRACE_SETSIGMASK	0x420b
#define PTRACE_GET_SYSCALL_INFO	0x420e

#define PTRACE_EVENT_FORK	1
#define PTRACE_EVENT_VFORK	2
#define PTRACE_EVENT_CLONE	3
#define PTRACE_EVENT_EXEC	4
#define PTRACE_EVENT_VFORK_DONE	5
#define PTRACE_EVENT_EXIT	6
#define PTRACE_EVENT_STOP	128

#define PTRACE_O_TRACESYSGOOD	0x00000001u
#define PTRACE_O_EVENT(event)	(1u << (event))	/* TRACEFORK to TRACEEXIT, and TRACESECCOMP (7) */
#define PTRACE_O_EXITKILL	0x00100000u
#define PTRACE_O_SUSPEND_SECCOMP 0x00200000u
#define PTRACE_O_MASK		0x003000ffu

#define PTRACE_EVENTMSG_SYSCALL_ENTRY	1
#define PTRACE_EVENTMSG_SYSCALL_EXIT	2

#define PTRACE_SYSCALL_INFO_NONE	0
#define PTRACE_SYSCALL_INFO_ENTRY	1
#define PTRACE_SYSCALL_INFO_EXIT	2
#define AUDIT_ARCH_I386			0x40000003u

#define PTRACE_PEEKSIGINFO_SHARED	1u

/* Kinds of register sets, and of notes in a core file. */
#define NT_PRSTATUS		1
#define NT_PRFPREG		2
#define NT_PRPSINFO		3
#define NT_AUXV			6
#define NT_386_TLS		0x200
#define NT_386_IOPERM		0x201
#define NT_X86_XSTATE		0x202
#define NT_SIGINFO		0x53494749
#define NT_FILE			0x46494c45
#define NT_PRXFPREG		0x46e62b7f
/* clang-format on */

/* struct user_regs_struct, as words: PEEKUSR offset / 4. */
enum linux_user_register {
	USER_EBX, USER_ECX, USER_EDX, USER_ESI, USER_EDI, USER_EBP, USER_EAX,
	USER_DS, USER_ES, USER_FS, USER_GS,
	USER_ORIG_EAX, USER_EIP, USER_CS, USER_EFLAGS, USER_ESP, USER_SS,
	USER_REGISTER_COUNT
};

/* struct user: what PEEKUSR may ask for. */
#define USER_DEBUG_OFFSET	252
#define USER_DEBUG_COUNT	8
#define USER_SIZE		284

#define USER_FPREGS_SIZE	108	/* struct user_i387_struct: the FNSAVE form */
#define USER_FPXREGS_SIZE	512	/* struct user_fxsr_struct */
#define USER_XSTATE_SIZE	832	/* the XSAVE image of a processor with AVX */

struct linux_ptrace_peeksiginfo_args {
	uint64_t offset;
	uint32_t flags;
	int32_t count;
};

/* uint64_t is aligned to 4 bytes on i386, and this structure has no holes because of that. */
struct linux_ptrace_syscall_info {
	uint8_t op;
	uint8_t padding[3];
	uint32_t architecture;
	uint64_t instruction_pointer;
	uint64_t stack_pointer;
	union {
		struct {
			uint64_t number;
			uint64_t arguments[6];
		} entry;
		struct {
			int64_t result;
			uint8_t is_error;
		} exit;
	};
};
_Static_assert(sizeof(struct linux_ptrace_syscall_info) == 80, "Linux ABI");
