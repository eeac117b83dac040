/*
 * Clearing and copying whole pages, and long user copies: by string instructions, and by SSE
 * registers, which are saved and restored because they may be a program's.
 */
#include "asm_macros.h"

#define SAVED_SIZE 64

.macro SAVE_XMM
	subl $SAVED_SIZE, %esp
	movups %xmm0, (%esp)
	movups %xmm1, 16(%esp)
	movups %xmm2, 32(%esp)
	movups %xmm3, 48(%esp)
.endm

.macro RESTORE_XMM
	movups (%esp), %xmm0
	movups 16(%esp), %xmm1
	movups 32(%esp), %xmm2
	movups 48(%esp), %xmm3
	addl $SAVED_SIZE, %esp
.endm

	.text

/* void page_clear_rep(void *page) */
	.globl page_clear_rep
page_clear_rep:
	pushl %edi
	movl %eax, %edi
	movl $1024, %ecx
	xorl %eax, %eax
	rep stosl
	popl %edi
	ret

/* void page_copy_rep(void *to, const void *from) */
	.globl page_copy_rep
page_copy_rep:
	pushl %edi
	pushl %esi
	movl %eax, %edi
	movl %edx, %esi
	movl $1024, %ecx
	rep movsl
	popl %esi
	popl %edi
	ret

/* A quarter of a page a turn: the turns cost 3 and 4 instructions. */
#define TURN_BYTES 1024

/* void page_clear_sse(void *page) */
	.globl page_clear_sse
page_clear_sse:
	subl $16, %esp
	movups %xmm0, (%esp)
	xorps %xmm0, %xmm0
	leal 4096(%eax), %ecx
1:	.set offset, 0
	.rept TURN_BYTES / 16
	movaps %xmm0, offset(%eax)
	.set offset, offset + 16
	.endr
	addl $TURN_BYTES, %eax
	cmpl %ecx, %eax
	jne 1b
	movups (%esp), %xmm0
	addl $16, %esp
	ret

/* void page_copy_sse(void *to, const void *from) */
	.globl page_copy_sse
page_copy_sse:
	SAVE_XMM
	movl $(4096 / TURN_BYTES), %ecx
1:	.set offset, 0
	.rept TURN_BYTES / 64
	movaps offset(%edx), %xmm0
	movaps offset+16(%edx), %xmm1
	movaps offset+32(%edx), %xmm2
	movaps offset+48(%edx), %xmm3
	movaps %xmm0, offset(%eax)
	movaps %xmm1, offset+16(%eax)
	movaps %xmm2, offset+32(%eax)
	movaps %xmm3, offset+48(%eax)
	.set offset, offset + 64
	.endr
	addl $TURN_BYTES, %edx
	addl $TURN_BYTES, %eax
	decl %ecx
	jnz 1b
	RESTORE_XMM
	ret

/* 64 bytes at an offset, each access in the exception table. */
.macro COPY_BLOCK_USER offset, fixup
	.set place, \offset
	.irp register, 0, 1, 2, 3
975:	movups place(%edx), %xmm\register
	EXCEPTION 975b, \fixup, 1
	.set place, place + 16
	.endr
	.set place, \offset
	.irp register, 0, 1, 2, 3
976:	movups %xmm\register, place(%eax)
	EXCEPTION 976b, \fixup, 1
	.set place, place + 16
	.endr
.endm

#define TURN_BLOCKS 16

/*
 * size_t user_copy_blocks_sse(void *to, const void *from, size_t blocks): of 64 bytes, at any
 * alignment, user memory on either side; without handling faults. Returns the blocks that are not
 * copied; preemption off. Sixteen blocks a turn; where a turn faults, its blocks go one by one, up
 * to the one that does.
 */
	.globl user_copy_blocks_sse
user_copy_blocks_sse:
	SAVE_XMM
	USER_ACCESS_OPEN
	subl $TURN_BLOCKS, %ecx
	jb 2f
1:	.set block, 0
	.rept TURN_BLOCKS
	COPY_BLOCK_USER block, 2f
	.set block, block + 64
	.endr
	addl $TURN_BLOCKS * 64, %edx
	addl $TURN_BLOCKS * 64, %eax
	subl $TURN_BLOCKS, %ecx
	jae 1b
2:	addl $TURN_BLOCKS, %ecx
	jz 4f
3:	COPY_BLOCK_USER 0, 4f
	addl $64, %edx
	addl $64, %eax
	decl %ecx
	jnz 3b
4:	USER_ACCESS_CLOSE
	RESTORE_XMM
	movl %ecx, %eax
	ret

	.section .note.GNU-stack, "", @progbits
