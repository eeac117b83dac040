/*
 * Into the kernel and back.
 *
 * Every way in leaves a struct trap_frame on the kernel stack. DS and ES are only looked at: what
 * user mode has there is flat and good enough for the kernel, unless a program changed it; then
 * they are loaded, and the frame says what to give back. FS and GS stay the program's, the kernel
 * uses neither.
 *
 * System calls have a fast way out. C keeps EBX, ESI, EDI and EBP, so they still hold the program's
 * values when a handler returns; ECX and EDX are taken from the frame, EAX is the result. That is
 * right only while the frame is what the program came with, so whoever changes it sets a bit of
 * return_work, and any such bit leads to the full way out:
 *
 *	handler returns -> return_work == 0, interrupts off -> iret or sysexit
 *		-> else: live registers into the frame, unless it was rewritten (its vector says so)
 *		   -> upcall_return_work -> all registers from the frame -> iret
 *
 * The words of ESI, EDI and EBP in the frame are the handler's fourth to sixth arguments, and its
 * to overwrite.
 *
 * sysenter arrives with interrupts off, ESP at this CPU's tss.esp0, the program's ESP in EBP and
 * its EBP, which is the sixth argument, on top of its stack (vdso/vdso.S). Where it goes on
 * afterwards is kept above the frame (struct stack_top): each program has its vDSO elsewhere.
 *
 * Few calls have six arguments, and EBP comes back from the program's stack in any case. So the
 * program's EBP is read only where it matters: for those calls, which have an entry of their own
 * in sysenter_table that leads through sysenter_sixth; when the call ends with work to be done, so
 * for signal handlers and calls that start anew; and at once if somebody watches. Otherwise the
 * frame has the program's ESP in its place, which is what a debugger sees that comes in the middle
 * of a call, or looks at a new child, or at a program between its return and the vDSO's popl.
 * (Linux reads it at each call, and fails with EFAULT if it cannot: of that stack the program dies
 * anyway.)
 *
 * sysexit leaves the flags as they are, so the program's are popped before it, and with them
 * interrupts are on for one instruction, after return_work was looked at. Whoever interrupts there
 * goes back to where that is done again (sysenter_leave): nothing up to sysexit cannot be repeated.
 */
#include "asm_offsets.h"
#include "asm_macros.h"
#include "layout.h"
#include "uapi/linux/errno.h"
#include "vdso_offsets.h"

#define EFLAGS_IF 0x200
#define VECTOR_RESTORED 0x100	/* TRAP_VECTOR_RESTORED */

/*
 * Flags of a program under which C code must not run, and after sysenter those that need iret to
 * return.
 */
#define INT80_FLAGS	(EFLAGS_DF | EFLAGS_AC)
#define SYSENTER_FLAGS	(EFLAGS_DF | EFLAGS_AC | EFLAGS_NT | EFLAGS_TF)

.macro STACK_HEADER register
	movl %esp, \register
	andl $-KERNEL_STACK_SIZE, \register
.endm

.macro LOAD_FLAT_SEGMENTS
	movl $SELECTOR_USER_DATA, %eax
	movl %eax, %ds
	movl %eax, %es
.endm

/* Push what `segments` holds: 0 if DS and ES are flat. Sets the zero flag; destroys EAX. */
.macro PUSH_SEGMENTS
	movl %ds, %eax
	shll $16, %eax
	movw %es, %ax
	xorl $FLAT_SEGMENTS, %eax
	pushl %eax
.endm

/* The upper half of the frame is there; the lower half is pushed from the live registers. */
.macro PUSH_CALL_REGISTERS
	pushl %edx
	pushl %ecx
	pushl %ebx
	pushl %ebp
	pushl %edi
	pushl %esi
.endm

/*
 * With ESP at a frame that user mode left, so at the top of the stack, the word return_work of the
 * stack's header is this far away.
 */
#define FRAME_RETURN_WORK (HEADER_RETURN_WORK + FRAME_SIZE + TOP_SIZE - KERNEL_STACK_SIZE)

/* The handler's address lies in the slot of the result. EAX is free. */
.macro CALL_HANDLER traced, work, leave=978
#if ASM_CONFIG_DEBUG
	pushfl
	popl %eax
	testl $(EFLAGS_DF | EFLAGS_AC | EFLAGS_NT), %eax
	jnz trap_flags_of_program
#endif
	testl $RETURN_WORK_WATCHED, FRAME_RETURN_WORK(%esp)
	jnz \traced
	movl %ebx, %eax
	xchgl %ecx, %edx
	call *FRAME_EAX(%esp)
#if ASM_CONFIG_DEBUG
	pushl %eax
	call lock_check_nothing_held
	popl %eax
#endif
\leave:
	cli
	cmpl $0, FRAME_RETURN_WORK(%esp)
	jne \work
.endm

/*
 * What sysenter left on the program's stack, of which EBP is the address, into `register`; to `bad`
 * if that cannot be read. Interrupts on.
 */
.macro LOAD_PROGRAMS_EBP register, bad
	cmpl $(USER_END_VALUE - 4), %ebp
	ja 976f
	USER_ACCESS_OPEN
975:	movl (%ebp), \register
	USER_ACCESS_CLOSE
	EXCEPTION 975b, 977f
	.pushsection .text.unlikely, "ax"
977:	USER_ACCESS_CLOSE
976:	jmp \bad
	.popsection
.endm

.macro STORE_LIVE_REGISTERS
	movl %eax, FRAME_EAX(%esp)
	movl %ebx, FRAME_EBX(%esp)
	movl %esi, FRAME_ESI(%esp)
	movl %edi, FRAME_EDI(%esp)
	movl %ebp, FRAME_EBP(%esp)
.endm

	.text

/* int $0x80. Interrupts stay on. */
entry_int80:
	pushl %eax
	pushl $VECTOR_SYSCALL
	PUSH_SEGMENTS
	jnz int80_segments
int80_flat:
	movl 8(%esp), %eax
	cmpl syscall_count, %eax
	jae int80_absent
	pushl syscall_table(,%eax,4)
int80_known:
	PUSH_CALL_REGISTERS
	testl $INT80_FLAGS, FRAME_EFLAGS(%esp)
	jnz int80_dirty
int80_clean:
	CALL_HANDLER syscall_traced, syscall_work
	movl FRAME_ECX(%esp), %ecx
	movl FRAME_EDX(%esp), %edx
	addl $FRAME_EIP, %esp
	.globl trap_fast_iret
trap_fast_iret:
	iret

int80_segments:
	LOAD_FLAT_SEGMENTS
	STACK_HEADER %eax
	lock orl $RETURN_WORK_FRAME, HEADER_RETURN_WORK(%eax)
	jmp int80_flat
int80_absent:
	pushl $sys_ni
	jmp int80_known
int80_dirty:
	pushl $(EFLAGS_FIXED | EFLAGS_IF)
	popfl
	jmp int80_clean

	.globl entry_sysenter, sysenter_on_stack, sysenter_on_stack_traced
	.balign 16
entry_sysenter:
	movl (%esp), %esp
sysenter_on_stack:
	sti
	pushl $SELECTOR_USER_DATA
	pushl %ebp
	pushfl
sysenter_flags_pushed:
	pushl $SELECTOR_USER_CODE
	pushl 16+TOP_SYSENTER_RETURN(%esp)
	pushl %eax
	pushl $VECTOR_SYSCALL
	PUSH_SEGMENTS
	jnz sysenter_segments
sysenter_flat:
	movl 8(%esp), %eax
	cmpl syscall_count, %eax
	jae sysenter_absent
	pushl sysenter_table(,%eax,4)
sysenter_known:
	PUSH_CALL_REGISTERS
	testl $SYSENTER_FLAGS, FRAME_EFLAGS(%esp)
	jnz sysenter_dirty
sysenter_clean:
	CALL_HANDLER sysenter_traced, sysenter_work, sysenter_leave
	movl FRAME_ESP(%esp), %ecx
	movl FRAME_EIP(%esp), %edx
	pushl FRAME_EFLAGS(%esp)
	popfl
sysenter_left:
	sysexit

sysenter_segments:
	LOAD_FLAT_SEGMENTS
	STACK_HEADER %eax
	lock orl $RETURN_WORK_FRAME, HEADER_RETURN_WORK(%eax)
	jmp sysenter_flat
sysenter_absent:
	pushl $sys_ni
	jmp sysenter_known
sysenter_dirty:
	pushl $(EFLAGS_FIXED | EFLAGS_IF)
	popfl
	lock orl $RETURN_WORK_FRAME, FRAME_RETURN_WORK(%esp)
	jmp sysenter_clean

/* What trap.c makes of sysenter_on_stack when the program single-steps. */
sysenter_on_stack_traced:
	sti
	pushl $SELECTOR_USER_DATA
	pushl %ebp
	pushfl
	orl $EFLAGS_TF, (%esp)
	jmp sysenter_flags_pushed

/* Interrupts off, return_work not zero: a signal handler is to find the program's EBP. */
sysenter_work:
	cmpl $VECTOR_SYSCALL, FRAME_VECTOR(%esp)
	jne syscall_work
	sti
	LOAD_PROGRAMS_EBP %ebp, 1f
1:	cli
	jmp syscall_work

sysenter_traced:
	LOAD_PROGRAMS_EBP %ebp, 1f
	movl %ebp, FRAME_EBP(%esp)
	jmp syscall_traced
1:	movl $-EFAULT, FRAME_EAX(%esp)
	cli
	jmp exit_to_user

/*
 * Called in place of a handler of six arguments, whose address is on the stack, above it the return
 * address and the frame. Everything is as the handler finds it but the frame's EBP, and so is EBP
 * afterwards.
 */
	.globl sysenter_sixth
sysenter_sixth:
	LOAD_PROGRAMS_EBP %eax, 1f
	movl %eax, 8+FRAME_EBP(%esp)
	movl %ebx, %eax
	ret
1:	addl $4, %esp
	movl $-EFAULT, %eax
	ret

/*
 * A tracer may change all registers and the number, before the call and while it stops in it. So
 * here the frame is the truth, and the handler gets a copy of its last three arguments.
 */
syscall_traced:
	movl %esp, %eax
	call upcall_syscall_enter
	testl %eax, %eax
	jz 2f
	movl %eax, %ebx
#if ASM_CONFIG_DEBUG
	/* core/stale.h: what the handler finds on the stack. */
	movl stale_word, %eax
	testl %eax, %eax
	jz 4f
	STACK_HEADER %edi
	addl $HEADER_SIZE, %edi
	movl %esp, %ecx
	subl %edi, %ecx
	shrl $2, %ecx
	rep stosl
4:
#endif
	movl %esp, %esi
	pushl FRAME_EBP(%esi)
	pushl FRAME_EDI(%esi)
	pushl FRAME_ESI(%esi)
	movl FRAME_EBX(%esi), %eax
	movl FRAME_ECX(%esi), %edx
	movl FRAME_EDX(%esi), %ecx
	call *%ebx
	addl $12, %esp
	cmpl $VECTOR_RESTORED, FRAME_VECTOR(%esp)
	je 2f
	movl %eax, FRAME_EAX(%esp)
2:	movl %esp, %eax
	call upcall_syscall_leave
	cli
	jmp exit_to_user

/* Interrupts off, return_work not zero. */
syscall_work:
	cmpl $VECTOR_SYSCALL, FRAME_VECTOR(%esp)
	jne 1f
	STORE_LIVE_REGISTERS
1:	movl %esp, %eax
	sti
	call upcall_return_work
	jmp restore_all

/* noreturn void enter_user(void *frame) */
	.globl enter_user
enter_user:
	movl %eax, %esp
	cli
	jmp exit_to_user

/* Exceptions and interrupts: error code and vector are pushed, interrupts are off. */
.macro SAVE_ALL
	pushl %eax
	pushl %eax
	PUSH_CALL_REGISTERS
	cld
	USER_ACCESS_CLOSE
	movl %ds, %eax
	shll $16, %eax
	movw %es, %ax
	xorl $FLAT_SEGMENTS, %eax
	movl %eax, FRAME_SEGMENTS(%esp)
	jz 972f
	LOAD_FLAT_SEGMENTS
972:	movl %esp, %eax
.endm

page_fault_entry:
	pushl $14
	SAVE_ALL
	movl %cr2, %edx
	call trap_page_fault
	jmp trap_exit

exception_common:
	SAVE_ALL
	call trap_common
trap_exit:
	cli
	jmp interrupt_exit

interrupt_common:
	SAVE_ALL
	call trap_interrupt
	testb $3, FRAME_CS(%esp)
	jnz exit_to_user
	cmpl $sysenter_left, FRAME_EIP(%esp)
	jne restore_all
	movl $sysenter_leave, FRAME_EIP(%esp)
	jmp restore_all

interrupt_exit:
	testb $3, FRAME_CS(%esp)
	jz restore_all
exit_to_user:
	cmpl $0, FRAME_RETURN_WORK(%esp)
	je restore_all
	movl %esp, %eax
	sti
	call upcall_return_work
restore_all:
	popl %esi
	popl %edi
	popl %ebp
	popl %ebx
	popl %ecx
	popl %edx
	popl %eax
	cmpl $0, (%esp)
	jne restore_segments
restore_rest:
	addl $12, %esp
	.globl trap_iret
trap_iret:
	iret

/*
 * A selector may have gone bad meanwhile: then it becomes 0. From the first load on, memory only
 * through SS.
 */
restore_segments:
	pushl %eax
	movl 4(%esp), %eax
	xorl $FLAT_SEGMENTS, %eax
1:	movw %ax, %es
2:	shrl $16, %eax
3:	movw %ax, %ds
4:	popl %eax
	jmp restore_rest
5:	pushl $0
	popl %es
	jmp 2b
6:	pushl $0
	popl %ds
	jmp 4b
	EXCEPTION 1b, 5b
	EXCEPTION 3b, 6b

/*
 * A single step or NMI on sysenter's first instruction, with ESP at tss.esp0: go over to the
 * thread's stack, as if that instruction had run. The error word is not pushed yet.
 */
.macro LEAVE_ENTRY_STACK
	cmpl $entry_sysenter, (%esp)
	jne 973f
	cmpl $SELECTOR_KERNEL_CODE, 4(%esp)
	jne 973f
	pushl %eax
	movl %esp, %eax
	movl %ss:16(%eax), %esp
	pushl %ss:12(%eax)
	pushl $SELECTOR_KERNEL_CODE
	pushl $sysenter_on_stack
	movl %ss:(%eax), %eax
973:
.endm

debug_entry:
	LEAVE_ENTRY_STACK
	pushl $0
	pushl $1
	SAVE_ALL
	call trap_debug
	jmp trap_exit

nmi_entry:
	LEAVE_ENTRY_STACK
	pushl $0
	pushl $2
	SAVE_ALL
	call trap_nmi
	jmp restore_all

/* On the double-fault task's own stack; it never returns. */
	.globl double_fault_entry
double_fault_entry:
	call trap_double_fault
	ud2

/* One stub a vector, and the table of them for idt.c; the two most frequent need none. */
.macro STUB vector
	.set has_error, 0	/* SDM vol. 3, table 6-1 */
	.if \vector == 8 || \vector == 17 || \vector == 21 || \vector == 29 || \vector == 30
	.set has_error, 1
	.elseif \vector >= 10 && \vector <= 14
	.set has_error, 1
	.endif
	.pushsection .rodata
	.if \vector == VECTOR_SYSCALL
	.long entry_int80
	.elseif \vector == 14
	.long page_fault_entry
	.else
	.long 974f
	.endif
	.popsection
974:
	.if \vector == 1
	jmp debug_entry
	.elseif \vector == 2
	jmp nmi_entry
	.elseif \vector == VECTOR_SYSCALL || \vector == 14
	.elseif has_error
	pushl $\vector
	jmp exception_common
	.elseif \vector < 32
	pushl $0
	pushl $\vector
	jmp exception_common
	.else
	pushl $0
	pushl $\vector
	jmp interrupt_common
	.endif
.endm

	.section .rodata
	.balign 4
	.globl trap_stubs
trap_stubs:
	.text
	.altmacro
	.set next_vector, 0
	.rept 256
	STUB %next_vector
	.set next_vector, next_vector + 1
	.endr
	.noaltmacro

	.section .note.GNU-stack, "", @progbits
