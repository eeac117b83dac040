/* CLONE_PARENT_SETTID, CLONE_CHILD_SETTID and CLONE_CHILD_CLEARTID write where they are told. */
#include "check.h"

static int exit_with_six(void *argument)
{
	(void)argument;
	return 6;
}

int main(void)
{
	volatile pid_t *words = shared_memory(PAGE);
	pid_t child;

	child = raw_syscall(SYS_clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, 0,
			    &words[0], 0, &words[1]);
	if (child == 0)
		_exit(words[1] == getpid() && words[0] == getpid() ? 0 : 1);
	CHECK(child > 0);
	CHECK_EQ(words[0], child);
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(words[1], child);

	/* Cleared at the end only where the memory is still used by another process. */
	words[2] = 5;
	child = raw_syscall(SYS_clone, CLONE_CHILD_CLEARTID | SIGCHLD, 0, 0, 0, &words[2]);
	if (child == 0)
		_exit(0);
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(words[2], 5);

	char *stack = map_pages(4);

	words[3] = 5;
	child = clone(exit_with_six, stack + 4 * PAGE,
		      CLONE_VM | CLONE_VFORK | CLONE_CHILD_CLEARTID | SIGCHLD, NULL, NULL, NULL,
		      &words[3]);
	CHECK_EQ(words[3], 0);
	CHECK_EQ(wait_exit_status(child), 6);
	return 0;
}
