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

/* Unwinders and debuggers know these two by their bytes. */
	.balign 16
	nop
	.globl __kernel_sigreturn
	.type __kernel_sigreturn, @function
__kernel_sigreturn:
	popl %eax
	movl $119, %eax
	int $0x80
	.size __kernel_sigreturn, . - __kernel_sigreturn

	.balign 16
	nop
	.globl __kernel_rt_sigreturn
	.type __kernel_rt_sigreturn, @function
__kernel_rt_sigreturn:
	movl $173, %eax
	int $0x80
	.size __kernel_rt_sigreturn, . - __kernel_rt_sigreturn

	.section .note.GNU-stack, "", @progbits
