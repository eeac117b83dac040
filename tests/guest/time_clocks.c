/*
 * The clocks: they move forwards, agree with each other, have a resolution, and name wrong ids
 * EINVAL.
 */
#include "check.h"
#include <sys/time.h>
#include <sys/times.h>

static long long clock_ns(clockid_t clock)
{
	struct timespec now;

	CHECK(clock_gettime(clock, &now) == 0);
	CHECK(now.tv_nsec >= 0 && now.tv_nsec < 1000000000);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(void)
{
	static const clockid_t clocks[] = {
		CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_MONOTONIC_RAW,
		CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_PROCESS_CPUTIME_ID,
		CLOCK_THREAD_CPUTIME_ID,
	};
	struct timespec resolution;
	struct timeval now;
	struct tms times_now;
	time_t seconds;

	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
		long long last = clock_ns(clocks[i]);

		for (int round = 0; round < 200; round++) {
			long long next = clock_ns(clocks[i]);

			CHECK(next >= last);
			last = next;
		}
		CHECK(clock_getres(clocks[i], &resolution) == 0);
		CHECK(resolution.tv_sec == 0 && resolution.tv_nsec > 0);
	}
	CHECK_EQ(raw_syscall(SYS_clock_gettime, 99, &resolution), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_clock_getres, 99, &resolution), -EINVAL);

	long long wall = clock_ns(CLOCK_REALTIME);

	CHECK(wall > 1600000000LL * 1000000000);	/* after 2020 */
	CHECK(gettimeofday(&now, NULL) == 0);
	CHECK(llabs(now.tv_sec * 1000000000LL + now.tv_usec * 1000LL - wall) < 5000000000LL);
	CHECK_EQ(raw_syscall(SYS_time, &seconds), seconds);
	CHECK(llabs(seconds * 1000000000LL - wall) < 5000000000LL);
	CHECK(llabs(time(NULL) - seconds) < 5);
	CHECK(times(&times_now) != (clock_t)-1);

	/* The 64-bit forms give the same. */
	int64_t wide[2];

	CHECK_EQ(raw_syscall(403, CLOCK_REALTIME, wide), 0);
	CHECK(llabs(wide[0] * 1000000000LL + wide[1] - wall) < 5000000000LL);
	return 0;
}
