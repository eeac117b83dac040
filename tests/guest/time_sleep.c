/*
 * nanosleep and clock_nanosleep: never shorter than asked, absolute and relative; wrong values
 * refused.
 */
#include "check.h"

int main(void)
{
	struct timespec time = { 0, 25000000 }, wrong = { 0, 1000000000 }, negative = { -1, 0 };
	struct timespec until;
	long long start = now_ns(), took;

	CHECK(nanosleep(&time, NULL) == 0);
	took = now_ns() - start;
	CHECK(took >= 25000000 && took < 5000000000LL);
	start = now_ns();
	CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL), 0);
	CHECK(now_ns() - start >= 25000000);

	CHECK(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
	until.tv_nsec += 25000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL), 0);
	CHECK(now_ns() >= until.tv_sec * 1000000000LL + until.tv_nsec);
	CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL), 0);	/* past */
	CHECK_EQ(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL), 0);

	CHECK_ERRNO(nanosleep(&wrong, NULL), EINVAL);
	CHECK_ERRNO(nanosleep(&negative, NULL), EINVAL);
	CHECK_EQ(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &time, NULL), EINVAL);
	time.tv_nsec = 0;
	CHECK(nanosleep(&time, NULL) == 0);
	return 0;
}
