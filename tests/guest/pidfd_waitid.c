/* waitid(P_PIDFD), and the pidfds that clone makes. */
#include "pidfd.h"

static int exit_with(void *status)
{
	return (int)(intptr_t)status;
}

static void waiting(void)
{
	siginfo_t info;
	pid_t pid = sleeping_child();
	pid_t other = sleeping_child();
	int fd = open_pidfd(pid), nonblocking = pidfd_open_raw(pid, O_NONBLOCK);

	CHECK(nonblocking >= 0);
	CHECK_EQ(waitid_raw(KIND_PIDFD, -1, &info, WEXITED), -EINVAL);
	CHECK_EQ(waitid_raw(KIND_PIDFD, 1023, &info, WEXITED), -EBADF);
	CHECK_EQ(waitid_raw(KIND_PIDFD, 0, &info, WEXITED), -EBADF);
	CHECK_EQ(waitid_raw(KIND_PIDFD, fd, &info, 0), -EINVAL);
	CHECK_EQ(waitid_raw(KIND_PIDFD, 1023, &info, 0), -EINVAL);

	memset(&info, 0x55, sizeof(info));
	CHECK_EQ(waitid_raw(KIND_PIDFD, fd, &info, WEXITED | WNOHANG), 0);
	CHECK_EQ(info.si_signo, 0);
	CHECK_EQ(info.si_pid, 0);
	/* A pidfd that does not block says EAGAIN, unless the call itself does not either. */
	memset(&info, 0x55, sizeof(info));
	CHECK_EQ(waitid_raw(KIND_PIDFD, nonblocking, &info, WEXITED), -EAGAIN);
	CHECK_EQ(info.si_signo, 0);
	CHECK_EQ(waitid_raw(KIND_PIDFD, nonblocking, &info, WEXITED | WNOHANG), 0);
	CHECK_EQ(waitid_raw(KIND_PIDFD, nonblocking, (siginfo_t *)16, WEXITED), -EFAULT);

	CHECK(kill(other, SIGKILL) == 0);
	wait_process_state(other, 'Z');
	CHECK_EQ(waitid_raw(KIND_PIDFD, fd, &info, WEXITED | WNOHANG), 0);

	CHECK(kill(pid, SIGSTOP) == 0);
	CHECK_EQ(waitid_raw(KIND_PIDFD, fd, &info, WSTOPPED), 0);
	CHECK_EQ(info.si_code, CLD_STOPPED);
	CHECK_EQ(info.si_pid, pid);
	CHECK(kill(pid, SIGCONT) == 0);
	CHECK_EQ(waitid_raw(KIND_PIDFD, fd, &info, WCONTINUED), 0);
	CHECK_EQ(info.si_code, CLD_CONTINUED);
	CHECK(kill(pid, SIGTERM) == 0);
	CHECK_EQ(waitid_raw(KIND_PIDFD, fd, &info, WEXITED | WNOWAIT), 0);
	CHECK_EQ(waitid_raw(KIND_PIDFD, nonblocking, &info, WEXITED), 0);
	CHECK_EQ(info.si_code, CLD_KILLED);
	CHECK_EQ(info.si_status, SIGTERM);
	CHECK_EQ(waitid_raw(KIND_PIDFD, fd, &info, WEXITED), -ECHILD);
	CHECK_EQ(waitid_raw(KIND_PIDFD, nonblocking, &info, WEXITED), -ECHILD);
	/* The information is written even so. */
	CHECK_EQ(waitid_raw(KIND_PIDFD, fd, (siginfo_t *)16, WEXITED), -EFAULT);
	expect_signal_death(other, SIGKILL);

	/* Who is no child of ours cannot be waited for. */
	close(fd);
	fd = open_pidfd(getpid());
	CHECK_EQ(waitid_raw(KIND_PIDFD, fd, &info, WEXITED), -ECHILD);
	close(fd);
	close(nonblocking);
}

static void nothing(int signal)
{
	(void)signal;
}

static void interrupted(void)
{
	pid_t pid = sleeping_child();
	int fd = open_pidfd(pid);
	siginfo_t info;

	handle_signal(SIGALRM, nothing, 0);
	alarm(1);
	CHECK_EQ(waitid_raw(KIND_PIDFD, fd, &info, WEXITED), -EINTR);
	kill_and_reap(pid);
	close(fd);
}

/* The number comes back to another process; the pidfd still means the first. */
static void number_used_again(void)
{
	pid_t pid = sleeping_child();
	int fd = open_pidfd(pid);
	uint64_t arguments[10] = { 0 };
	pid_t wanted = pid;
	siginfo_t info;

	kill_and_reap(pid);
	arguments[4] = SIGCHLD;
	arguments[8] = (uintptr_t)&wanted;
	arguments[9] = 1;
	pid = raw_syscall(NR_CLONE3, arguments, sizeof(arguments));
	if (pid == 0) {
		for (;;)
			pause();
	}
	CHECK_EQ(pid, wanted);
	CHECK_EQ(poll_now(fd), POLLIN | POLLRDNORM);
	CHECK_EQ(pidfd_signal(fd, SIGKILL, NULL), -ESRCH);
	CHECK_EQ(waitid_raw(KIND_PIDFD, fd, &info, WEXITED | WNOHANG), -ECHILD);
	close(fd);
	kill_and_reap(pid);
}

static void made_by_clone(void)
{
	char *stack = map_pages(16);
	struct rlimit limit;
	siginfo_t info;
	int fd = -1, from_clone = -1;
	pid_t pid;

	pid = clone(exit_with, stack + 16 * PAGE, CLONE_PIDFD | CLONE_VM | CLONE_VFORK | SIGCHLD,
		    (void *)33, &fd, NULL, NULL);
	CHECK(pid > 0);
	CHECK(fd >= 0);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(fd, F_GETFL), O_RDWR);
	CHECK_EQ(waitid_raw(KIND_PIDFD, fd, &info, WEXITED), 0);
	CHECK_EQ(info.si_pid, pid);
	CHECK_EQ(info.si_status, 33);
	close(fd);

	/* Nothing of it is left by a clone that fails. */
	CHECK_EQ(raw_syscall(SYS_clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, 0, &fd, 0, 0),
		 -EINVAL);
	CHECK_EQ(raw_syscall(SYS_clone, CLONE_PIDFD | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, 0,
			     &fd, 0, 0), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_clone, CLONE_PIDFD | CLONE_DETACHED | SIGCHLD, 0, &fd, 0, 0),
		 -EINVAL);
	CHECK_EQ(raw_syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, 16, 0, 0), -EFAULT);
	CHECK_EQ(raw_syscall(SYS_waitid, P_ALL, 0, &info, WEXITED, NULL), -ECHILD);
	CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	rlim_t before = limit.rlim_cur;
	limit.rlim_cur = 0;
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHECK_EQ(raw_syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, &fd, 0, 0), -EMFILE);
	limit.rlim_cur = before;
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	fd = MUST(dup(0));
	pid = raw_syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, &from_clone, 0, 0);
	if (pid == 0)
		_exit(fcntl(fd + 1, F_GETFD) < 0 ? 0 : 1);	/* the child has it not */
	CHECK_EQ(from_clone, fd + 1);
	CHECK_EQ(wait_exit_status(pid), 0);
	close(fd);
	close(fd + 1);
}

int main(void)
{
	waiting();
	interrupted();
	number_used_again();
	made_by_clone();
	return 0;
}
