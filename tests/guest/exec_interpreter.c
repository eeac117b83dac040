/*
 * PT_INTERP: the named program is loaded and started; if it cannot be, exec fails as Linux says.
 */
#include "elf_builder.h"

static struct elf_file file;

/* A program that would exit with 1, and an interpreter whose name is `name`. */
static void make(const char *name, size_t size)
{
	elf_begin(&file, 3);
	elf_put_exit(&file, 0x100, 1);
	elf_put(&file, 0x180, name, size);
	elf_header(&file)->e_entry = ELF_BASE + 0x100;
	elf_load(&file, 0, 0, ELF_BASE, file.size, file.size, PF_R | PF_X);
	*elf_segment(&file, 1) = (Elf32_Phdr){
		.p_type = PT_INTERP, .p_offset = 0x180, .p_filesz = size, .p_memsz = size,
		.p_flags = PF_R, .p_align = 1,
	};
	elf_stack(&file, 2);
	elf_save(&file, "program");
}

static int errno_of_exec(void)
{
	pid_t pid = FORK();

	if (pid == 0) {
		execl("program", "program", (char *)NULL);
		_exit(errno);
	}
	return wait_exit_status(pid);
}

int main(void)
{
	static struct elf_file interpreter;

	elf_make_exit(&interpreter, 33);
	elf_header(&interpreter)->e_type = ET_DYN;
	elf_header(&interpreter)->e_entry = 0x100;
	elf_segment(&interpreter, 0)->p_vaddr = 0;
	/* Linux 6.1 clears the last page behind its end even where there is no bss. */
	elf_segment(&interpreter, 0)->p_flags |= PF_W;
	elf_save(&interpreter, "interpreter");

	make("./interpreter", sizeof("./interpreter"));
	CHECK_EQ(errno_of_exec(), 33);
	make("./missing", sizeof("./missing"));
	CHECK_EQ(errno_of_exec(), ENOENT);
	make(".", sizeof("."));
	CHECK_EQ(errno_of_exec(), EACCES);
	make("./interpreter", sizeof("./interpreter") - 1);	/* no NUL at the end */
	CHECK_EQ(errno_of_exec(), ENOEXEC);
	make("", 1);
	CHECK_EQ(errno_of_exec(), ENOEXEC);
	make_file("text", "no program, but long enough for an ELF header, and even for more\n");
	CHECK(chmod("text", 0755) == 0);
	make("./text", sizeof("./text"));
	CHECK_EQ(errno_of_exec(), ELIBBAD);
	return 0;
}
