/*
 * The FPU registers of the running thread straight to and from a signal frame, in both forms that
 * it has of them (signal_fpu.c): no copy lies between. Interrupts are off, so that the registers
 * stay this thread's; a fault is not satisfied but makes the caller try again, or go the long way.
 */
#include "asm_macros.h"
#include "asm_offsets.h"
#include "uapi/linux/errno.h"

#define OLD_STATUS	4
#define OLD_END		108	/* of what FNSAVE writes; status and magic follow */
#define OLD_MAGIC	110

	.text

.macro CLEAR_WORDS offset, count
	.set word, 0
	.rept \count
974:	movl %edx, (\offset + word)(%eax)
	EXCEPTION 974b, user_fpu_fault
	.set word, word + 4
	.endr
.endm

.macro SET_WORD value, offset
974:	movl $\value, \offset(%eax)
	EXCEPTION 974b, user_fpu_fault
.endm

/*
 * int user_fpu_prepare(void *image): what the processor leaves alone when it saves: the mark of an
 * extension, or none, and a header to begin with. Interrupts on, faults are satisfied. 0, -EFAULT
 */
	.globl user_fpu_prepare
user_fpu_prepare:
	xorl %edx, %edx
	USER_ACCESS_OPEN
	CLEAR_WORDS ASM_FPU_EXTENSION, 12
	cmpb $0, fpu_has_xsave
	je 1f
	SET_WORD ASM_FPU_EXTENSION_MAGIC, ASM_FPU_EXTENSION
	SET_WORD ASM_FPU_WHOLE_SIZE, (ASM_FPU_EXTENSION + 4)
	SET_WORD ASM_FPU_XFEATURES, (ASM_FPU_EXTENSION + 8)
	SET_WORD ASM_FPU_XSAVE_SIZE, ASM_FPU_EXTENSION_SIZE
	CLEAR_WORDS ASM_XSAVE_HEADER, 16
	SET_WORD ASM_FPU_EXTENSION_END, ASM_FPU_XSAVE_SIZE
1:	USER_ACCESS_CLOSE
	xorl %eax, %eax
	ret
user_fpu_fault:
	USER_ACCESS_CLOSE
	movl $-EFAULT, %eax
	ret

/*
 * int user_fpu_save(void *old_form, void *image): 0, and the x87 registers are initial as FNSAVE
 * leaves them; or -EFAULT, and they are as before. An XSAVE image's header has been cleared. The
 * reserved halves in FNSAVE's form are ones on processors and on Linux, but not in every emulator.
 */
	.globl user_fpu_save
user_fpu_save:
	pushl %ebx
	movl %eax, %ebx
	movl %edx, %ecx
	USER_ACCESS_OPEN
	cmpb $0, fpu_has_xsave
	jne 20f
1:	fxsave (%ecx)
2:	fnsave (%ebx)
3:	movw $-1, 2(%ebx)
4:	movw $-1, 6(%ebx)
5:	movw $-1, 10(%ebx)
6:	movw $-1, 26(%ebx)
7:	movzwl OLD_STATUS(%ebx), %eax
8:	movl %eax, OLD_END(%ebx)
	USER_ACCESS_CLOSE
	xorl %eax, %eax
	popl %ebx
	ret
/* A part in its initial state is marked as such, though its bytes stand there: see fpu.c. */
20:	movl $ASM_FPU_XFEATURES, %eax
	xorl %edx, %edx
9:	xsave (%ecx)
10:	orl $3, ASM_XSAVE_HEADER(%ecx)
	jmp 2b
/* The image is complete, so the registers can be had again from there. */
21:	cmpb $0, fpu_has_xsave
	jne 22f
11:	fxrstor (%ecx)
	jmp 23f
22:	movl $ASM_FPU_XFEATURES, %eax
	xorl %edx, %edx
12:	xrstor (%ecx)
23:	USER_ACCESS_CLOSE
	movl $-EFAULT, %eax
	popl %ebx
	ret
	EXCEPTION 1b, 23b, 1
	EXCEPTION 9b, 23b, 1
	EXCEPTION 10b, 23b, 1
	EXCEPTION 2b, 21b, 1
	EXCEPTION 3b, 21b, 1
	EXCEPTION 4b, 21b, 1
	EXCEPTION 5b, 21b, 1
	EXCEPTION 6b, 21b, 1
	EXCEPTION 7b, 21b, 1
	EXCEPTION 8b, 21b, 1
	EXCEPTION 11b, 23b, 1
	EXCEPTION 12b, 23b, 1

/*
 * int user_fpu_load(const void *old_form, const void *image): the x87 registers from the old form,
 * all others from the image. 0; or -EFAULT, and the registers hold anything: also when these are
 * not the forms that user_fpu_save() writes, or the image would fault. FRSTOR would raise
 * exceptions that the image left pending.
 */
	.globl user_fpu_load
user_fpu_load:
	pushl %ebx
	movl %eax, %ebx
	movl %edx, %ecx
	USER_ACCESS_OPEN
1:	cmpw $ASM_FPU_MAGIC, OLD_MAGIC(%ebx)
	jne 23f
2:	movl ASM_FXSAVE_MXCSR(%ecx), %eax
	testl %eax, fpu_mxcsr_reserved
	jnz 23f
	cmpb $0, fpu_has_xsave
	jne 20f
3:	fxrstor (%ecx)
21:	fnclex
4:	frstor (%ebx)
	USER_ACCESS_CLOSE
	xorl %eax, %eax
	popl %ebx
	ret
20:
5:	cmpl $ASM_FPU_EXTENSION_MAGIC, ASM_FPU_EXTENSION(%ecx)
	jne 23f
6:	cmpl $ASM_FPU_XSAVE_SIZE, ASM_FPU_EXTENSION_SIZE(%ecx)
	jne 23f
7:	cmpl $ASM_FPU_EXTENSION_END, ASM_FPU_XSAVE_SIZE(%ecx)
	jne 23f
8:	movb ASM_XSAVE_HEADER(%ecx), %al
	notb %al
	testb $3, %al
	jnz 23f
	movl $ASM_FPU_XFEATURES, %eax
	xorl %edx, %edx
9:	xrstor (%ecx)
	jmp 21b
23:	USER_ACCESS_CLOSE
	movl $-EFAULT, %eax
	popl %ebx
	ret
	EXCEPTION 1b, 23b, 1
	EXCEPTION 2b, 23b, 1
	EXCEPTION 3b, 23b, 1
	EXCEPTION 4b, 23b, 1
	EXCEPTION 5b, 23b, 1
	EXCEPTION 6b, 23b, 1
	EXCEPTION 7b, 23b, 1
	EXCEPTION 8b, 23b, 1
	EXCEPTION 9b, 23b, 1

	.section .note.GNU-stack, "", @progbits
