/* test: linux=here
 * What may be executed, where the processor can forbid it: nothing but what was asked for. A
 * program whose PT_GNU_STACK asks for an executable stack gets that and no more; one that has no
 * PT_GNU_STACK comes from a time when what could be read could be executed, and READ_IMPLIES_EXEC
 * is set for it.
 *
 * The test runs copies of itself with that header changed; a copy says what it could execute.
 *
 * Linux 6.1 for i386 says in its log that NX is active, but lets all that can be read be executed:
 * the bit, the highest of a page table entry, is not in those of user pages. Linux for x86-64 is
 * the one to be like.
 */
#include "faults.h"
#include <elf.h>
#include <sys/personality.h>
#include <sys/shm.h>

enum { DATA = 1, BSS = 2, HEAP = 4, STACK = 8, ANONYMOUS = 16, SHARED = 32 };

static char data[16] = { (char)0xc3 };
static char bss[16];

static bool executes(volatile char *code)
{
	struct fault fault = fault_try(touch_execute, code);

	if (fault.signal && (fault.signal != SIGSEGV || fault.code != SEGV_ACCERR ||
			     fault.address != (uintptr_t)code))
		FAIL("signal %d, code %d at %#lx instead of %p", fault.signal, fault.code,
		     (unsigned long)fault.address, (void *)(uintptr_t)code);
	return fault.signal == 0;
}

static bool executes_ret(char *memory)
{
	*(volatile char *)memory = (char)0xc3;
	return executes(memory);
}

static bool executes_heap(void)
{
	/* By the call: what malloc gives may come from anywhere. */
	char *end = sbrk(2 * PAGE);

	return executes_ret(end + PAGE);
}

static bool executes_shared(void)
{
	int segment = MUST(shmget(IPC_PRIVATE, PAGE, 0600));
	char *memory = shmat(segment, NULL, 0);
	bool result;

	CHECK(memory != (char *)-1);
	CHECK(shmctl(segment, IPC_RMID, NULL) == 0);
	result = executes_ret(memory);
	CHECK(shmdt(memory) == 0);
	return result;
}

static void report(void)
{
	char stack[16] = { (char)0xc3 };
	int found = 0;

	found |= executes(data) ? DATA : 0;
	found |= executes_ret(bss) ? BSS : 0;
	found |= executes(stack) ? STACK : 0;
	found |= executes_ret(map_pages(1)) ? ANONYMOUS : 0;
	found |= executes_heap() ? HEAP : 0;
	found |= executes_shared() ? SHARED : 0;
	_exit(found);
}

/* A copy of this program whose stack header is of this type, with these flags. */
static void make_variant(const char *name, uint32_t type, uint32_t flags)
{
	int from = MUST(open("/proc/self/exe", O_RDONLY));
	int to = MUST(open(name, O_CREAT | O_TRUNC | O_RDWR, 0755));
	static char block[65536];
	Elf32_Ehdr header;
	ssize_t got;

	while ((got = read(from, block, sizeof(block))) > 0)
		CHECK_EQ(write(to, block, got), got);
	CHECK_EQ(pread(to, &header, sizeof(header), 0), sizeof(header));
	for (int i = 0; i < header.e_phnum; i++) {
		off_t place = header.e_phoff + i * sizeof(Elf32_Phdr);
		Elf32_Phdr program;

		CHECK_EQ(pread(to, &program, sizeof(program), place), sizeof(program));
		if (program.p_type != PT_GNU_STACK)
			continue;
		program.p_type = type;
		program.p_flags = flags;
		CHECK_EQ(pwrite(to, &program, sizeof(program), place), sizeof(program));
	}
	close(from);
	close(to);
}

static void check_variant(const char *name, int expected, int persona)
{
	pid_t pid = FORK();
	int found;

	if (pid == 0) {
		CHECK(personality(persona) >= 0);
		execl(name, name, "--report", (char *)NULL);
		FAIL("execl");
	}
	found = wait_exit_status(pid);
	if (found != expected)
		FAIL("%s with personality %#x executes %#x, should %#x", name, persona, found,
		     expected);
}

/* What mprotect gives and takes is seen at once. */
static void check_changes(void)
{
	char *page = map_pages(1);

	page[0] = (char)0xc3;
	CHECK(!executes(page));
	CHECK(mprotect(page, PAGE, PROT_READ | PROT_EXEC) == 0);
	CHECK(executes(page));
	CHECK(mprotect(page, PAGE, PROT_READ) == 0);
	CHECK(!executes(page));
	CHECK(mprotect(page, PAGE, PROT_EXEC) == 0);
	CHECK(executes(page));
	CHECK(munmap(page, PAGE) == 0);
}

int main(int count, char **arguments)
{
	char flags[8192];
	int all = DATA | BSS | HEAP | STACK | ANONYMOUS | SHARED;

	if (count > 1 && strcmp(arguments[1], "--report") == 0)
		report();
	read_text("/proc/cpuinfo", flags, sizeof(flags));
	if (!strstr(flags, " nx ") && !strstr(flags, " nx\n"))
		SKIP("the processor has no NX");
	check_changes();
	make_variant("plain", PT_GNU_STACK, PF_R | PF_W);
	make_variant("stack", PT_GNU_STACK, PF_R | PF_W | PF_X);
	make_variant("old", PT_NULL, PF_R | PF_W);
	check_variant("./plain", 0, 0);
	check_variant("./stack", STACK, 0);
	check_variant("./old", all, 0);
	check_variant("./plain", all & ~STACK, READ_IMPLIES_EXEC);
	return 0;
}
