/* A position-independent program (ET_DYN without an interpreter) runs, wherever it is put. */
#include "elf_builder.h"

int main(void)
{
	static struct elf_file file;

	elf_make_exit(&file, 44);
	elf_header(&file)->e_type = ET_DYN;
	elf_header(&file)->e_entry = 0x100;
	elf_segment(&file, 0)->p_vaddr = 0;
	elf_segment(&file, 0)->p_paddr = 0;
	elf_expect_exit(&file, "pie", 44);
	return 0;
}
