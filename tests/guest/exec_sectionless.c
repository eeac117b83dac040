/* A program without sections runs: exec looks at program headers only. */
#include "elf_builder.h"

int main(void)
{
	static struct elf_file file;

	elf_make_exit(&file, 42);
	elf_expect_exit(&file, "plain", 42);

	/* Section fields may be nonsense. */
	elf_header(&file)->e_shoff = 0xfffffff0;
	elf_header(&file)->e_shnum = 0xffff;
	elf_header(&file)->e_shentsize = 3;
	elf_header(&file)->e_shstrndx = 0xfffe;
	elf_expect_exit(&file, "nonsense", 42);

	/* Program headers may stand anywhere in the file. */
	Elf32_Phdr segments[2];

	elf_make_exit(&file, 43);
	memcpy(segments, elf_segment(&file, 0), sizeof(segments));
	memset(elf_segment(&file, 0), 0, sizeof(segments));
	elf_put(&file, 9001, segments, sizeof(segments));
	elf_header(&file)->e_phoff = 9001;
	elf_expect_exit(&file, "elsewhere", 43);
	return 0;
}
