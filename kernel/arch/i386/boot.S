/*
 * From the boot loader to kernel_main().
 *
 * Entered by multiboot 1: protected mode, flat segments, paging off, EAX the magic number, EBX the
 * information block, everything else unknown; even the BSS may be stale. Nothing of the loader's is
 * used after the first far jump but that block, which boot_info_read() copies.
 *
 * The first page tables map physical 0 to 768 MiB at KERNEL_BASE in 2 MiB pages, writable and
 * executable; an identity map of the first 2 MiB carries us over the switch. paging.c makes them
 * what they should be.
 */
#include "layout.h"
#include "asm_offsets.h"
#include "uapi/quartet/events.h"

#define PHYSICAL(symbol) (symbol - LAYOUT_KERNEL_BASE)

#define MULTIBOOT_MAGIC	0x1badb002
#define MULTIBOOT_FLAGS	0x00000003	/* modules on page boundaries; tell of memory */

#define LARGE_PAGE	0x83		/* present, writable, 2 MiB */
#define DIRECT_PAGES	(LAYOUT_DIRECT_MAX >> 21)

	.section .boot, "ax", @progbits
	.balign 4
	.long MULTIBOOT_MAGIC
	.long MULTIBOOT_FLAGS
	.long -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

	/* Where a viewer of the machine's memory begins: uapi/quartet/events.h. */
	.long QUARTET_MAGIC_1, QUARTET_MAGIC_2, PHYSICAL(event_directory)

	.globl boot_start
boot_start:
	cli
	cld
	movl %eax, %ebp

	/* Our own segments at once: the loader's table may lie in memory that we reuse. */
	lgdt PHYSICAL(boot_gdt_pointer_physical)
	ljmp $SELECTOR_KERNEL_CODE, $PHYSICAL(1f)
1:	movl $SELECTOR_KERNEL_DATA, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	xorl %eax, %eax
	movl %eax, %fs
	movl %eax, %gs

	movl $PHYSICAL(boot_stack_top), %esp

	/* CPUID itself exists where EFLAGS.ID can be changed; PAE since the Pentium Pro. */
	pushl $EFLAGS_ID
	popfl
	pushfl
	popl %eax
	testl $EFLAGS_ID, %eax
	jz no_pae
	pushl $0
	popfl
	movl %ebx, %esi
	movl $1, %eax
	cpuid
	movl %esi, %ebx
	testl $(1 << 6), %edx
	jz no_pae

	/* Who has PAE has a time-stamp counter. We are some twenty instructions old. */
	rdtsc
	movl %eax, %esi
	movl $PHYSICAL(bss_start), %edi
	movl $PHYSICAL(bss_end), %ecx
	subl %edi, %ecx
	shrl $2, %ecx
	xorl %eax, %eax
	rep stosl
	movl %esi, PHYSICAL(boot_counter)
	movl %edx, PHYSICAL(boot_counter) + 4

	/* 384 directory entries of 2 MiB, and the identity map of the first. */
	movl $PHYSICAL(kernel_directory), %edi
	movl $LARGE_PAGE, %eax
	movl $DIRECT_PAGES, %ecx
2:	movl %eax, (%edi)
	addl $8, %edi
	addl $0x200000, %eax
	decl %ecx
	jnz 2b
	movl $LARGE_PAGE, PHYSICAL(boot_identity_directory)
	movl $PHYSICAL(boot_identity_directory) + 1, PHYSICAL(boot_pointer_table)
	movl $PHYSICAL(kernel_directory) + 1, PHYSICAL(boot_pointer_table) + 24

	/* PSE too: one emulator honours 2 MiB pages only then. */
	movl %cr4, %eax
	orl $(CR4_PAE | CR4_PSE), %eax
	movl %eax, %cr4
	movl $PHYSICAL(boot_pointer_table), %eax
	movl %eax, %cr3
	movl %cr0, %eax
	andl $~(CR0_EM | CR0_TS | CR0_AM | CR0_NW | CR0_CD), %eax
	orl $(CR0_PG | CR0_WP | CR0_MP | CR0_NE), %eax
	movl %eax, %cr0
	movl $high, %eax
	jmp *%eax

high:
	lgdt boot_gdt_pointer
	movl $boot_stack_top, %esp
	xorl %edx, %edx
	pushl %edx		/* ends backtraces */
	movl %ebp, boot_magic
	movl %ebx, boot_information
	xorl %ebp, %ebp
	call kernel_main
	ud2

/* Says so on the first serial port, for that is all we have. */
no_pae:
	movl $PHYSICAL(no_pae_text), %esi
3:	movw $0x3fd, %dx
	inb %dx, %al
	testb $0x20, %al
	jz 3b
	lodsb
	testb %al, %al
	jz 4f
	movw $0x3f8, %dx
	outb %al, %dx
	jmp 3b
4:	hlt
	jmp 4b

	.section .rodata
no_pae_text:
	.asciz "Quartet needs a processor with PAE (Pentium Pro or later).\r\n"

	/* Flat kernel segments at their final numbers; gdt.c makes the full table of each CPU. */
	.balign 8
	.globl boot_gdt
boot_gdt:
	.fill SELECTOR_KERNEL_CODE / 8, 8, 0
	.quad 0x00cf9b000000ffff
	.quad 0x00cf93000000ffff
boot_gdt_end:
	.globl boot_gdt_pointer
boot_gdt_pointer:
	.word boot_gdt_end - boot_gdt - 1
	.long boot_gdt
	.globl boot_gdt_pointer_physical
boot_gdt_pointer_physical:
	.word boot_gdt_end - boot_gdt - 1
	.long PHYSICAL(boot_gdt)

	.section .bss.page_aligned, "aw", @nobits
	/* The stack of the boot CPU's first thread, which becomes its idle thread. */
	.balign KERNEL_STACK_SIZE
	.globl boot_stack
boot_stack:
	.fill KERNEL_STACK_SIZE
boot_stack_top:
	.globl kernel_directory
	.balign 4096
kernel_directory:
	.fill 4096
	.globl boot_identity_directory
boot_identity_directory:
	.fill 4096
	.section .bss
	.globl boot_magic, boot_information, boot_counter
	.balign 8
boot_counter:
	.fill 8
boot_magic:
	.fill 4
boot_information:
	.fill 4
	.globl boot_pointer_table
	.balign 32
boot_pointer_table:
	.fill 32
	.section .note.GNU-stack, "", @progbits
