/*
 * The instructions that touch user memory. A fault in one of them is satisfied if it can be, else
 * execution goes on at the label that the exception table names (trap.c). Ranges are checked by
 * user_copy.c.
 *
 * Arguments in EAX, EDX, ECX; the nofault forms are the same code with their own table entries.
 */
#include "asm_macros.h"
#include "uapi/linux/errno.h"

#define COPY_UNROLLED	128	/* bytes: less are copied without a loop */
#define COPY_WORD_CODE	6	/* bytes of code for a word */

/* One word of a short copy, the last first; both displacements in one byte, even 0. */
.macro COPY_ONE_WORD index, nofault
951:	.byte 0x8b, 0x5a, (\index * 4)		/* movl index * 4(%edx), %ebx */
952:	.byte 0x89, 0x58, (\index * 4)		/* movl %ebx, index * 4(%eax) */
	EXCEPTION 951b, 33f, \nofault
	EXCEPTION 952b, 33f, \nofault
.endm

/*
 * size_t NAME(void *to, const void *from, size_t size): returns the bytes not copied.
 *
 * Up to 31 words, which is all but long reads and writes, are copied without a loop; on a fault all
 * of it is copied again byte by byte, up to the one that faults. More go four words at a time, in
 * an order that leaves no gap: what is not counted off is copied again byte by byte.
 */
.macro COPY_WORDS name, nofault
	.globl \name
\name:
	cmpl $COPY_UNROLLED, %ecx
	jae 30f
	testb $3, %cl
	jnz 31f
	pushl %ebx
	USER_ACCESS_OPEN
	jmp *29f(, %ecx)
	.set copied, COPY_UNROLLED / 4 - 1
	.rept COPY_UNROLLED / 4 - 1
	.set copied, copied - 1
	COPY_ONE_WORD copied, \nofault
	.endr
40:	USER_ACCESS_CLOSE
	xorl %eax, %eax
	popl %ebx
	ret
31:	cmpl $1, %ecx
	je 36f
	pushl %ebx
	USER_ACCESS_OPEN
	subl $4, %ecx
	jb 32f
13:	movl (%edx), %ebx
14:	movl %ebx, (%eax)
	addl $4, %edx
	addl $4, %eax
	subl $4, %ecx
	jae 13b
32:	addl $4, %ecx
33:
15:	movb (%edx), %bl
16:	movb %bl, (%eax)
	incl %edx
	incl %eax
	decl %ecx
	jnz 33b
34:	USER_ACCESS_CLOSE
	movl %ecx, %eax
	popl %ebx
	ret
35:	addl $4, %ecx
	jmp 33b
/* A byte alone: what goes through pipes to wake somebody, and terminals. */
36:	USER_ACCESS_OPEN
17:	movb (%edx), %cl
18:	movb %cl, (%eax)
	USER_ACCESS_CLOSE
	xorl %eax, %eax
	ret
37:	USER_ACCESS_CLOSE
	movl $1, %eax
	ret
	EXCEPTION 17b, 37b, \nofault
	EXCEPTION 18b, 37b, \nofault
	EXCEPTION 13b, 35b, \nofault
	EXCEPTION 14b, 35b, \nofault
	EXCEPTION 15b, 34b, \nofault
	EXCEPTION 16b, 34b, \nofault
	.pushsection .rodata
	.balign 4
29:	.set copied, 0
	.rept COPY_UNROLLED / 4
	.long 40b - copied * COPY_WORD_CODE
	.set copied, copied + 1
	.endr
	.popsection
30:	pushl %esi
	pushl %edi
	pushl %ebx
	pushl %ebp
	movl %eax, %edi
	movl %edx, %esi
	USER_ACCESS_OPEN
	subl $16, %ecx
1:	movl (%esi), %eax
2:	movl 4(%esi), %edx
3:	movl 8(%esi), %ebx
4:	movl 12(%esi), %ebp
5:	movl %eax, (%edi)
6:	movl %edx, 4(%edi)
7:	movl %ebx, 8(%edi)
8:	movl %ebp, 12(%edi)
	addl $16, %esi
	addl $16, %edi
	subl $16, %ecx
	jae 1b
20:	addl $16, %ecx
	subl $4, %ecx
	jb 21f
9:	movl (%esi), %eax
10:	movl %eax, (%edi)
	addl $4, %esi
	addl $4, %edi
	subl $4, %ecx
	jae 9b
21:	addl $4, %ecx
	jz 23f
22:
11:	movb (%esi), %al
12:	movb %al, (%edi)
	incl %esi
	incl %edi
	decl %ecx
	jnz 22b
23:	USER_ACCESS_CLOSE
	movl %ecx, %eax
	popl %ebp
	popl %ebx
	popl %edi
	popl %esi
	ret
24:	addl $16, %ecx
	jmp 22b
25:	addl $4, %ecx
	jmp 22b
	EXCEPTION 1b, 24b, \nofault
	EXCEPTION 2b, 24b, \nofault
	EXCEPTION 3b, 24b, \nofault
	EXCEPTION 4b, 24b, \nofault
	EXCEPTION 5b, 24b, \nofault
	EXCEPTION 6b, 24b, \nofault
	EXCEPTION 7b, 24b, \nofault
	EXCEPTION 8b, 24b, \nofault
	EXCEPTION 9b, 25b, \nofault
	EXCEPTION 10b, 25b, \nofault
	EXCEPTION 11b, 23b, \nofault
	EXCEPTION 12b, 23b, \nofault
.endm

	.text
	COPY_WORDS user_copy_words, 0
	COPY_WORDS user_copy_words_nofault, 1

/* The same by string instructions, for long copies where those are fast. */
.macro COPY_STRING name, nofault
	.globl \name
\name:
	pushl %esi
	pushl %edi
	movl %eax, %edi
	movl %edx, %esi
	movl %ecx, %edx
	shrl $2, %ecx
	andl $3, %edx
	USER_ACCESS_OPEN
1:	rep movsl
2:	movl %edx, %ecx
3:	rep movsb
4:	USER_ACCESS_CLOSE
	movl %ecx, %eax
	popl %edi
	popl %esi
	ret
5:	leal (%edx,%ecx,4), %edx
	jmp 2b
	EXCEPTION 1b, 5b, \nofault
	EXCEPTION 3b, 4b, \nofault
.endm

	COPY_STRING user_copy_string, 0
	COPY_STRING user_copy_string_nofault, 1

/* size_t user_clear_bytes(void *to, size_t size): returns the bytes not cleared. */
	.globl user_clear_bytes
user_clear_bytes:
	pushl %edi
	movl %eax, %edi
	movl %edx, %ecx
	shrl $2, %ecx
	andl $3, %edx
	xorl %eax, %eax
	USER_ACCESS_OPEN
1:	rep stosl
2:	movl %edx, %ecx
3:	rep stosb
4:	USER_ACCESS_CLOSE
	movl %ecx, %eax
	popl %edi
	ret
5:	leal (%edx,%ecx,4), %edx
	jmp 2b
	EXCEPTION 1b, 5b
	EXCEPTION 3b, 4b

/*
 * ssize_t user_copy_text(char *to, const char *from, size_t size): length, -EFAULT, or size if
 * there is no NUL. By words where they are aligned, so that none lies across the end of a page that
 * the text does not reach.
 *
 * A word less 1 in each byte has an upper bit set where a byte is 0 or above 0x80. So words of
 * ASCII need no second look; others show whether a byte is 0 by the same without the bytes that had
 * the upper bit themselves. The lowest bit that is left then stands for the first NUL.
 */
	.globl user_copy_text
user_copy_text:
	pushl %ebx
	pushl %esi
	pushl %edi
	xorl %esi, %esi
	USER_ACCESS_OPEN
	jmp 3f
1:	movb (%edx,%esi), %bl
	movb %bl, (%eax,%esi)
	testb %bl, %bl
	jz 4f
	incl %esi
3:	cmpl %ecx, %esi
	jae 4f
	leal (%edx,%esi), %edi
	testl $3, %edi
	jnz 1b
	subl $4, %ecx		/* now the last place where a word fits */
	jb 7f
	jmp 6f
2:	movl (%edx,%esi), %ebx
	leal -0x01010101(%ebx), %edi
	testl $0x80808080, %edi
	jnz 10f
11:	movl %ebx, (%eax,%esi)
	addl $4, %esi
6:	cmpl %ecx, %esi
	jbe 2b
7:	addl $4, %ecx
8:	cmpl %ecx, %esi
	jae 4f
9:	movb (%edx,%esi), %bl
	movb %bl, (%eax,%esi)
	testb %bl, %bl
	jz 4f
	incl %esi
	jmp 8b
10:	notl %ebx
	andl %ebx, %edi
	notl %ebx
	andl $0x80808080, %edi
	jz 11b
	movl %ebx, (%eax,%esi)
	bsfl %edi, %edi
	shrl $3, %edi
	addl %edi, %esi
4:	USER_ACCESS_CLOSE
	movl %esi, %eax
	popl %edi
	popl %esi
	popl %ebx
	ret
5:	movl $-EFAULT, %esi
	jmp 4b
	EXCEPTION 1b, 5b
	EXCEPTION 2b, 5b
	EXCEPTION 9b, 5b

/*
 * ssize_t user_text_length(const char *from, size_t limit): with the NUL; limit + 1 if there is
 * none; -EFAULT.
 */
	.globl user_text_length
user_text_length:
	xorl %ecx, %ecx
	USER_ACCESS_OPEN
	jmp 2f
1:	cmpb $0, (%eax,%ecx)
	leal 1(%ecx), %ecx
	je 4f
2:	cmpl %edx, %ecx
	jb 1b
	leal 1(%edx), %ecx
4:	USER_ACCESS_CLOSE
	movl %ecx, %eax
	ret
5:	movl $-EFAULT, %ecx
	jmp 4b
	EXCEPTION 1b, 5b

/* int user_read_word(uint32_t *out, const uint32_t *from): 0 or -EFAULT */
.macro READ_WORD name, nofault
	.globl \name
\name:
	USER_ACCESS_OPEN
1:	movl (%edx), %ecx
	USER_ACCESS_CLOSE
	movl %ecx, (%eax)
	xorl %eax, %eax
	ret
	EXCEPTION 1b, user_word_fault, \nofault
.endm

	READ_WORD user_read_word, 0
	READ_WORD user_read_word_nofault, 1

/* int user_read_pair(uint32_t out[2], const uint32_t from[2]): 0 or -EFAULT */
	.globl user_read_pair
user_read_pair:
	USER_ACCESS_OPEN
1:	movl (%edx), %ecx
2:	movl 4(%edx), %edx
	USER_ACCESS_CLOSE
	movl %ecx, (%eax)
	movl %edx, 4(%eax)
	xorl %eax, %eax
	ret
	EXCEPTION 1b, user_word_fault
	EXCEPTION 2b, user_word_fault

/* int user_write_pair(uint32_t to[2], uint32_t low, uint32_t high): 0 or -EFAULT */
	.globl user_write_pair
user_write_pair:
	USER_ACCESS_OPEN
1:	movl %edx, (%eax)
2:	movl %ecx, 4(%eax)
	USER_ACCESS_CLOSE
	xorl %eax, %eax
	ret
	EXCEPTION 1b, user_word_fault
	EXCEPTION 2b, user_word_fault

/* int user_write_word(uint32_t *to, uint32_t value): 0 or -EFAULT */
	.globl user_write_word
user_write_word:
	USER_ACCESS_OPEN
1:	movl %edx, (%eax)
	USER_ACCESS_CLOSE
	xorl %eax, %eax
	ret
	EXCEPTION 1b, user_word_fault

/*
 * int user_write_fields(void *to, const void *from, size_t count, size_t stride): 16 bits of each
 * record. `count` is not 0. 0 or -EFAULT
 */
	.globl user_write_fields
user_write_fields:
	pushl %ebx
	pushl %esi
	movl 12(%esp), %esi
	USER_ACCESS_OPEN
1:	movzwl (%edx), %ebx
2:	movw %bx, (%eax)
	addl %esi, %edx
	addl %esi, %eax
	decl %ecx
	jnz 1b
	xorl %eax, %eax
3:	USER_ACCESS_CLOSE
	popl %esi
	popl %ebx
	ret
4:	movl $-EFAULT, %eax
	jmp 3b
	EXCEPTION 2b, 4b

/*
 * int user_touch(void *at, bool write): makes the page present by using a byte without changing it.
 * 0 or -EFAULT
 */
	.globl user_touch
user_touch:
	USER_ACCESS_OPEN
	testb %dl, %dl
	jnz 2f
1:	movb (%eax), %cl
	jmp 3f
2:	lock orb $0, (%eax)
3:	USER_ACCESS_CLOSE
	xorl %eax, %eax
	ret
	EXCEPTION 1b, user_word_fault
	EXCEPTION 2b, user_word_fault

/*
 * int user_exchange_word(uint32_t *word, uint32_t expected, uint32_t desired, uint32_t *seen):
 * nofault
 */
	.globl user_exchange_word
user_exchange_word:
	pushl %ebx
	movl %eax, %ebx
	movl %edx, %eax
	USER_ACCESS_OPEN
1:	lock cmpxchgl %ecx, (%ebx)
	USER_ACCESS_CLOSE
	movl 8(%esp), %edx
	movl %eax, (%edx)
	xorl %eax, %eax
	popl %ebx
	ret
2:	USER_ACCESS_CLOSE
	movl $-EFAULT, %eax
	popl %ebx
	ret
	EXCEPTION 1b, 2b, 1

user_word_fault:
	USER_ACCESS_CLOSE
	movl $-EFAULT, %eax
	ret

	.section .note.GNU-stack, "", @progbits
