/* test: linux=no
 * Setting the clock moves the wall clock at once and the monotonic one not at all; only root may.
 */
#include "check.h"
#include <sys/time.h>

static void as_user(void)
{
	struct timespec time = { 1500000000, 0 };

	CHECK_ERRNO(clock_settime(CLOCK_REALTIME, &time), EPERM);
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
	old_way = (struct timeval){ before.tv_sec, 0 };
	CHECK(settimeofday(&old_way, NULL) == 0);
	CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
	CHECK(now.tv_sec >= before.tv_sec);
	return 0;
}
