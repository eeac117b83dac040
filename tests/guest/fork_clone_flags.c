/* Flags of clone() that share one thing each: memory, descriptors, directory, handlers. */
#include "check.h"

#define STACK (16 * PAGE)

static volatile int word;
static int fd_from_child;

static void nothing(int signal)
{
	(void)signal;
}

static int child_main(void *argument)
{
	(void)argument;
	word = 1;
	fd_from_child = open("/dev/null", O_RDONLY);
	if (chdir("sub") < 0)
		return 1;
	umask(0123);
	if (signal(SIGUSR1, nothing) == SIG_ERR)
		return 1;
	return 0;
}

static void run(int flags)
{
	char *stack = map_pages(STACK / PAGE);
	pid_t pid;

	word = 0;
	umask(022);
	handle_signal(SIGUSR1, SIG_DFL, 0);
	pid = clone(child_main, stack + STACK, flags | SIGCHLD, NULL);
	CHECK(pid > 0);
	CHECK_EQ(wait_exit_status(pid), 0);
}

int main(void)
{
	struct sigaction action;
	char directory[PATH_MAX];

	CHECK(mkdir("sub", 0755) == 0);

	run(0);
	CHECK_EQ(word, 0);
	CHECK(access("sub", F_OK) == 0);
	CHECK_EQ(umask(022), 022);

	run(CLONE_VM);
	CHECK_EQ(word, 1);
	CHECK_ERRNO(fcntl(fd_from_child, F_GETFD), EBADF);
	CHECK(sigaction(SIGUSR1, NULL, &action) == 0);
	CHECK(action.sa_handler == SIG_DFL);

	run(CLONE_VM | CLONE_FILES);
	CHECK(fcntl(fd_from_child, F_GETFD) >= 0);

	run(CLONE_VM | CLONE_SIGHAND);
	CHECK(sigaction(SIGUSR1, NULL, &action) == 0);
	CHECK(action.sa_handler == nothing);

	run(CLONE_FS);
	CHECK(getcwd(directory, sizeof(directory)) != NULL);
	CHECK(strcmp(strrchr(directory, '/'), "/sub") == 0);
	CHECK_EQ(umask(022), 0123);

	/* What cannot be shared alone. */
	CHECK_EQ(raw_syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_clone, CLONE_THREAD | SIGCHLD, 0, 0, 0, 0), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_clone, CLONE_NEWNS | CLONE_FS | SIGCHLD, 0, 0, 0, 0), -EINVAL);
	return 0;
}
