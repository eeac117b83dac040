/* F_SETOWN, F_SETOWN_EX, F_SETSIG: who hears of news in a file, how it is told, and each error. */
#include "check.h"
#include <sys/ioctl.h>
#include <sys/socket.h>

static int get_owner(int fd, int *type)
{
	struct f_owner_ex owner = { -1, -1 };

	CHECK(fcntl(fd, F_GETOWN_EX, &owner) == 0);
	*type = owner.type;
	return owner.pid;
}

static int set_owner(int fd, int type, pid_t pid)
{
	struct f_owner_ex owner = { type, pid };

	return fcntl(fd, F_SETOWN_EX, &owner);
}

static pid_t raw_getown(int fd)
{
	return syscall(SYS_fcntl64, fd, F_GETOWN, 0);
}

static void errors(int fd)
{
	int path = MUST(open(".", O_PATH));
	struct f_owner_ex owner = { F_OWNER_PID, 0 };

	CHECK_ERRNO(fcntl(fd, F_SETOWN_EX, (void *)8), EFAULT);
	CHECK_ERRNO(fcntl(fd, F_GETOWN_EX, (void *)8), EFAULT);
	CHECK_ERRNO(set_owner(fd, 3, getpid()), EINVAL);
	CHECK_ERRNO(set_owner(fd, -1, getpid()), EINVAL);
	CHECK_ERRNO(set_owner(fd, F_OWNER_PID, 4000000), ESRCH);
	CHECK_ERRNO(set_owner(fd, F_OWNER_TID, 4000000), ESRCH);
	CHECK_ERRNO(set_owner(fd, F_OWNER_PGRP, 4000000), ESRCH);
	CHECK_ERRNO(set_owner(fd, F_OWNER_PID, -1), ESRCH);
	CHECK_ERRNO(fcntl(fd, F_SETOWN, INT_MIN), EINVAL);
	CHECK_ERRNO(fcntl(fd, F_SETOWN, 4000000), ESRCH);
	CHECK_ERRNO(fcntl(fd, F_SETOWN, -4000000), ESRCH);
	CHECK_ERRNO(fcntl(fd, F_SETSIG, 65), EINVAL);
	CHECK_ERRNO(fcntl(fd, F_SETSIG, -1), EINVAL);
	CHECK_ERRNO(fcntl(path, F_SETOWN, getpid()), EBADF);
	CHECK_ERRNO(fcntl(path, F_GETOWN_EX, &owner), EBADF);
	CHECK_ERRNO(fcntl(999, F_SETOWN_EX, &owner), EBADF);
	CHECK(close(path) == 0);
}

static void forms(int fd)
{
	int type;

	/* Nobody yet. Every open file has an owner to be set, even one that never has news. */
	CHECK_EQ(get_owner(fd, &type), 0);
	CHECK_EQ(type, F_OWNER_TID);
	CHECK_EQ(raw_getown(fd), 0);
	CHECK_EQ(fcntl(fd, F_GETOWN), 0);
	CHECK_EQ(fcntl(fd, F_GETSIG), 0);

	CHECK(fcntl(fd, F_SETOWN, getpid()) == 0);
	CHECK_EQ(get_owner(fd, &type), getpid());
	CHECK_EQ(type, F_OWNER_PID);
	CHECK_EQ(fcntl(fd, F_GETOWN), getpid());

	CHECK(fcntl(fd, F_SETOWN, -getpgrp()) == 0);
	CHECK_EQ(get_owner(fd, &type), getpgrp());
	CHECK_EQ(type, F_OWNER_PGRP);
	CHECK_EQ(fcntl(fd, F_GETOWN), -getpgrp());

	CHECK(set_owner(fd, F_OWNER_TID, getpid()) == 0);
	CHECK_EQ(get_owner(fd, &type), getpid());
	CHECK_EQ(type, F_OWNER_TID);
	CHECK_EQ(raw_getown(fd), getpid());

	CHECK(set_owner(fd, F_OWNER_PGRP, getpgrp()) == 0);
	CHECK_EQ(get_owner(fd, &type), getpgrp());
	CHECK_EQ(type, F_OWNER_PGRP);

	/* 0 is nobody again, of the kind that was said. */
	CHECK(set_owner(fd, F_OWNER_PGRP, 0) == 0);
	CHECK_EQ(get_owner(fd, &type), 0);
	CHECK_EQ(type, F_OWNER_PGRP);
	CHECK(fcntl(fd, F_SETOWN, 0) == 0);
	CHECK_EQ(get_owner(fd, &type), 0);
	CHECK_EQ(type, F_OWNER_PID);

	CHECK(fcntl(fd, F_SETSIG, SIGRTMIN) == 0);
	CHECK_EQ(fcntl(fd, F_GETSIG), SIGRTMIN);
	CHECK(fcntl(fd, F_SETSIG, 0) == 0);
	CHECK_EQ(fcntl(fd, F_GETSIG), 0);
}

/* A refused owner leaves the one that there was; one that is gone is nobody. */
static void owner_ends(int fd)
{
	int type;
	pid_t child = FORK();

	if (child == 0) {
		pause();
		_exit(0);
	}
	CHECK(fcntl(fd, F_SETOWN, child) == 0);
	CHECK_ERRNO(set_owner(fd, F_OWNER_PID, 4000000), ESRCH);
	CHECK_EQ(fcntl(fd, F_GETOWN), child);
	CHECK(kill(child, SIGKILL) == 0);
	wait_process_state(child, 'Z');
	CHECK_EQ(fcntl(fd, F_GETOWN), child);
	kill_and_reap(child);
	CHECK_EQ(get_owner(fd, &type), 0);
	CHECK_EQ(type, F_OWNER_PID);
}

/* The ids of whoever named the owner: real and effective. */
static void user_ids(int fd)
{
	uid_t ids[2] = { 7, 7 };

	CHECK(fcntl(fd, F_SETOWN, 0) == 0);
	CHECK(seteuid(OTHER_UID) == 0);
	CHECK(fcntl(fd, F_SETOWN, getpid()) == 0);
	CHECK(seteuid(0) == 0);
	CHECK(fcntl(fd, 17 /* F_GETOWNER_UIDS */, ids) == 0);
	CHECK_EQ(ids[0], 0);
	CHECK_EQ(ids[1], OTHER_UID);
}

static void sockets(void)
{
	int ends[2], pid;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	pid = getpid();
	CHECK(ioctl(ends[0], FIOSETOWN, &pid) == 0);
	CHECK_EQ(fcntl(ends[0], F_GETOWN), getpid());
	pid = 0;
	CHECK(ioctl(ends[0], FIOGETOWN, &pid) == 0);
	CHECK_EQ(pid, getpid());
	pid = -getpgrp();
	CHECK(ioctl(ends[0], SIOCSPGRP, &pid) == 0);
	pid = 0;
	CHECK(ioctl(ends[0], SIOCGPGRP, &pid) == 0);
	CHECK_EQ(pid, -getpgrp());
	CHECK_ERRNO(ioctl(ends[0], FIOSETOWN, (void *)8), EFAULT);
	pid = 4000000;
	CHECK_ERRNO(ioctl(ends[0], SIOCSPGRP, &pid), ESRCH);
	CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
}

/* O_ASYNC is a flag of files that can have news; the others ignore it, or say so to FIOASYNC. */
static void who_can(void)
{
	int on = 1, off = 0, ends[2];
	int file = MUST(open("file", O_RDWR | O_CREAT, 0644));

	CHECK(pipe(ends) == 0);
	CHECK(fcntl(file, F_SETFL, O_ASYNC) == 0);
	CHECK_EQ(fcntl(file, F_GETFL) & O_ASYNC, 0);
	CHECK_ERRNO(ioctl(file, FIOASYNC, &on), ENOTTY);
	CHECK(ioctl(file, FIOASYNC, &off) == 0);
	CHECK_ERRNO(ioctl(file, FIOASYNC, (void *)8), EFAULT);
	CHECK(fcntl(ends[0], F_SETFL, O_ASYNC) == 0);
	CHECK_EQ(fcntl(ends[0], F_GETFL) & O_ASYNC, O_ASYNC);
	CHECK(ioctl(ends[0], FIOASYNC, &on) == 0);
	CHECK(ioctl(ends[0], FIOASYNC, &off) == 0);
	CHECK_EQ(fcntl(ends[0], F_GETFL) & O_ASYNC, 0);
	CHECK(close(file) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0);
}

/* Told to open(2) it is a flag that nobody heeds, and that fcntl(2) does not take away. */
static void flag_of_open(void)
{
	int fd;

	CHECK(mkfifo("fifo", 0600) == 0);
	fd = MUST(open("fifo", O_RDWR | O_NONBLOCK | O_ASYNC));
	block_signal(SIGIO);
	CHECK(fcntl(fd, F_SETOWN, getpid()) == 0);
	for (int i = 0; i < 3; i++) {
		static const int tries[] = { O_ASYNC, 0, O_ASYNC };
		sigset_t pending;

		CHECK(fcntl(fd, F_SETFL, O_NONBLOCK | tries[i]) == 0);
		CHECK_EQ(fcntl(fd, F_GETFL) & O_ASYNC, O_ASYNC);
		CHECK(write(fd, "x", 1) == 1);
		CHECK(sigpending(&pending) == 0);
		CHECK(!sigismember(&pending, SIGIO));
	}
	CHECK(close(fd) == 0 && unlink("fifo") == 0);
}

int main(void)
{
	int file = MUST(open("plain", O_RDWR | O_CREAT, 0644));
	int ends[2];

	CHECK(pipe(ends) == 0);
	errors(ends[0]);
	forms(ends[0]);
	forms(file);
	owner_ends(ends[1]);
	user_ids(ends[0]);
	sockets();
	who_can();
	flag_of_open();
	return 0;
}
