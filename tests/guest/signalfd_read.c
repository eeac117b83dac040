/*
 * signalfd: what is read of each kind of signal, in what order; masks, waiting, poll and epoll,
 * errors; a child reads its own signals from a descriptor it inherited.
 */
#include "epoll.h"
#include <sys/signalfd.h>

static sigset_t set_of(int a, int b)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, a);
	sigaddset(&set, b);
	return set;
}

static struct signalfd_siginfo take(int fd)
{
	struct signalfd_siginfo info;

	memset(&info, 0x55, sizeof(info));
	CHECK_EQ(read(fd, &info, sizeof(info)), sizeof(info));
	return info;
}

static short poll_now(int fd)
{
	struct pollfd poll_fd = { fd, POLLIN | POLLOUT, 0 };

	CHECK(poll(&poll_fd, 1, 0) >= 0);
	return poll_fd.revents;
}

static int fd;

static void fields(void)
{
	union sigval value = { .sival_int = 0x1234567 };
	struct signalfd_siginfo info, many[4];

	CHECK_EQ(poll_now(fd), 0);
	CHECK(kill(getpid(), SIGUSR1) == 0);
	CHECK_EQ(poll_now(fd), POLLIN);
	info = take(fd);
	CHECK_EQ(info.ssi_signo, SIGUSR1);
	CHECK_EQ(info.ssi_code, SI_USER);
	CHECK_EQ(info.ssi_pid, getpid());
	CHECK_EQ(info.ssi_uid, getuid());
	CHECK_EQ(info.ssi_int, 0);
	CHECK_EQ(info.ssi_status, 0);
	CHECK(sigqueue(getpid(), SIGRTMIN + 1, value) == 0);
	value.sival_int++;
	CHECK(sigqueue(getpid(), SIGRTMIN + 1, value) == 0);
	CHECK(kill(getpid(), SIGUSR1) == 0);
	CHECK_EQ(read(fd, many, sizeof(many)), 3 * sizeof(many[0]));
	CHECK_EQ(many[0].ssi_signo, SIGUSR1);
	CHECK_EQ(many[1].ssi_signo, SIGRTMIN + 1);
	CHECK_EQ(many[1].ssi_code, SI_QUEUE);
	CHECK_EQ(many[1].ssi_int, 0x1234567);
	CHECK_EQ((uint32_t)many[1].ssi_ptr, 0x1234567);
	CHECK_EQ(many[2].ssi_int, 0x1234568);
	CHECK_ERRNO(read(fd, many, sizeof(many)), EAGAIN);
	/* One at a time where there is room for one. */
	CHECK(kill(getpid(), SIGUSR1) == 0);
	CHECK(sigqueue(getpid(), SIGRTMIN + 1, value) == 0);
	CHECK_EQ(read(fd, many, sizeof(many[0]) * 2 - 1), sizeof(many[0]));
	CHECK_EQ(read(fd, many, sizeof(many)), sizeof(many[0]));
	CHECK_EQ(many[0].ssi_signo, SIGRTMIN + 1);
}

static void child_status(void)
{
	sigset_t set = set_of(SIGCHLD, SIGCHLD);
	int own = MUST(signalfd(-1, &set, SFD_CLOEXEC));
	struct signalfd_siginfo info;
	pid_t child;

	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	child = FORK();
	if (child == 0)
		_exit(7);
	info = take(own);
	CHECK_EQ(info.ssi_signo, SIGCHLD);
	CHECK_EQ(info.ssi_code, CLD_EXITED);
	CHECK_EQ(info.ssi_pid, child);
	CHECK_EQ(info.ssi_status, 7);
	CHECK_EQ(wait_exit_status(child), 7);
	CHECK(close(own) == 0);
}

static void masks(void)
{
	sigset_t set = set_of(SIGUSR2, SIGKILL);

	CHECK(kill(getpid(), SIGUSR2) == 0);
	CHECK_EQ(poll_now(fd), 0);
	CHECK_EQ(signalfd(fd, &set, 0), fd);
	CHECK_EQ(poll_now(fd), POLLIN);
	CHECK_EQ(take(fd).ssi_signo, SIGUSR2);
	set = set_of(SIGUSR1, SIGRTMIN + 1);
	CHECK_EQ(signalfd(fd, &set, 0), fd);
}

static void inherited(void)
{
	int epoll = epoll_make();
	pid_t child;

	ADD(epoll, fd, EPOLLIN);
	child = FORK();
	if (child == 0) {
		int mine = epoll_make();

		CHECK_EQ(poll_now(fd), 0);
		ADD(mine, fd, EPOLLIN);
		CHECK(kill(getpid(), SIGUSR1) == 0);
		CHECK_EQ(epoll_now(mine, fd), EPOLLIN);
		CHECK_EQ(take(fd).ssi_pid, getpid());
		/* Ours watches it on; the process it heard of is gone then. */
		ADD(epoll, mine, EPOLLIN);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(poll_now(fd), 0);
	CHECK(kill(getpid(), SIGUSR1) == 0);
	CHECK_EQ(epoll_wait(epoll, &(struct epoll_event){ 0 }, 1, 1000), 1);
	CHECK_EQ(take(fd).ssi_signo, SIGUSR1);
	CHECK(close(epoll) == 0);
}

/* The watch is put on the child's process and stays when that is gone. */
static void watched_by_the_dead(void)
{
	int epoll = epoll_make();
	pid_t child = FORK();

	if (child == 0) {
		ADD(epoll, fd, EPOLLIN);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	DELETE(epoll, fd);
	child = FORK();
	if (child == 0) {
		ADD(epoll, fd, EPOLLIN);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK(close(epoll) == 0);
}

static void waiting(void)
{
	sigset_t set = set_of(SIGUSR1, SIGRTMIN + 1);
	int blocking = MUST(signalfd(-1, &set, 0));
	pid_t child = FORK();

	if (child == 0) {
		wait_until_blocked(getppid());
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	CHECK_EQ(take(blocking).ssi_pid, child);
	CHECK_EQ(wait_exit_status(child), 0);
	child = FORK();
	if (child == 0) {
		take(blocking);
		_exit(1);
	}
	wait_until_blocked(child);
	kill_and_reap(child);
	CHECK(close(blocking) == 0);
}

int main(void)
{
	sigset_t set = set_of(SIGUSR1, SIGRTMIN + 1);
	struct signalfd_siginfo info;

	block_signal(SIGUSR1);
	block_signal(SIGUSR2);
	block_signal(SIGRTMIN + 1);
	fd = MUST(signalfd(-1, &set, SFD_NONBLOCK));
	CHECK_EQ(fcntl(fd, F_GETFL), O_RDWR | O_NONBLOCK);
	CHECK_ERRNO(read(fd, &info, sizeof(info) - 1), EINVAL);
	CHECK_ERRNO(write(fd, &info, sizeof(info)), EINVAL);
	CHECK_ERRNO(signalfd(-1, &set, 1), EINVAL);
	CHECK_ERRNO(signalfd(999, &set, 0), EBADF);
	CHECK_ERRNO(signalfd(0, &set, 0), EINVAL);
	CHECK_EQ(raw_syscall(327, -1, &set, 4, 0), -EINVAL);
	fields();
	child_status();
	masks();
	inherited();
	watched_by_the_dead();
	waiting();
	return 0;
}
