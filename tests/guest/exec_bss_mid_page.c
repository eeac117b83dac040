/*
 * Where the file's part of a segment ends in the middle of a page, the rest of that page is zero in
 * memory although the file goes on, and so are the pages behind it.
 */
#include "elf_builder.h"

extern const uint8_t checker[], checker_end[];

/* Data starts at 0x08049000; 0x800 bytes of it come from the file, 0x2000 are zero. */
__asm__(".section .rodata\n"
	"checker:\n"
	"	cmpb $0x77, 0x080497ff\n"
	"	jne 1f\n"
	"	mov $0x08049800, %esi\n"
	"	mov $0x2000, %ecx\n"
	"0:	cmpb $0, (%esi)\n"
	"	jne 1f\n"
	"	movb $1, (%esi)\n"
	"	inc %esi\n"
	"	dec %ecx\n"
	"	jnz 0b\n"
	"	mov $1, %eax\n"
	"	mov $21, %ebx\n"
	"	int $0x80\n"
	"1:	mov $1, %eax\n"
	"	mov $1, %ebx\n"
	"	int $0x80\n"
	"checker_end:\n"
	".text\n");

int main(void)
{
	static struct elf_file file;
	uint8_t data[0x1000];

	memset(data, 0x77, sizeof(data));
	elf_begin(&file, 3);
	elf_put(&file, 0x200, checker, checker_end - checker);
	elf_put(&file, 0x1000, data, sizeof(data));	/* more than the segment takes */
	elf_header(&file)->e_entry = ELF_BASE + 0x200;
	elf_load(&file, 0, 0, ELF_BASE, 0x1000, 0x1000, PF_R | PF_X);
	elf_load(&file, 1, 0x1000, ELF_BASE + 0x1000, 0x800, 0x2800, PF_R | PF_W);
	elf_stack(&file, 2);
	elf_expect_exit(&file, "bss", 21);
	/* The file has not changed, and a second run finds zeros again. */
	elf_expect_exit(&file, "bss", 21);
	CHECK(WEXITSTATUS(elf_run("bss")) == 21);
	return 0;
}
