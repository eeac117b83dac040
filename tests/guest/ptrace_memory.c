/*
 * A tracee's memory: words and files; text that is read-only and shared, of which the tracee gets a
 * copy of its own; pages without access; process_vm_readv and writev, which force nothing.
 */
#include "ptrace.h"
#include <sys/auxv.h>

static const char constant[2 * PAGE] __attribute__((aligned(PAGE))) = "constant";
static char variable[2 * PAGE] __attribute__((aligned(PAGE))) = "variable";
static char *hidden, *shared;

static void body(void)
{
	const char *volatile text = constant;	/* not known to the compiler */

	CHECK(strcmp(text, "Constant") == 0);
	CHECK(strcmp(variable, "Variable") == 0);
	CHECK_EQ(shared[0], 's');
}

static void test_words(void)
{
	pid_t pid = start_tracee(body);
	char path[64];
	int fd;

	CHECK_EQ(peek(pid, constant) & 0xff, 'c');
	poke(pid, constant, (peek(pid, constant) & ~0xffL) | 'C');
	poke(pid, variable, (peek(pid, variable) & ~0xffL) | 'V');
	CHECK_EQ(peek(pid, constant) & 0xff, 'C');
	CHECK_EQ(constant[0], 'c');	/* ours is not theirs */
	CHECK_EQ(variable[0], 'v');
	/* Across the end of a page. */
	poke(pid, variable + PAGE - 2, 0x44332211);
	CHECK_EQ(peek(pid, variable + PAGE - 2), 0x44332211);
	/* Without access: a debugger looks all the same. */
	CHECK_EQ(peek(pid, hidden) & 0xff, 'h');
	poke(pid, hidden, 'H');
	CHECK_EQ(peek(pid, hidden) & 0xff, 'H');
	/* A shared mapping that is read-only stays so. */
	CHECK_ERRNO(ptrace(PTRACE_POKEDATA, pid, shared, 0), EIO);
	CHECK_ERRNO(ptrace(PTRACE_POKEDATA, pid, 8, 0), EIO);
	CHECK_ERRNO(ptrace(PTRACE_POKEDATA, pid, 0xc0001000, 0), EIO);
	CHECK_ERRNO(ptrace(PTRACE_POKEDATA, pid, -2, 0), EIO);
	errno = 0;
	ptrace(PTRACE_PEEKDATA, pid, 0xbffffffe, 0);
	CHECK_EQ(errno, EIO);

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = MUST(open(path, O_RDWR | O_CLOEXEC));
	{
		char text[16];

		CHECK_EQ(pread64(fd, text, 8, (uintptr_t)constant), 8);
		CHECK(memcmp(text, "Constant", 8) == 0);
		CHECK_EQ(pread64(fd, text, 1, (uintptr_t)hidden), 1);
		CHECK_EQ(pwrite64(fd, "X", 1, (uintptr_t)constant + 100), 1);
		CHECK_EQ(peek(pid, constant + 100) & 0xff, 'X');
		CHECK_ERRNO(pread(fd, text, 1, 8), EIO);
		CHECK_ERRNO(pwrite64(fd, "X", 1, (uintptr_t)shared), EIO);
	}
	resume(PTRACE_CONT, pid, 0);
	expect_exit(pid, 0);
	{
		char text[16];

		CHECK_EQ(pread64(fd, text, 8, (uintptr_t)constant), 0);	/* gone */
	}
	close(fd);
}

/* A breakpoint in the vDSO is the tracee's own. */
static void test_vdso(void)
{
	const char *vdso = (const char *)getauxval(AT_SYSINFO_EHDR);
	pid_t pid = start_tracee(body);
	long word = peek(pid, vdso + 1024);

	poke(pid, vdso + 1024, ~word);
	CHECK_EQ(peek(pid, vdso + 1024), ~word);
	CHECK_EQ(memcmp(vdso + 1024, &word, sizeof(word)), 0);
	poke(pid, vdso + 1024, word);
	poke(pid, constant, (peek(pid, constant) & ~0xffL) | 'C');
	poke(pid, variable, (peek(pid, variable) & ~0xffL) | 'V');
	resume(PTRACE_CONT, pid, 0);
	expect_exit(pid, 0);
}

/* An open mem file does not show what a later exec has put there. */
static void execs(void)
{
	raise(SIGUSR1);
	execl("/proc/self/exe", "x", "--pause", NULL);
	_exit(CHECK_FAILED);
}

static void test_exec(void)
{
	pid_t pid = start_tracee(execs);
	char path[64], byte;
	int fd;

	resume(PTRACE_CONT, pid, 0);
	expect_stop(pid, SIGUSR1);
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = MUST(open(path, O_RDONLY | O_CLOEXEC));
	CHECK_EQ(pread64(fd, &byte, 1, (uintptr_t)constant), 1);
	resume(PTRACE_CONT, pid, 0);
	expect_stop(pid, SIGTRAP);
	CHECK_EQ(pread64(fd, &byte, 1, (uintptr_t)constant), 0);
	close(fd);
	CHECK(kill(pid, SIGKILL) == 0);
	expect_death(pid, SIGKILL);
}

static void sleeps(void)
{
	for (;;)
		pause();
}

static void test_process_vm(void)
{
	pid_t pid = start_child(sleeps);
	char text[2 * PAGE];
	struct iovec local = { text, 8 }, remote = { variable, 8 };
	struct iovec locals[2] = { { text, 3 }, { text + 3, 5 } };
	struct iovec remotes[2] = { { variable, 4 }, { NULL, 4 } };

	CHECK_EQ(process_vm_readv(pid, &local, 1, &remote, 1, 0), 8);
	CHECK(memcmp(text, "variable", 8) == 0);
	memcpy(text, "VARIABLE", 8);
	CHECK_EQ(process_vm_writev(pid, locals, 2, &remote, 1, 0), 8);
	memset(text, 0, 8);
	CHECK_EQ(process_vm_readv(pid, locals, 2, &remote, 1, 0), 8);
	CHECK(memcmp(text, "VARIABLE", 8) == 0);
	CHECK_EQ(process_vm_readv(pid, locals, 2, remotes, 2, 0), 4);	/* as far as it goes */
	CHECK_EQ(process_vm_writev(pid, locals, 2, remotes, 2, 0), 4);
	remote.iov_base = (void *)constant;
	CHECK_ERRNO(process_vm_writev(pid, &local, 1, &remote, 1, 0), EFAULT);
	remote.iov_base = hidden;
	CHECK_ERRNO(process_vm_readv(pid, &local, 1, &remote, 1, 0), EFAULT);
	remote.iov_base = (void *)0xc0001000;
	CHECK_ERRNO(process_vm_readv(pid, &local, 1, &remote, 1, 0), EFAULT);
	CHECK_ERRNO(process_vm_readv(pid, &local, 1, &remote, 1, 1), EINVAL);
	CHECK_ERRNO(process_vm_readv(pid, &local, 1025, &remote, 1, 0), EINVAL);
	CHECK_ERRNO(process_vm_readv(pid, &local, 1, &remote, 1025, 0), EINVAL);
	CHECK_ERRNO(process_vm_readv(32767, &local, 1, &remote, 1, 0), ESRCH);
	CHECK_ERRNO(process_vm_readv(pid, (void *)8, 1, &remote, 1, 0), EFAULT);
	CHECK_ERRNO(process_vm_readv(pid, &local, 1, (void *)8, 1, 0), EFAULT);
	CHECK_EQ(process_vm_readv(pid, &local, 0, &remote, 1, 0), 0);
	CHECK_EQ(process_vm_readv(pid, &local, 1, &remote, 0, 0), 0);
	remote.iov_base = variable;
	local.iov_base = (void *)8;
	CHECK_ERRNO(process_vm_readv(pid, &local, 1, &remote, 1, 0), EFAULT);
	kill_and_reap(pid);
}

int main(int argc, char **argv)
{
	int fd;

	if (argc > 1 && strcmp(argv[1], "--pause") == 0)
		pause();
	hidden = map_pages(1);
	hidden[0] = 'h';
	CHECK(mprotect(hidden, PAGE, PROT_NONE) == 0);
	make_file("file", "shared");
	fd = MUST(open("file", O_RDONLY));
	shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(shared != MAP_FAILED);
	close(fd);
	test_words();
	test_vdso();
	test_exec();
	test_process_vm();
	return 0;
}
