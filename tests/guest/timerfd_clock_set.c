/*
 * test: linux=no
 * When the realtime clock is set: a timer at an absolute time moves with it, one that asked for
 * CANCEL_ON_SET says ECANCELED, a relative one and a monotonic one do not care; an absolute sleep
 * ends when its time is jumped over. (Linux would do the same; its clock is not ours to set.)
 */
#include "check.h"
#include <sys/timerfd.h>

static void shift_clock(int seconds)
{
	struct timespec now;

	CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
	now.tv_sec += seconds;
	CHECK(clock_settime(CLOCK_REALTIME, &now) == 0);
}

static int timer_in(int flags, int seconds)
{
	int fd = MUST(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
	struct itimerspec at = { { 0, 0 }, { seconds, 0 } };
	struct timespec now;

	CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
	if (flags & TFD_TIMER_ABSTIME)
		at.it_value.tv_sec += now.tv_sec;
	CHECK(timerfd_settime(fd, flags, &at, NULL) == 0);
	return fd;
}

static short poll_now(int fd, int ms)
{
	struct pollfd poll_fd = { fd, POLLIN, 0 };

	CHECK(poll(&poll_fd, 1, ms) >= 0);
	return poll_fd.revents;
}

int main(void)
{
	int absolute = timer_in(TFD_TIMER_ABSTIME, 1000), relative = timer_in(0, 1000);
	int cancelled = timer_in(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, 100000);
	struct itimerspec left;
	struct timespec later;
	uint64_t ticks;

	CHECK_EQ(poll_now(absolute, 0), 0);
	shift_clock(2000);
	CHECK_EQ(poll_now(absolute, 1000), POLLIN);
	CHECK_EQ(read(absolute, &ticks, 8), 8);
	CHECK_EQ(ticks, 1);
	CHECK_EQ(poll_now(relative, 0), 0);
	CHECK_EQ(poll_now(cancelled, 0), POLLIN);
	CHECK_ERRNO(read(cancelled, &ticks, 8), ECANCELED);
	CHECK_ERRNO(read(cancelled, &ticks, 8), EAGAIN);
	CHECK(timerfd_gettime(cancelled, &left) == 0);
	CHECK(left.it_value.tv_sec > 97000 && left.it_value.tv_sec <= 98000);
	shift_clock(-2000);
	CHECK_ERRNO(timerfd_settime(cancelled, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &left,
				    NULL), ECANCELED);

	CHECK(clock_gettime(CLOCK_REALTIME, &later) == 0);
	later.tv_sec += 1000;
	pid_t child = FORK();

	if (child == 0) {
		wait_until_blocked(getppid());
		shift_clock(1001);
		_exit(0);
	}
	CHECK_EQ(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &later, NULL), 0);
	CHECK_EQ(wait_exit_status(child), 0);
	shift_clock(-1001);
	return 0;
}
