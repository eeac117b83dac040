/*
 * Switching stacks, and the beginning of a new one.
 */
	.text

/*
 * void switch_stacks(uint32_t *from_sp, uint32_t to_sp): what C expects a call to keep lies on the
 * stack.
 */
	.globl switch_stacks
switch_stacks:
	pushl %ebp
	pushl %ebx
	pushl %esi
	pushl %edi
	movl %esp, (%eax)
	movl %edx, %esp
	popl %edi
	popl %esi
	popl %ebx
	popl %ebp
	ret

/* Where the first switch to a new thread returns to: EBX its function, ESI the argument. */
	.globl stack_begin
stack_begin:
	pushl $0
	movl %esi, %eax
	call *%ebx
	ud2

/* bool segment_load_fs(uint32_t selector), segment_load_gs: a bad selector faults and becomes 0. */
	.globl segment_load_fs, segment_load_gs
segment_load_fs:
1:	movw %ax, %fs
	movl $1, %eax
	ret
2:	xorl %eax, %eax
	movw %ax, %fs
	ret
	.pushsection .exception_table, "a"
	.long 1b, 2b, 0
	.popsection

segment_load_gs:
3:	movw %ax, %gs
	movl $1, %eax
	ret
4:	xorl %eax, %eax
	movw %ax, %gs
	ret
	.pushsection .exception_table, "a"
	.long 3b, 4b, 0
	.popsection

	.section .note.GNU-stack, "", @progbits
