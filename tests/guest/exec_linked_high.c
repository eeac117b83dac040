/*
 * A position-independent program goes where there is room, though it was linked higher. But as an
 * interpreter it dies: Linux takes what is added to its addresses for one, and that wraps.
 */
#include "elf_builder.h"

static struct elf_file file;

static void link_at(uint32_t base, int segments)
{
	elf_begin(&file, segments);
	elf_header(&file)->e_type = ET_DYN;
	elf_header(&file)->e_entry = base + 0x100;
}

int main(void)
{
	static const char interpreter[] = "./interpreter";

	link_at(0xbb000000, 2);
	elf_put_exit(&file, 0x100, 44);
	elf_load(&file, 0, 0, 0xbb000000, file.size, file.size, PF_R | PF_X);
	elf_stack(&file, 1);
	elf_expect_exit(&file, "interpreter", 44);

	link_at(0x48000000, 3);
	elf_put_exit(&file, 0x100, 1);
	elf_put(&file, 0x180, interpreter, sizeof(interpreter));
	elf_load(&file, 0, 0, 0x48000000, file.size, file.size, PF_R | PF_X);
	*elf_segment(&file, 1) = (Elf32_Phdr){
		.p_type = PT_INTERP, .p_offset = 0x180, .p_filesz = sizeof(interpreter),
		.p_memsz = sizeof(interpreter), .p_flags = PF_R, .p_align = 1,
	};
	elf_stack(&file, 2);
	elf_expect_death(&file, "program", SIGSEGV);
	return 0;
}
