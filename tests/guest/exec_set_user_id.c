/* The set-user-id and set-group-id bits: an ordinary user runs the program as its owner. */
#include "elf_builder.h"

extern const uint8_t id_checker[], id_checker_end[];

/* exit(getuid() == 1234 and geteuid() == 77 ? 10 : 0, plus getegid() == 78 ? 1 : 0) */
__asm__(".section .rodata\n"
	"id_checker:\n"
	"	xor %edi, %edi\n"
	"	mov $199, %eax\n"
	"	int $0x80\n"
	"	cmp $1234, %eax\n"
	"	jne 1f\n"
	"	mov $201, %eax\n"
	"	int $0x80\n"
	"	cmp $77, %eax\n"
	"	jne 1f\n"
	"	add $10, %edi\n"
	"1:	mov $202, %eax\n"
	"	int $0x80\n"
	"	cmp $78, %eax\n"
	"	jne 2f\n"
	"	add $1, %edi\n"
	"2:	mov %edi, %ebx\n"
	"	mov $1, %eax\n"
	"	int $0x80\n"
	"id_checker_end:\n"
	".text\n");

static int run(mode_t mode)
{
	pid_t pid;

	CHECK(chown("program", 77, 78) == 0);
	CHECK(chmod("program", mode) == 0);
	pid = FORK();
	if (pid == 0) {
		become_user(OTHER_UID, OTHER_GID);
		execl("program", "program", (char *)NULL);
		FAIL("execl");
	}
	return wait_exit_status(pid);
}

int main(void)
{
	static struct elf_file file;

	elf_begin(&file, 2);
	elf_put(&file, 0x200, id_checker, id_checker_end - id_checker);
	elf_header(&file)->e_entry = ELF_BASE + 0x200;
	elf_load(&file, 0, 0, ELF_BASE, 0x1000, 0x1000, PF_R | PF_X);
	elf_stack(&file, 1);
	elf_save(&file, "program");

	CHECK_EQ(run(0755), 0);
	CHECK_EQ(run(04755), 10);
	CHECK_EQ(run(02755), 1);
	CHECK_EQ(run(06755), 11);
	/* Changing the owner takes the bits away. */
	CHECK(chown("program", 77, 78) == 0);
	struct stat status;

	CHECK(stat("program", &status) == 0);
	CHECK_EQ(status.st_mode & 07777, 0755);
	return 0;
}
