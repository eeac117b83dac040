/*
 * What a new program finds on its stack: argc, argv, envp, and an auxiliary vector that is right.
 */
#include "check.h"
#include <elf.h>
#include <sys/auxv.h>

extern const char __ehdr_start[];
extern char _start[];

static int child_main(int argc, char **argv, char **envp)
{
	const Elf32_Ehdr *header = (const Elf32_Ehdr *)__ehdr_start;
	uint32_t *words = (uint32_t *)(argv - 1);
	const unsigned char *random;

	CHECK_EQ(words[0], argc);
	CHECK_EQ(argc, 4);
	CHECK(strcmp(argv[0], "a name") == 0);
	CHECK(strcmp(argv[1], "child") == 0);
	CHECK(strcmp(argv[2], "") == 0);
	CHECK(strcmp(argv[3], "last argument") == 0);
	CHECK(argv[4] == NULL);
	CHECK(envp == argv + 5);
	CHECK(strcmp(envp[0], "A=1") == 0);
	CHECK(strcmp(envp[1], "") == 0);
	CHECK(strcmp(envp[2], "B") == 0);
	CHECK(envp[3] == NULL);

	/* The strings lie one behind the other, highest of all on the stack. */
	CHECK(argv[1] == argv[0] + strlen(argv[0]) + 1);
	CHECK(envp[0] == argv[3] + strlen(argv[3]) + 1);

	CHECK_EQ(getauxval(AT_PAGESZ), PAGE);
	CHECK_EQ(getauxval(AT_PHDR), (uintptr_t)__ehdr_start + header->e_phoff);
	CHECK_EQ(getauxval(AT_PHENT), sizeof(Elf32_Phdr));
	CHECK_EQ(getauxval(AT_PHNUM), header->e_phnum);
	CHECK_EQ(getauxval(AT_ENTRY), (uintptr_t)_start);
	CHECK_EQ(getauxval(AT_BASE), 0);
	CHECK_EQ(getauxval(AT_FLAGS), 0);
	CHECK_EQ(getauxval(AT_UID), 0);
	CHECK_EQ(getauxval(AT_EUID), 0);
	CHECK_EQ(getauxval(AT_GID), 0);
	CHECK_EQ(getauxval(AT_EGID), 0);
	CHECK_EQ(getauxval(AT_SECURE), 0);
	CHECK_EQ(getauxval(AT_CLKTCK), 100);
	CHECK(strcmp((char *)getauxval(AT_EXECFN), "/proc/self/exe") == 0);
	CHECK(strcmp((char *)getauxval(AT_PLATFORM), "i686") == 0 ||
	      strncmp((char *)getauxval(AT_PLATFORM), "x86", 3) == 0 ||
	      strcmp((char *)getauxval(AT_PLATFORM), "i586") == 0);
	CHECK(getauxval(AT_HWCAP) & 1);		/* an FPU */

	random = (const unsigned char *)getauxval(AT_RANDOM);
	CHECK(random != NULL);
	int zeros = 0;

	for (int i = 0; i < 16; i++)
		zeros += random[i] == 0;
	CHECK(zeros < 8);
	if (getauxval(AT_SYSINFO_EHDR))
		CHECK(memcmp((char *)getauxval(AT_SYSINFO_EHDR), ELFMAG, SELFMAG) == 0);
	return 0;
}

int main(int argc, char **argv, char **envp)
{
	char *arguments[] = { "a name", "child", "", "last argument", NULL };
	char *environment[] = { "A=1", "", "B", NULL };
	pid_t child;

	if (argc > 1)
		return child_main(argc, argv, envp);
	child = FORK();
	if (child == 0) {
		execve("/proc/self/exe", arguments, environment);
		FAIL("execve");
	}
	CHECK_EQ(wait_exit_status(child), 0);
	return 0;
}
