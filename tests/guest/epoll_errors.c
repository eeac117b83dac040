/* What epoll_create, epoll_ctl and epoll_wait refuse, and which error wins. */
#include "epoll.h"

int main(void)
{
	int fds[2], epoll = epoll_make(), other = epoll_make(), file, path;
	struct epoll_event event = { .events = EPOLLIN, .data.fd = 0 };
	struct epoll_event *volatile nowhere = NULL;
	volatile int negative = -1, huge = INT_MAX;
	struct timespec bad = { 0, 1000000000 };

	CHECK(pipe(fds) == 0);
	CHECK_ERRNO(epoll_create(0), EINVAL);
	CHECK_ERRNO(epoll_create(-1), EINVAL);
	CHECK(close(MUST(epoll_create(1))) == 0);
	CHECK_ERRNO(epoll_create1(O_NONBLOCK), EINVAL);
	CHECK_EQ(fcntl(epoll, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(epoll, F_GETFL), O_RDWR);

	CHECK_ERRNO(epoll_ctl(999, EPOLL_CTL_ADD, 998, NULL), EFAULT);
	CHECK_ERRNO(epoll_ctl(999, EPOLL_CTL_DEL, 998, NULL), EBADF);
	CHECK_ERRNO(epoll_do(999, EPOLL_CTL_ADD, fds[0], EPOLLIN), EBADF);
	CHECK_ERRNO(epoll_do(epoll, EPOLL_CTL_ADD, 999, EPOLLIN), EBADF);
	CHECK_ERRNO(epoll_do(fds[0], EPOLL_CTL_ADD, fds[1], EPOLLIN), EINVAL);
	CHECK_ERRNO(epoll_do(epoll, EPOLL_CTL_ADD, epoll, EPOLLIN), EINVAL);
	CHECK_ERRNO(epoll_do(epoll, 77, fds[0], EPOLLIN), EINVAL);
	CHECK_ERRNO(epoll_do(epoll, EPOLL_CTL_MOD, fds[0], EPOLLIN), ENOENT);
	CHECK_ERRNO(epoll_do(epoll, EPOLL_CTL_DEL, fds[0], EPOLLIN), ENOENT);
	file = MUST(open("file", O_CREAT | O_RDWR, 0600));
	CHECK_ERRNO(epoll_do(epoll, EPOLL_CTL_ADD, file, EPOLLIN), EPERM);
	CHECK_ERRNO(epoll_do(file, EPOLL_CTL_ADD, file, EPOLLIN), EPERM);
	CHECK_ERRNO(epoll_do(epoll, 77, file, EPOLLIN), EPERM);
	CHECK_ERRNO(epoll_do(epoll, EPOLL_CTL_ADD, MUST(open(".", O_RDONLY)), EPOLLIN), EPERM);
	CHECK_ERRNO(epoll_do(epoll, EPOLL_CTL_ADD, MUST(open("/dev/null", O_RDWR)), EPOLLIN),
		    EPERM);
	path = MUST(open("file", O_PATH));
	CHECK_ERRNO(epoll_do(epoll, EPOLL_CTL_ADD, path, EPOLLIN), EBADF);
	CHECK_ERRNO(epoll_do(path, EPOLL_CTL_ADD, fds[0], EPOLLIN), EBADF);

	/* EXCLUSIVE: when adding, with few other bits, and never a nested epoll. */
	CHECK_ERRNO(epoll_do(epoll, EPOLL_CTL_ADD, fds[0], EPOLLEXCLUSIVE | EPOLLONESHOT), EINVAL);
	CHECK_ERRNO(epoll_do(epoll, EPOLL_CTL_ADD, fds[0], EPOLLEXCLUSIVE | EPOLLRDHUP), EINVAL);
	CHECK_ERRNO(epoll_do(epoll, EPOLL_CTL_ADD, other, EPOLLEXCLUSIVE | EPOLLIN), EINVAL);
	CHECK_ERRNO(epoll_do(epoll, EPOLL_CTL_MOD, fds[0], EPOLLEXCLUSIVE | EPOLLIN), EINVAL);
	ADD(epoll, fds[0], EPOLLEXCLUSIVE | EPOLLIN | EPOLLET | EPOLLWAKEUP);
	CHECK_ERRNO(epoll_do(epoll, EPOLL_CTL_MOD, fds[0], EPOLLIN), EINVAL);
	CHECK_ERRNO(epoll_do(epoll, EPOLL_CTL_ADD, fds[0], EPOLLIN), EEXIST);

	CHECK_ERRNO(epoll_wait(epoll, &event, 0, 0), EINVAL);
	CHECK_ERRNO(epoll_wait(epoll, &event, negative, 0), EINVAL);
	CHECK_ERRNO(epoll_wait(epoll, &event, huge, 0), EINVAL);
	CHECK_ERRNO(epoll_wait(epoll, (void *)-16, 1, 0), EFAULT);
	CHECK_ERRNO(epoll_wait(999, &event, 1, 0), EBADF);
	CHECK_ERRNO(epoll_wait(fds[0], &event, 1, 0), EINVAL);
	CHECK_ERRNO(epoll_wait(path, &event, 1, 0), EBADF);
	CHECK_EQ(epoll_wait(epoll, nowhere, 1, 0), 0);
	put_byte(fds[1]);
	CHECK_ERRNO(epoll_wait(epoll, nowhere, 1, 0), EFAULT);
	/* An event that could not be told is not lost. */
	CHECK_EQ(epoll_now(epoll, fds[0]), EPOLLIN);

	CHECK_EQ(raw_syscall(319, epoll, &event, 1, 0, &event, 4), -EINVAL);
	CHECK_EQ(raw_syscall(319, 999, &event, 1, 0, 16, 8), -EFAULT);
	CHECK_EQ(raw_syscall(441, epoll, &event, 1, 16, NULL, 8), -EFAULT);
	long long wide[2] = { bad.tv_sec, bad.tv_nsec };

	CHECK_EQ(raw_syscall(441, epoll, &event, 1, wide, NULL, 8), -EINVAL);

	CHECK_ERRNO(read(epoll, &event, 8), EINVAL);
	CHECK_ERRNO(write(epoll, &event, 8), EINVAL);
	CHECK_EQ(lseek(epoll, 5, SEEK_SET), 0);
	return 0;
}
