/*
 * process_vm_readv() reads only what is mapped readable, although the program itself can read what
 * it may write or execute; and for nothing to move no process is looked for.
 */
#include "check.h"

enum { NOBODY = 999999 };

static char here[PAGE];

static ssize_t transfer(pid_t pid, void *from, size_t size, bool write)
{
	struct iovec local = { here, sizeof(here) }, remote = { from, size };

	return write ? process_vm_writev(pid, &local, 1, &remote, 1, 0)
		     : process_vm_readv(pid, &local, 1, &remote, 1, 0);
}

static void check(int protection, bool readable, bool writable)
{
	char *page = MUST(mmap(NULL, PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	for (int write = 0; write < 2; write++) {
		if (write ? writable : readable)
			CHECK_EQ(transfer(getpid(), page, PAGE, write), PAGE);
		else
			CHECK_ERRNO(transfer(getpid(), page, PAGE, write), EFAULT);
	}
}

int main(void)
{
	check(PROT_NONE, false, false);
	check(PROT_READ, true, false);
	check(PROT_WRITE, false, true);
	check(PROT_EXEC, false, false);
	check(PROT_READ | PROT_EXEC, true, false);
	check(PROT_READ | PROT_WRITE, true, true);
	CHECK_EQ(transfer(NOBODY, here, 0, false), 0);
	CHECK_EQ(transfer(NOBODY, here, 0, true), 0);
	CHECK_ERRNO(transfer(NOBODY, here, 1, false), ESRCH);
	return 0;
}
