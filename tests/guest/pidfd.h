/* pidfd's calls, as the C library may not know them. */
#pragma once
#include "check.h"

#define NR_PIDFD_SEND_SIGNAL 424
#define NR_PIDFD_OPEN 434
#define NR_CLONE3 435
#define NR_PIDFD_GETFD 438
#define KIND_PIDFD 3	/* P_PIDFD */
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif

static inline int pidfd_open_raw(pid_t pid, unsigned int flags)
{
	return raw_syscall(NR_PIDFD_OPEN, pid, flags);
}

static inline int open_pidfd(pid_t pid)
{
	int fd = pidfd_open_raw(pid, 0);

	if (fd < 0)
		FAIL("pidfd_open(%d) gave %d", pid, fd);
	return fd;
}

static inline int pidfd_signal(int pidfd, int signal, const siginfo_t *info)
{
	return raw_syscall(NR_PIDFD_SEND_SIGNAL, pidfd, signal, info, 0);
}

static inline int waitid_raw(int kind, int id, siginfo_t *info, int options)
{
	return raw_syscall(SYS_waitid, kind, id, info, options, NULL);
}

/* What poll says of it now. */
static inline int poll_now(int fd)
{
	struct pollfd poll_fd = { fd, POLLIN | POLLOUT | POLLHUP | POLLRDNORM, 0 };

	CHECK(poll(&poll_fd, 1, 0) >= 0);
	return poll_fd.revents;
}

/* A child that waits to be killed. */
static inline pid_t sleeping_child(void)
{
	pid_t pid = FORK();

	if (pid == 0) {
		for (;;)
			pause();
	}
	return pid;
}
