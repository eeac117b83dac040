/* A child has its parent's directory, umask, handlers, mask, ids, limits and descriptors. */
#include "check.h"

static void handler(int signal)
{
	(void)signal;
}

int main(void)
{
	struct rlimit limit = { 100, 200 }, child_limit;
	char directory[PATH_MAX], child_directory[PATH_MAX];
	struct sigaction action;
	sigset_t mask;
	pid_t parent = getpid(), group = getpgrp(), session = getsid(0), child;
	int fd;

	CHECK(mkdir("here", 0755) == 0);
	CHECK(chdir("here") == 0);
	CHECK(getcwd(directory, sizeof(directory)) != NULL);
	umask(0137);
	handle_signal(SIGUSR1, handler, SA_RESTART);
	handle_signal(SIGUSR2, SIG_IGN, 0);
	block_signal(SIGTERM);
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	make_file("text", "0123456789");
	fd = MUST(open("text", O_RDONLY | O_CLOEXEC));

	child = FORK();
	if (child == 0) {
		char byte;

		CHECK_EQ(getppid(), parent);
		CHECK_EQ(getpgrp(), group);
		CHECK_EQ(getsid(0), session);
		CHECK(getcwd(child_directory, sizeof(child_directory)) != NULL);
		CHECK(strcmp(directory, child_directory) == 0);
		CHECK_EQ(umask(0), 0137);
		CHECK(sigaction(SIGUSR1, NULL, &action) == 0);
		CHECK(action.sa_handler == handler && (action.sa_flags & SA_RESTART));
		CHECK(sigaction(SIGUSR2, NULL, &action) == 0);
		CHECK(action.sa_handler == SIG_IGN);
		CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0);
		CHECK(sigismember(&mask, SIGTERM));
		CHECK(!sigismember(&mask, SIGUSR1));
		CHECK(getrlimit(RLIMIT_NOFILE, &child_limit) == 0);
		CHECK_EQ(child_limit.rlim_cur, 100);
		CHECK_EQ(child_limit.rlim_max, 200);
		CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
		CHECK_EQ(read(fd, &byte, 1), 1);
		CHECK_EQ(byte, '0');
		/* What the child changes is its own. */
		CHECK(chdir("/") == 0);
		handle_signal(SIGUSR1, SIG_DFL, 0);
		unblock_signal(SIGTERM);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 1);	/* but the offset is shared */
	CHECK(getcwd(child_directory, sizeof(child_directory)) != NULL);
	CHECK(strcmp(directory, child_directory) == 0);
	CHECK_EQ(umask(0), 0137);
	CHECK(sigaction(SIGUSR1, NULL, &action) == 0);
	CHECK(action.sa_handler == handler);
	CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0);
	CHECK(sigismember(&mask, SIGTERM));
	return 0;
}
