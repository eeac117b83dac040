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

/* void page_clear_sse(void *page) */
	.globl page_clear_sse
page_clear_sse:
	subl $16, %esp
	movups %xmm0, (%esp)
	xorps %xmm0, %xmm0
	leal 4096(%eax), %ecx
1:	.set offset, 0
	.rept 16
	movaps %xmm0, offset(%eax)
	.set offset, offset + 16
	.endr
	addl $256, %eax
	cmpl %ecx, %eax
	jne 1b
	movups (%esp), %xmm0
	addl $16, %esp
	ret

/* void page_copy_sse(void *to, const void *from) */
	.globl page_copy_sse
page_copy_sse:
	SAVE_XMM
	movl $16, %ecx
1:	.set offset, 0
	.rept 4
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
	addl $256, %edx
	addl $256, %eax
	decl %ecx
	jnz 1b
	RESTORE_XMM
	ret

/*
 * size_t user_copy_blocks_sse(void *to, const void *from, size_t blocks): of 64 bytes, at any
 * alignment, user memory on either side; without handling faults. Returns the blocks that are not
 * copied; preemption off.
 */
	.globl user_copy_blocks_sse
user_copy_blocks_sse:
	SAVE_XMM
	USER_ACCESS_OPEN
1:	movups (%edx), %xmm0
2:	movups 16(%edx), %xmm1
3:	movups 32(%edx), %xmm2
4:	movups 48(%edx), %xmm3
5:	movups %xmm0, (%eax)
6:	movups %xmm1, 16(%eax)
7:	movups %xmm2, 32(%eax)
8:	movups %xmm3, 48(%eax)
	addl $64, %edx
	addl $64, %eax
	decl %ecx
	jnz 1b
9:	USER_ACCESS_CLOSE
	RESTORE_XMM
	movl %ecx, %eax
	ret
	EXCEPTION 1b, 9b, 1
	EXCEPTION 2b, 9b, 1
	EXCEPTION 3b, 9b, 1
	EXCEPTION 4b, 9b, 1
	EXCEPTION 5b, 9b, 1
	EXCEPTION 6b, 9b, 1
	EXCEPTION 7b, 9b, 1
	EXCEPTION 8b, 9b, 1

	.section .note.GNU-stack, "", @progbits
