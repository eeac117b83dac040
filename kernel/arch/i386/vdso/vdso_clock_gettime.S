/*
 * clock_gettime of the monotonic and the real-time clock, by hand: 32 and 40 instructions, where
 * the compiler needs twice as many to move halves of 64-bit numbers about. Other clocks, and times
 * beyond 2106, go on in vdso_clock.c with the stack as it was.
 */
#include "asm_offsets.h"

#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1

/* A field of the data page, from the label 1 before, whose address EBX is. */
#define DATA(field) vdso_data - 1b + field(%ebx)

/* EDX:EAX: nanoseconds since boot, as arch_clock_ns() has them. Changes ECX. */
.macro READ_MONOTONIC
	rdtsc
	subl DATA(VDSO_COUNTER_BASE), %eax
	sbbl DATA(VDSO_COUNTER_BASE + 4), %edx
	/* The product has 96 bits: the lower ones on the stack, the others in EDX:EAX. */
	movl %edx, %ecx
	mull DATA(VDSO_MULTIPLIER)
	pushl %eax
	.cfi_adjust_cfa_offset 4
	movl %ecx, %eax
	movl %edx, %ecx
	mull DATA(VDSO_MULTIPLIER)
	addl %ecx, %eax
	adcl $0, %edx
	movl DATA(VDSO_SHIFT), %ecx
	shrdl %cl, %eax, (%esp)
	shrdl %cl, %edx, %eax
	movl %eax, %edx
	popl %eax
	.cfi_adjust_cfa_offset -4
.endm

/* int name(int clock, struct timespec *out): `wide` 1 if its members have 64 bits. */
.macro CLOCK_GETTIME name, wide, others
	.balign 16
	.globl \name
	.type \name, @function
\name:
	.cfi_startproc
	pushl %ebx
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset ebx, 0
	call 1f
	.cfi_adjust_cfa_offset 4
1:	popl %ebx
	.cfi_adjust_cfa_offset -4
	cmpl $CLOCK_MONOTONIC, 8(%esp)
	jne 3f
	READ_MONOTONIC
	/* EDX less than the divisor: the quotient has 32 bits. */
2:	cmpl DATA(VDSO_SECOND), %edx
	jae 4f
	divl DATA(VDSO_SECOND)
	movl 12(%esp), %ecx
	movl %eax, (%ecx)
	.if \wide
	movl $0, 4(%ecx)
	movl %edx, 8(%ecx)
	movl $0, 12(%ecx)
	.else
	movl %edx, 4(%ecx)
	.endif
	xorl %eax, %eax
	popl %ebx
	.cfi_remember_state
	.cfi_restore ebx
	.cfi_adjust_cfa_offset -4
	ret
	.cfi_restore_state

3:	cmpl $CLOCK_REALTIME, 8(%esp)
	jne 4f
	pushl DATA(VDSO_SEQUENCE)
	.cfi_adjust_cfa_offset 4
	READ_MONOTONIC
	addl DATA(VDSO_REALTIME_LOW), %eax
	adcl DATA(VDSO_REALTIME_HIGH), %edx
	popl %ecx
	.cfi_adjust_cfa_offset -4
	cmpl DATA(VDSO_SEQUENCE), %ecx
	je 2b
4:	popl %ebx
	.cfi_restore ebx
	.cfi_adjust_cfa_offset -4
	jmp \others
	.cfi_endproc
	.size \name, . - \name
.endm

	.hidden vdso_clock_gettime_any
	.hidden vdso_clock_gettime64_any
	.text
	CLOCK_GETTIME __vdso_clock_gettime, 0, vdso_clock_gettime_any
	CLOCK_GETTIME __vdso_clock_gettime64, 1, vdso_clock_gettime64_any

	.section .note.GNU-stack, "", @progbits
