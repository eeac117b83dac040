/* What timer_create and its kin refuse, and which error wins. */
#include "posix_timer.h"
#include <sys/resource.h>

static int create(int clock, struct sigevent *event, void *id)
{
	return syscall(SYS_timer_create, clock, event, id);
}

static int create_with(int notify, int signal, pid_t thread)
{
	struct sigevent event = { .sigev_notify = notify, .sigev_signo = signal };
	int id;

	event._sigev_un._tid = thread;
	return create(CLOCK_MONOTONIC, &event, &id);
}

int main(void)
{
	struct itimerspec setting = { { 0, 0 }, { 0, 0 } }, bad = { { 0, 0 }, { 0, 1000000000 } };
	struct rlimit limit = { 2, 2 };
	int id = -1, other = -1;

	CHECK_ERRNO(create(77, NULL, &id), EINVAL);
	CHECK_ERRNO(create(CLOCK_MONOTONIC_RAW, NULL, &id), EOPNOTSUPP);
	CHECK_ERRNO(create(CLOCK_MONOTONIC_COARSE, NULL, &id), EOPNOTSUPP);
	CHECK_ERRNO(create(CLOCK_REALTIME_COARSE, NULL, &id), EOPNOTSUPP);
	CHECK_ERRNO(create(CLOCK_MONOTONIC, (void *)16, &id), EFAULT);
	CHECK_ERRNO(create(CLOCK_MONOTONIC, NULL, (void *)16), EFAULT);
	CHECK_ERRNO(create_with(3, SIGALRM, 0), EINVAL);
	CHECK_ERRNO(create_with(5, SIGALRM, gettid()), EINVAL);
	CHECK_ERRNO(create_with(SIGEV_SIGNAL, 0, 0), EINVAL);
	CHECK_ERRNO(create_with(SIGEV_SIGNAL, 65, 0), EINVAL);
	CHECK_ERRNO(create_with(SIGEV_THREAD_ID, SIGALRM, 0), EINVAL);
	CHECK_ERRNO(create_with(SIGEV_THREAD_ID, SIGALRM, 1), EINVAL);
	CHECK_EQ(create_with(SIGEV_NONE, 0, 0), 0);

	CHECK_EQ(create(CLOCK_MONOTONIC, NULL, &id), 0);
	CHECK_ERRNO(syscall(SYS_timer_settime, id, 0, NULL, NULL), EINVAL);
	CHECK_ERRNO(syscall(SYS_timer_settime, id, 0, 16, NULL), EFAULT);
	CHECK_ERRNO(syscall(SYS_timer_settime, id, 0, &bad, NULL), EINVAL);
	CHECK_ERRNO(syscall(SYS_timer_settime, 999, 0, &setting, NULL), EINVAL);
	CHECK_ERRNO(syscall(SYS_timer_settime, id, 0, &setting, 16), EFAULT);
	CHECK_ERRNO(syscall(SYS_timer_gettime, 999, 16), EINVAL);
	CHECK_ERRNO(syscall(SYS_timer_gettime, id, 16), EFAULT);
	CHECK_ERRNO(timer_overrun(999), EINVAL);
	CHECK_ERRNO(timer_remove(999), EINVAL);
	CHECK_ERRNO(timer_remove(-1), EINVAL);
	CHECK_EQ(timer_remove(id), 0);
	CHECK_ERRNO(timer_remove(id), EINVAL);

	/* Timers count as pending signals, even those that send none. */
	CHECK(setrlimit(RLIMIT_SIGPENDING, &limit) == 0);
	CHECK(setresuid(1234, 1234, 1234) == 0);
	CHECK_EQ(create(CLOCK_MONOTONIC, NULL, &id), 0);
	CHECK_EQ(create_with(SIGEV_NONE, 0, 0), 0);
	CHECK_ERRNO(create(CLOCK_MONOTONIC, NULL, &other), EAGAIN);
	CHECK_EQ(timer_remove(id), 0);
	CHECK_EQ(create(CLOCK_MONOTONIC, NULL, &other), 0);
	CHECK_EQ(timer_remove(other), 0);
	CHECK_ERRNO(create(CLOCK_REALTIME_ALARM, NULL, &id), EPERM);
	return 0;
}
