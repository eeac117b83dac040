/*
 * The registers of whoever was interrupted.
 */
#pragma once

/*
 * Pushed by entry.S in this order from the bottom up. The first three words are where a handler
 * with more than three arguments finds the rest of them (regparm(3)), so they come lowest.
 */
struct trap_frame {
	uint32_t esi, edi, ebp;
	uint32_t ebx, ecx, edx;
	uint32_t eax;		/* result */
	uint32_t segments;	/* 0: DS and ES were flat; else entry.S's own form */
	uint32_t vector;	/* interrupt number, or TRAP_VECTOR_SYSCALL */
	uint32_t error;		/* the machine's error code; for a system call its number */
	/* Pushed by the machine. */
	uint32_t eip, cs, eflags;
	uint32_t esp, ss;	/* only when it came from user mode */
};

#define TRAP_VECTOR_SYSCALL 0x80u
#define TRAP_VECTOR_RESTORED 0x100u /* rewritten by sigreturn or exec: no longer a system call */
#define TRAP_VECTOR_NO_CALL 0x101u /* a debugger has said that it is no system call */

static inline bool trap_frame_is_user(const struct trap_frame *frame)
{
	return (frame->cs & 3) == 3;
}

static inline uintptr_t trap_frame_instruction(const struct trap_frame *frame)
{
	return frame->eip;
}

static inline void trap_frame_set_instruction(struct trap_frame *frame, uintptr_t address)
{
	frame->eip = address;
}

static inline uintptr_t trap_frame_stack(const struct trap_frame *frame)
{
	return frame->esp;
}

static inline void trap_frame_set_stack(struct trap_frame *frame, uintptr_t address)
{
	frame->esp = address;
}

/* Where the interrupted code's own frame began, and its stack pointer if it ran in the kernel. */
static inline uintptr_t trap_frame_frame_pointer(const struct trap_frame *frame)
{
	return frame->ebp;
}

static inline uintptr_t trap_frame_kernel_stack(const struct trap_frame *frame)
{
	return (uintptr_t)&frame->esp;
}

static inline int32_t trap_frame_result(const struct trap_frame *frame)
{
	return (int32_t)frame->eax;
}

static inline void trap_frame_set_result(struct trap_frame *frame, int32_t result)
{
	frame->eax = (uint32_t)result;
}

static inline bool trap_frame_is_syscall(const struct trap_frame *frame)
{
	return frame->vector == TRAP_VECTOR_SYSCALL;
}

/* It was a device or another CPU that came in between, not the program itself. */
static inline bool trap_frame_is_interrupt(const struct trap_frame *frame)
{
	return frame->vector >= 32 && frame->vector < 0x100 && frame->vector != TRAP_VECTOR_SYSCALL;
}

static inline uint32_t trap_frame_call_number(const struct trap_frame *frame)
{
	return frame->error;
}

static inline uint32_t trap_frame_argument(const struct trap_frame *frame, unsigned int n)
{
	switch (n) {
	case 0: return frame->ebx;
	case 1: return frame->ecx;
	case 2: return frame->edx;
	case 3: return frame->esi;
	case 4: return frame->edi;
	default: return frame->ebp;
	}
}

/* Both `int $0x80` and the vDSO's resume point are two bytes long. */
static inline void trap_frame_rewind(struct trap_frame *frame)
{
	frame->eip -= 2;
	frame->eax = frame->error;
}
