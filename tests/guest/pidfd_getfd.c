/* pidfd_getfd(2): a descriptor of another process, of whom that may be asked. */
#include "pidfd.h"

static int getfd(int pidfd, int fd)
{
	return raw_syscall(NR_PIDFD_GETFD, pidfd, fd, 0);
}

static int roots_pidfd;

static void as_user(void)
{
	pid_t mine;
	int pidfd, fd;

	CHECK_EQ(getfd(roots_pidfd, 0), -EPERM);
	CHECK_EQ(getfd(roots_pidfd, -1), -EPERM);
	/* One's own child may be asked, once it can be looked into. */
	mine = FORK();
	if (mine == 0) {
		raw_syscall(SYS_prctl, 4 /* PR_SET_DUMPABLE */, 1, 0, 0, 0);
		for (;;)
			pause();
	}
	wait_until_blocked(mine);
	pidfd = open_pidfd(mine);
	fd = getfd(pidfd, 0);
	CHECK(fd >= 0);
	kill_and_reap(mine);
}

int main(void)
{
	struct gate opened = gate_create();
	char byte = 0;
	int shared, pidfd, fd;
	struct rlimit limit;
	pid_t pid;

	pid = FORK();
	if (pid == 0) {
		int file = MUST(open("file", O_CREAT | O_RDWR, 0600));

		CHECK_EQ(dup2(file, 200), 200);
		CHECK_EQ(dup2(MUST(open("file", O_PATH)), 201), 201);
		CHECK_EQ(write(200, "abc", 3), 3);
		CHECK_EQ(lseek(200, 1, SEEK_SET), 1);
		gate_open(&opened);
		for (;;)
			pause();
	}
	gate_pass(&opened);
	pidfd = open_pidfd(pid);

	CHECK_EQ(raw_syscall(NR_PIDFD_GETFD, -1, 0, 1), -EINVAL);
	CHECK_EQ(getfd(-1, 200), -EBADF);
	CHECK_EQ(getfd(0, 200), -EBADF);
	CHECK_EQ(getfd(pidfd, 199), -EBADF);
	CHECK_EQ(getfd(pidfd, -1), -EBADF);

	/* The description itself: one position. The new descriptor is closed by exec. */
	shared = getfd(pidfd, 200);
	CHECK(shared >= 0);
	CHECK_EQ(fcntl(shared, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(read(shared, &byte, 1), 1);
	CHECK_EQ(byte, 'b');
	fd = getfd(pidfd, 200);
	CHECK_EQ(read(fd, &byte, 1), 1);
	CHECK_EQ(byte, 'c');
	close(fd);
	fd = getfd(pidfd, 201);
	CHECK_ERRNO(read(fd, &byte, 1), EBADF);
	CHECK_EQ(fcntl(fd, F_GETFL) & O_PATH, O_PATH);
	close(fd);

	/* One's own. */
	fd = open_pidfd(getpid());
	close(getfd(fd, fd));
	close(fd);

	roots_pidfd = pidfd;
	run_as(OTHER_UID, as_user);

	CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	rlim_t before = limit.rlim_cur;
	limit.rlim_cur = 0;
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHECK_EQ(getfd(pidfd, 200), -EMFILE);
	limit.rlim_cur = before;
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);

	CHECK(kill(pid, SIGKILL) == 0);
	wait_process_state(pid, 'Z');
	CHECK_EQ(getfd(pidfd, 200), -ESRCH);
	expect_signal_death(pid, SIGKILL);
	CHECK_EQ(getfd(pidfd, 200), -ESRCH);
	/* What was taken stays open. */
	CHECK_EQ(lseek(shared, 0, SEEK_CUR), 3);
	return 0;
}
