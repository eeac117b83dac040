/*
 * A new program starts with a clean state: stack aligned, registers zero, flags clear, FPU fresh.
 */
#include "elf_builder.h"

extern const uint8_t state_checker[], state_checker_end[];

/* Exit status: the number of the first thing that is wrong, 0 if nothing is. */
__asm__(".section .rodata\n"
	"state_checker:\n"
	"	mov %eax, %edi\n"
	"	or %ebx, %edi\n"
	"	or %ecx, %edi\n"
	"	or %edx, %edi\n"
	"	or %ebp, %edi\n"
	"	mov $1, %ebx\n"
	"	jnz 1f\n"
	"	mov $2, %ebx\n"
	"	test $15, %esp\n"		/* the ABI's alignment, argc on it */
	"	jnz 1f\n"
	"	mov $3, %ebx\n"
	"	cmpl $1, (%esp)\n"
	"	jne 1f\n"
	"	pushf\n"
	"	pop %eax\n"
	"	mov $4, %ebx\n"
	"	test $0x400, %eax\n"		/* direction flag */
	"	jnz 1f\n"
	"	mov $5, %ebx\n"
	"	sub $32, %esp\n"
	"	fnstcw (%esp)\n"
	"	cmpw $0x37f, (%esp)\n"
	"	jne 1f\n"
	"	mov $6, %ebx\n"
	"	stmxcsr (%esp)\n"
	"	cmpl $0x1f80, (%esp)\n"
	"	jne 1f\n"
	"	mov $7, %ebx\n"
	"	fnstenv (%esp)\n"
	"	cmpw $0xffff, 8(%esp)\n"	/* tag word: all empty */
	"	jne 1f\n"
	"	mov $8, %ebx\n"
	"	movups %xmm3, (%esp)\n"
	"	cmpl $0, 4(%esp)\n"
	"	jne 1f\n"
	"	mov $9, %ebx\n"
	"	mov %gs, %eax\n"
	"	test %eax, %eax\n"
	"	jnz 1f\n"
	"	xor %ebx, %ebx\n"
	"1:	mov $1, %eax\n"
	"	int $0x80\n"
	"state_checker_end:\n"
	".text\n");

int main(void)
{
	static struct elf_file file;
	uint16_t control = 0x0f7f;
	uint32_t mxcsr = 0x9f80;

	elf_begin(&file, 2);
	elf_put(&file, 0x200, state_checker, state_checker_end - state_checker);
	elf_header(&file)->e_entry = ELF_BASE + 0x200;
	elf_load(&file, 0, 0, ELF_BASE, 0x1000, 0x1000, PF_R | PF_X);
	elf_stack(&file, 1);
	/* Something must be different here, to be cleaned. */
	__asm__ volatile("fldcw %0; ldmxcsr %1; fldpi; pcmpeqd %%xmm3, %%xmm3"
			 :: "m"(control), "m"(mxcsr));
	elf_expect_exit(&file, "state", 0);
	return 0;
}
