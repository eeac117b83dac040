/* timerfd: once, in intervals, absolute and relative; what gettime says; poll; errors. */
#include "epoll.h"
#include <sys/timerfd.h>

static struct itimerspec spec(long value_ms, long interval_ms)
{
	return (struct itimerspec){ { interval_ms / 1000, interval_ms % 1000 * 1000000 },
				    { value_ms / 1000, value_ms % 1000 * 1000000 } };
}

static uint64_t take(int fd)
{
	uint64_t ticks = 0;

	CHECK_EQ(read(fd, &ticks, 8), 8);
	return ticks;
}

static void set(int fd, int flags, long value_ms, long interval_ms)
{
	struct itimerspec new = spec(value_ms, interval_ms);

	CHECK(timerfd_settime(fd, flags, &new, NULL) == 0);
}

static long long left_ns(int fd)
{
	struct itimerspec now;

	CHECK(timerfd_gettime(fd, &now) == 0);
	return now.it_value.tv_sec * 1000000000LL + now.it_value.tv_nsec;
}

static void once(int clock)
{
	int fd = MUST(timerfd_create(clock, TFD_CLOEXEC));
	struct itimerspec old, off = spec(0, 0);
	long long start = now_ns();

	CHECK_EQ(left_ns(fd), 0);
	set(fd, 0, 20, 0);
	CHECK(left_ns(fd) > 0 && left_ns(fd) <= 20000000);
	CHECK_EQ(take(fd), 1);
	CHECK(now_ns() - start >= 20000000);
	CHECK_EQ(left_ns(fd), 0);
	set(fd, 0, 100000, 5000);
	CHECK(timerfd_settime(fd, 0, &off, &old) == 0);
	CHECK_EQ(old.it_interval.tv_sec, 5);
	CHECK(old.it_value.tv_sec >= 90 && old.it_value.tv_sec <= 100);
	CHECK_EQ(left_ns(fd), 0);
	CHECK(close(fd) == 0);
}

static void intervals(void)
{
	int fd = MUST(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
	struct pollfd poll_fd = { fd, POLLIN | POLLOUT, 0 };
	struct itimerspec tiny = { { 0, 1 }, { 0, 1 } };
	uint64_t ticks, sum = 0;
	long long start = now_ns();

	CHECK_ERRNO(read(fd, &ticks, 8), EAGAIN);
	set(fd, 0, 10, 10);
	CHECK_EQ(poll(&poll_fd, 1, 10000), 1);
	CHECK_EQ(poll_fd.revents, POLLIN);
	sleep_ms(35);
	sum = take(fd);
	CHECK(sum >= 4);
	while (sum < 8) {
		CHECK_EQ(poll(&poll_fd, 1, 10000), 1);
		sum += take(fd);
	}
	/* It does not drift: the eighth is not told before its time. */
	CHECK(now_ns() - start >= 80000000);
	CHECK(left_ns(fd) <= 10000000);
	/* Setting forgets what was not read. */
	sleep_ms(15);
	set(fd, 0, 100000, 0);
	CHECK_ERRNO(read(fd, &ticks, 8), EAGAIN);
	/* A thousand million a second interrupt nobody but are all counted. */
	CHECK(timerfd_settime(fd, 0, &tiny, NULL) == 0);
	sleep_ms(20);
	CHECK(take(fd) >= 20000000);
	CHECK(close(fd) == 0);
}

static void absolute(int clock)
{
	int fd = MUST(timerfd_create(clock, 0));
	struct itimerspec at = { { 0, 0 }, { 0, 0 } };
	struct timespec now;

	CHECK(clock_gettime(clock, &now) == 0);
	at.it_value = now;
	at.it_value.tv_nsec += 20000000;
	if (at.it_value.tv_nsec >= 1000000000) {
		at.it_value.tv_nsec -= 1000000000;
		at.it_value.tv_sec++;
	}
	CHECK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &at, NULL) == 0);
	CHECK_EQ(take(fd), 1);
	CHECK(clock_gettime(clock, &now) == 0);
	CHECK(now.tv_sec > at.it_value.tv_sec || (now.tv_sec == at.it_value.tv_sec &&
						  now.tv_nsec >= at.it_value.tv_nsec));
	/* The past is now; with an interval all since then are counted. */
	at.it_value.tv_sec = now.tv_sec > 1 ? now.tv_sec - 1 : 0;
	at.it_value.tv_nsec = 1;
	at.it_interval.tv_nsec = 1000000;
	CHECK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &at, NULL) == 0);
	CHECK(take(fd) >= 1);
	CHECK(close(fd) == 0);
}

static void errors(void)
{
	int fd = MUST(timerfd_create(CLOCK_MONOTONIC, 0));
	struct itimerspec bad = { { 0, 0 }, { 0, 1000000000 } }, good = spec(1, 0);
	uint64_t ticks;

	CHECK_ERRNO(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0), EINVAL);
	CHECK_ERRNO(timerfd_create(CLOCK_MONOTONIC_COARSE, 0), EINVAL);
	CHECK_ERRNO(timerfd_create(99, 0), EINVAL);
	CHECK_ERRNO(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL);
	CHECK_ERRNO(timerfd_settime(fd, 0, &bad, NULL), EINVAL);
	bad.it_value = (struct timespec){ -1, 0 };
	CHECK_ERRNO(timerfd_settime(fd, 0, &bad, NULL), EINVAL);
	CHECK_ERRNO(timerfd_settime(fd, 8, &good, NULL), EINVAL);
	CHECK_ERRNO(timerfd_settime(999, 0, &good, NULL), EBADF);
	CHECK_ERRNO(timerfd_settime(0, 0, &good, NULL), EINVAL);
	CHECK_ERRNO(timerfd_gettime(999, &good), EBADF);
	CHECK_ERRNO(timerfd_gettime(0, &good), EINVAL);
	CHECK_ERRNO(read(fd, &ticks, 7), EINVAL);
	CHECK_ERRNO(write(fd, &ticks, 8), EINVAL);
	CHECK(close(fd) == 0);
}

static void alarm_clocks(void)
{
	CHECK_ERRNO(timerfd_create(CLOCK_REALTIME_ALARM, 0), EPERM);
	CHECK_ERRNO(timerfd_create(CLOCK_BOOTTIME_ALARM, 0), EPERM);
}

static void killed(void)
{
	int fd = MUST(timerfd_create(CLOCK_MONOTONIC, 0));
	pid_t child = FORK();

	if (child == 0) {
		take(fd);
		_exit(1);
	}
	wait_until_blocked(child);
	kill_and_reap(child);
	set(fd, 0, 1, 1);
	CHECK(close(fd) == 0);
}

int main(void)
{
	once(CLOCK_MONOTONIC);
	once(CLOCK_REALTIME);
	once(CLOCK_BOOTTIME);
	intervals();
	absolute(CLOCK_MONOTONIC);
	absolute(CLOCK_REALTIME);
	errors();
	run_as(OTHER_UID, alarm_clocks);
	killed();
	return 0;
}
