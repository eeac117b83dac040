/* test: linux=no
 * Setting the clock moves the wall clock at once and the monotonic one not at all; only root may. A
 * time that leaves no room before the end of 64 bits of nanoseconds, or that lies before the time
 * since boot, is refused.
 */
#include "check.h"
#include <sys/time.h>

#define MOST_SECONDS (9223372036LL - 30 * 365 * 24 * 3600LL)	/* less than so many */

/* The C library's own clock_settime() has 32 bits of seconds here. */
static long set_seconds(int64_t seconds)
{
	int64_t time[2] = { seconds, 0 };

	return raw_syscall(404, CLOCK_REALTIME, time);
}

static void as_user(void)
{
	CHECK_EQ(set_seconds(1500000000), -EPERM);
	CHECK_EQ(set_seconds(MOST_SECONDS), -EINVAL);
}

static void refused(void)
{
	CHECK_EQ(raw_syscall(SYS_settimeofday, NULL, (int[]){ 15 * 60 + 1, 0 }), -EPERM);
	CHECK_EQ(raw_syscall(SYS_settimeofday, (int[]){ -1, 0 }, (int[]){ 0, 0 }), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_settimeofday, (int[]){ 1, 0 }, NULL), -EPERM);
}

int main(void)
{
	struct timespec before, now, wanted = { 1500000000, 0 };
	long long monotonic = now_ns();
	struct timeval old_way;

	CHECK(clock_gettime(CLOCK_REALTIME, &before) == 0);
	run_as(OTHER_UID, as_user);
	CHECK(clock_settime(CLOCK_REALTIME, &wanted) == 0);
	CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
	CHECK(now.tv_sec >= 1500000000 && now.tv_sec < 1500000010);
	CHECK(now_ns() - monotonic < 10000000000LL);
	CHECK_ERRNO(clock_settime(CLOCK_MONOTONIC, &wanted), EINVAL);
	wanted.tv_nsec = -1;
	CHECK_ERRNO(clock_settime(CLOCK_REALTIME, &wanted), EINVAL);
	CHECK_EQ(set_seconds(MOST_SECONDS), -EINVAL);
	CHECK_EQ(set_seconds(INT64_MAX), -EINVAL);
	CHECK_EQ(set_seconds(0), -EINVAL);
	CHECK_EQ(set_seconds(-1), -EINVAL);
	CHECK_EQ(set_seconds(MOST_SECONDS - 1), 0);
	sleep_ms(20);
	old_way = (struct timeval){ -1, 0 };
	CHECK_ERRNO(settimeofday(&old_way, NULL), EINVAL);
	old_way = (struct timeval){ before.tv_sec, 0 };
	CHECK(settimeofday(&old_way, NULL) == 0);
	CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
	CHECK(now.tv_sec >= before.tv_sec);
	/* The zone is looked at: no further than fifteen hours away. */
	CHECK_EQ(raw_syscall(SYS_settimeofday, NULL, (int[]){ 0, 0 }), 0);
	CHECK_EQ(raw_syscall(SYS_settimeofday, NULL, (int[]){ 15 * 60 + 1, 0 }), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_settimeofday, NULL, 16), -EFAULT);
	run_as(OTHER_UID, refused);
	return 0;
}
