/*
 * Segments need not begin on a page, in the file or in memory: only offset and address must agree
 * within the page. The neighbours' bytes in the same file page do no harm.
 */
#include "elf_builder.h"

extern const uint8_t unaligned_checker[], unaligned_checker_end[];

/*
 * Data: 0x100 bytes from offset 0xe34 at 0x08049e34, value 0x66, over a page boundary to
 * 0x0804a233.
 */
__asm__(".section .rodata\n"
	"unaligned_checker:\n"
	"	mov $0x08049e34, %esi\n"
	"	mov $0x400, %ecx\n"
	"0:	cmpb $0x66, (%esi)\n"
	"	jne 1f\n"
	"	incb (%esi)\n"
	"	inc %esi\n"
	"	dec %ecx\n"
	"	jnz 0b\n"
	"	cmpl $0, 0x0804a234\n"
	"	jne 1f\n"
	"	mov $1, %eax\n"
	"	mov $22, %ebx\n"
	"	int $0x80\n"
	"1:	mov $1, %eax\n"
	"	mov $1, %ebx\n"
	"	int $0x80\n"
	"unaligned_checker_end:\n"
	".text\n");

int main(void)
{
	static struct elf_file file;
	uint8_t data[0x400];

	memset(data, 0x66, sizeof(data));
	elf_begin(&file, 3);
	elf_put(&file, 0xa13, unaligned_checker, unaligned_checker_end - unaligned_checker);
	elf_put(&file, 0xe34, data, sizeof(data));
	elf_put(&file, 0xe34 + sizeof(data), "behind", 6);
	elf_header(&file)->e_entry = ELF_BASE + 0xa13;
	elf_load(&file, 0, 0, ELF_BASE, 0xe00, 0xe00, PF_R | PF_X);
	elf_load(&file, 1, 0xe34, ELF_BASE + 0x1e34, sizeof(data), sizeof(data) + 8, PF_R | PF_W);
	elf_stack(&file, 2);
	elf_expect_exit(&file, "unaligned", 22);
	return 0;
}
