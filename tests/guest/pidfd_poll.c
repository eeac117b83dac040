/*
 * A pidfd is readable from its process's death on, and only from then: not when one thread of many
 * ends, be it the first; and no hang-up is reported.
 */
#include "pidfd.h"
#include <pthread.h>
#include <sys/epoll.h>

enum { DEAD = POLLIN | POLLRDNORM };

static void before_and_after(void)
{
	pid_t pid = sleeping_child();
	int fd = open_pidfd(pid);
	fd_set set;
	struct timeval none = { 0, 0 };

	CHECK_EQ(poll_now(fd), 0);
	CHECK(kill(pid, SIGSTOP) == 0);
	wait_process_state(pid, 'T');
	CHECK_EQ(poll_now(fd), 0);
	CHECK(kill(pid, SIGCONT) == 0);
	CHECK_EQ(poll_now(fd), 0);
	CHECK(kill(pid, SIGKILL) == 0);
	CHECK_EQ(poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, GATE_PATIENCE_MS), 1);
	CHECK_EQ(poll_now(fd), DEAD);
	expect_signal_death(pid, SIGKILL);
	CHECK_EQ(poll_now(fd), DEAD);
	FD_ZERO(&set);
	FD_SET(fd, &set);
	CHECK_EQ(select(fd + 1, &set, NULL, NULL, &none), 1);
	CHECK(FD_ISSET(fd, &set));
	close(fd);
}

/* The sleeper is somebody else than the parent. */
static void watched_by_a_stranger(void)
{
	pid_t pid = sleeping_child();
	int fd = open_pidfd(pid);
	pid_t watcher = FORK();

	if (watcher == 0) {
		struct pollfd poll_fd = { fd, POLLIN, 0 };

		CHECK_EQ(poll(&poll_fd, 1, GATE_PATIENCE_MS), 1);
		CHECK_EQ(poll_fd.revents, POLLIN);
		_exit(0);
	}
	wait_until_blocked(watcher);
	CHECK(kill(pid, SIGKILL) == 0);
	CHECK_EQ(wait_exit_status(watcher), 0);
	expect_signal_death(pid, SIGKILL);
	close(fd);
}

static void *outlive(void *may_end)
{
	gate_pass(may_end);
	return NULL;
}

/* The first thread ends, the second goes on: the process lives. */
static void first_thread_ends_first(void)
{
	struct gate may_end = gate_create();
	pid_t pid = FORK();
	int fd;

	if (pid == 0) {
		pthread_t thread;

		CHECK_EQ(pthread_create(&thread, NULL, outlive, &may_end), 0);
		raw_syscall(SYS_exit, 0);
	}
	fd = open_pidfd(pid);
	wait_process_state(pid, 'Z');
	CHECK_EQ(poll_now(fd), 0);
	CHECK_EQ(waitid_raw(KIND_PIDFD, fd, NULL, WEXITED | WNOHANG), 0);
	CHECK_EQ(pidfd_signal(fd, 0, NULL), 0);
	gate_open(&may_end);
	CHECK_EQ(poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, GATE_PATIENCE_MS), 1);
	CHECK_EQ(wait_exit_status(pid), 0);
	close(fd);
}

static void by_epoll(unsigned int flags)
{
	enum { CHILDREN = 8 };
	struct epoll_event event = { .events = EPOLLIN | flags }, got[CHILDREN + 1];
	int epoll = MUST(epoll_create1(0));
	int fds[CHILDREN];
	pid_t children[CHILDREN];
	unsigned int seen = 0;

	for (int i = 0; i < CHILDREN; i++) {
		children[i] = sleeping_child();
		fds[i] = open_pidfd(children[i]);
		event.data.u32 = i;
		CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event) == 0);
	}
	CHECK_EQ(epoll_wait(epoll, got, CHILDREN, 0), 0);
	/* A signal that kills nobody is no event. */
	CHECK(kill(children[0], SIGCONT) == 0);
	CHECK_EQ(epoll_wait(epoll, got, CHILDREN, 0), 0);
	for (int i = 0; i < CHILDREN; i++)
		CHECK(kill(children[i], SIGTERM) == 0);
	while (seen != (1u << CHILDREN) - 1) {
		int count = epoll_wait(epoll, got, CHILDREN, GATE_PATIENCE_MS);

		CHECK(count > 0);
		for (int i = 0; i < count; i++) {
			CHECK_EQ(got[i].events, EPOLLIN);
			seen |= 1u << got[i].data.u32;
		}
	}
	CHECK_EQ(epoll_wait(epoll, got, CHILDREN, 0), flags & EPOLLET ? 0 : CHILDREN);
	for (int i = 0; i < CHILDREN; i++) {
		expect_signal_death(children[i], SIGTERM);
		close(fds[i]);
	}
	CHECK_EQ(epoll_wait(epoll, got, CHILDREN, 0), 0);
	close(epoll);
}

/* A death that races with the poll is never missed. */
static void race(void)
{
	for (int i = 0; i < scaled(300); i++) {
		pid_t pid = FORK();
		int fd;

		if (pid == 0)
			_exit(7);
		fd = open_pidfd(pid);
		CHECK_EQ(poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, GATE_PATIENCE_MS), 1);
		CHECK_EQ(waitid_raw(KIND_PIDFD, fd, NULL, WEXITED | WNOHANG | WNOWAIT), 0);
		CHECK_EQ(wait_exit_status(pid), 7);
		close(fd);
	}
}

int main(void)
{
	before_and_after();
	watched_by_a_stranger();
	first_thread_ends_first();
	by_epoll(0);
	by_epoll(EPOLLET);
	race();
	return 0;
}
