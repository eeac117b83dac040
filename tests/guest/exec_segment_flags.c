/*
 * Each page gets the protection of its segment: text is not writable, read-only data neither, data
 * is, and what lies between segments is not mapped. The little programs try and die, or do not.
 */
#include "elf_builder.h"

/* movb $7, ADDRESS; exit(5) */
static size_t put_writer(struct elf_file *file, size_t offset, uint32_t address)
{
	uint8_t code[] = { 0xc6, 0x05, address, address >> 8, address >> 16, address >> 24, 7 };

	elf_put(file, offset, code, sizeof(code));
	return sizeof(code) + elf_put_exit(file, offset + sizeof(code), 5);
}

/* movb ADDRESS, %al; exit(6) */
static void put_reader(struct elf_file *file, size_t offset, uint32_t address)
{
	uint8_t code[] = { 0xa0, address, address >> 8, address >> 16, address >> 24 };

	elf_put(file, offset, code, sizeof(code));
	elf_put_exit(file, offset + sizeof(code), 6);
}

/* Text in page 0, read-only in page 2, data in page 3, nothing in page 1 and behind. */
static void make(struct elf_file *file, bool write, uint32_t address)
{
	elf_begin(file, 4);
	if (write)
		put_writer(file, 0x200, address);
	else
		put_reader(file, 0x200, address);
	elf_header(file)->e_entry = ELF_BASE + 0x200;
	elf_put(file, 0x1000, "read-only", 9);
	elf_put(file, 0x2000, "data", 4);
	elf_load(file, 0, 0, ELF_BASE, 0x1000, 0x1000, PF_R | PF_X);
	elf_load(file, 1, 0x1000, ELF_BASE + 0x2000, 9, 9, PF_R);
	elf_load(file, 2, 0x2000, ELF_BASE + 0x3000, 4, 0x1800, PF_R | PF_W);
	elf_stack(file, 3);
}

int main(void)
{
	static struct elf_file file;

	make(&file, true, ELF_BASE + 0x10);
	elf_expect_death(&file, "write-text", SIGSEGV);
	make(&file, true, ELF_BASE + 0x2001);
	elf_expect_death(&file, "write-read-only", SIGSEGV);
	make(&file, true, ELF_BASE + 0x3001);
	elf_expect_exit(&file, "write-data", 5);
	make(&file, true, ELF_BASE + 0x4001);
	elf_expect_exit(&file, "write-bss", 5);
	make(&file, false, ELF_BASE + 0x10);
	elf_expect_exit(&file, "read-text", 6);
	make(&file, false, ELF_BASE + 0x2001);
	elf_expect_exit(&file, "read-read-only", 6);
	make(&file, false, ELF_BASE + 0x1001);
	elf_expect_death(&file, "read-gap", SIGSEGV);
	make(&file, false, ELF_BASE + 0x5001);
	elf_expect_death(&file, "read-behind", SIGSEGV);
	return 0;
}
