/*
 * The first instructions of every CPU but the boot CPU: from real mode to smp_cpu_main(). Copied to
 * LAYOUT_TRAMPOLINE, so until paging is on, addresses are computed from there.
 */
#include "layout.h"

#define PHYSICAL(symbol) (symbol - LAYOUT_KERNEL_BASE)
#define COPIED(label)	 (LAYOUT_TRAMPOLINE + (label) - trampoline_start)

	.section .rodata
	.code16
	.balign 16
	.globl trampoline_start, trampoline_end
trampoline_start:
	cli
	cld
	xorw %ax, %ax
	movw %ax, %ds
	lgdtl COPIED(gdt_pointer)
	movl %cr0, %eax
	orb $CR0_PE, %al
	movl %eax, %cr0
	ljmpl $SELECTOR_KERNEL_CODE, $COPIED(1f)

	.code32
1:	movl $SELECTOR_KERNEL_DATA, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	/* Kernel tables may have no-execute bits, which are reserved until NXE is set. */
	cmpl $0, PHYSICAL(mmu_no_execute_bit) + 4
	je 2f
	movl $MSR_EFER, %ecx
	rdmsr
	orl $EFER_NXE, %eax
	wrmsr
2:	movl $(CR4_PAE | CR4_PSE), %eax
	movl %eax, %cr4
	movl $PHYSICAL(boot_pointer_table), %eax
	movl %eax, %cr3
	movl $(CR0_PG | CR0_WP | CR0_NE | CR0_MP | CR0_PE), %eax
	movl %eax, %cr0
	movl $trampoline_high, %eax
	jmp *%eax

gdt_pointer:
	.word SELECTOR_KERNEL_DATA + 7
	.long PHYSICAL(boot_gdt)
trampoline_end:

	.text
trampoline_high:
	movl smp_start_stack, %esp
	pushl $0
	xorl %ebp, %ebp
	call smp_cpu_main
	ud2

	.section .note.GNU-stack, "", @progbits
