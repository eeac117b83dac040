/*
 * The vDSO's entries that are not C: system calls and the ways back from signal handlers.
 */

	.text
	.balign 16
	.globl __kernel_vsyscall
	.type __kernel_vsyscall, @function
	.globl vdso_sysenter_return
/*
 * A system call as by int $0x80, registers and all. sysenter keeps neither stack pointer nor return
 * address: the first goes in EBP, the second is always vdso_sysenter_return. Without sysenter the
 * kernel writes "int $0x80; ret" over the beginning (vdso.c). The int $0x80 behind sysenter is
 * where a restarted call goes on.
 */
__kernel_vsyscall:
	.cfi_startproc
	pushl %ecx
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset ecx, 0
	pushl %edx
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset edx, 0
	pushl %ebp
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset ebp, 0
	movl %esp, %ebp
	sysenter
	int $0x80
vdso_sysenter_return:
	popl %ebp
	.cfi_restore ebp
	.cfi_adjust_cfa_offset -4
	popl %edx
	.cfi_restore edx
	.cfi_adjust_cfa_offset -4
	popl %ecx
	.cfi_restore ecx
	.cfi_adjust_cfa_offset -4
	ret
	.cfi_endproc
	.size __kernel_vsyscall, . - __kernel_vsyscall

/*
 * The ways back from signal handlers. Debuggers know them by their bytes; unwinders by these rules,
 * which say where the frame (arch/i386/signal_frame.c) keeps the interrupted code's registers: the
 * canonical frame address is its stack pointer, the others are restored from memory. `context` is
 * the distance from ESP to struct sigcontext. (DWARF 4, 6.4.2; register numbers of the i386 ABI.)
 *
 * An unwinder looks one byte before a return address, so the rules begin one instruction early.
 */
.macro SAVED_REGISTER number, offset	/* DW_CFA_expression */
	.cfi_escape 0x10, \number, 3, 0x74, ((\offset) & 0x7f) | 0x80, (\offset) >> 7
.endm

.macro SIGNAL_FRAME_RULES context
	/* DW_CFA_def_cfa_expression: the word at the saved ESP's place. */
	.cfi_escape 0x0f, 4, 0x74, ((\context + 28) & 0x7f) | 0x80, (\context + 28) >> 7, 0x06
	SAVED_REGISTER 0, (\context + 44)
	SAVED_REGISTER 1, (\context + 40)
	SAVED_REGISTER 2, (\context + 36)
	SAVED_REGISTER 3, (\context + 32)
	SAVED_REGISTER 5, (\context + 24)
	SAVED_REGISTER 6, (\context + 20)
	SAVED_REGISTER 7, (\context + 16)
	SAVED_REGISTER 8, (\context + 56)
.endm

	.balign 16
	.cfi_startproc simple
	.cfi_signal_frame
	SIGNAL_FRAME_RULES 4
	nop
	.globl __kernel_sigreturn
	.type __kernel_sigreturn, @function
__kernel_sigreturn:
	popl %eax
	SIGNAL_FRAME_RULES 0
	movl $119, %eax
	int $0x80
	.cfi_endproc
	.size __kernel_sigreturn, . - __kernel_sigreturn

	.balign 16
	.cfi_startproc simple
	.cfi_signal_frame
	SIGNAL_FRAME_RULES 160
	nop
	.globl __kernel_rt_sigreturn
	.type __kernel_rt_sigreturn, @function
__kernel_rt_sigreturn:
	movl $173, %eax
	int $0x80
	.cfi_endproc
	.size __kernel_rt_sigreturn, . - __kernel_rt_sigreturn

	.section .note.GNU-stack, "", @progbits
