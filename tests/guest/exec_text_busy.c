/* A file open for writing cannot be executed, and one that runs cannot be opened for writing. */
#include "elf_builder.h"

extern const uint8_t pauser[], pauser_end[];

__asm__(".section .rodata\n"
	"pauser:\n"
	"0:	mov $29, %eax\n"
	"	int $0x80\n"
	"	jmp 0b\n"
	"pauser_end:\n"
	".text\n");

int main(void)
{
	static struct elf_file file;
	pid_t child;
	int fd;

	elf_make_exit(&file, 0);
	elf_save(&file, "program");
	fd = MUST(open("program", O_WRONLY));
	CHECK_ERRNO(execl("program", "program", (char *)NULL), ETXTBSY);
	CHECK(close(fd) == 0);
	CHECK_EQ(elf_run("program"), 0);

	elf_begin(&file, 2);
	elf_put(&file, 0x200, pauser, pauser_end - pauser);
	elf_header(&file)->e_entry = ELF_BASE + 0x200;
	elf_load(&file, 0, 0, ELF_BASE, 0x1000, 0x1000, PF_R | PF_X);
	elf_stack(&file, 1);
	elf_save(&file, "pauser");
	child = FORK();
	if (child == 0) {
		execl("pauser", "pauser", (char *)NULL);
		FAIL("execl");
	}
	/* Until exec has come that far. */
	char path[64], target[PATH_MAX];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/exe", child);
	do {
		length = readlink(path, target, sizeof(target) - 1);
		CHECK(length > 0);
		target[length] = '\0';
	} while (!strstr(target, "/pauser"));
	wait_until_blocked(child);

	CHECK_ERRNO(open("pauser", O_WRONLY), ETXTBSY);
	CHECK_ERRNO(open("pauser", O_RDWR), ETXTBSY);
	CHECK_ERRNO(truncate("pauser", 0), ETXTBSY);
	fd = MUST(open("pauser", O_RDONLY));
	CHECK(close(fd) == 0);
	CHECK(rename("pauser", "renamed") == 0);
	CHECK(unlink("renamed") == 0);
	kill_and_reap(child);

	elf_save(&file, "pauser");
	fd = MUST(open("pauser", O_RDWR));
	CHECK(close(fd) == 0);
	return 0;
}
