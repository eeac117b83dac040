/*
 * The clock functions of the vDSO, called as a C library calls them: what each says lies between
 * two answers of the kernel, for every clock; what it cannot say itself it asks the kernel, errors
 * included.
 */
#include "check.h"
#include "vdso.h"
#include <sys/time.h>

#ifndef CLOCK_TAI
#define CLOCK_TAI 11
#endif
#define NS_PER_SECOND 1000000000LL

static int (*vdso_clock32)(int, struct timespec32 *);
static int (*vdso_clock64)(int, struct timespec64 *);
static int (*vdso_gettimeofday)(struct timespec32 *, int32_t *);
static int32_t (*vdso_time)(int32_t *);

/* ---- against the kernel ------------------------------------------------------------------ */

static long long kernel_ns(int clock)
{
	struct timespec64 time;

	CHECK_EQ(raw_syscall(SYS_clock_gettime64, clock, &time), 0);
	return time.tv_sec * NS_PER_SECOND + time.tv_nsec;
}

static void check_between(int clock, long long before, long long vdso, long long after)
{
	if (vdso < before || vdso > after)
		FAIL("clock %d: %lld is not between %lld and %lld", clock, vdso, before, after);
}

static void test_clock(int clock)
{
	struct timespec32 time32;
	struct timespec64 time64;
	long long before, middle, after;

	for (int i = 0; i < scaled(2000); i++) {
		time64.padding = -1;
		before = kernel_ns(clock);
		CHECK_EQ(vdso_clock64(clock, &time64), 0);
		middle = kernel_ns(clock);
		CHECK_EQ(vdso_clock32(clock, &time32), 0);
		after = kernel_ns(clock);
		CHECK_EQ(time64.padding, 0);
		CHECK(time64.tv_nsec >= 0 && time64.tv_nsec < NS_PER_SECOND);
		CHECK(time32.tv_nsec >= 0 && time32.tv_nsec < NS_PER_SECOND);
		check_between(clock, before, time64.tv_sec * NS_PER_SECOND + time64.tv_nsec,
			      middle);
		check_between(clock, middle, time32.tv_sec * NS_PER_SECOND + time32.tv_nsec,
			      after);
	}
}

static void test_time_of_day(void)
{
	struct timespec32 time;
	int32_t zone[2];

	for (int i = 0; i < scaled(2000); i++) {
		long long before = kernel_ns(CLOCK_REALTIME) / 1000, after;

		zone[0] = zone[1] = 77;
		CHECK_EQ(vdso_gettimeofday(&time, zone), 0);
		after = kernel_ns(CLOCK_REALTIME) / 1000;
		check_between(CLOCK_REALTIME, before, time.tv_sec * 1000000LL + time.tv_nsec,
			      after);
		CHECK(zone[0] == 0 && zone[1] == 0);
	}
	CHECK_EQ(vdso_gettimeofday(NULL, zone), 0);
	CHECK_EQ(vdso_gettimeofday(&time, NULL), 0);
	CHECK_EQ(vdso_gettimeofday(NULL, NULL), 0);
}

static void test_seconds(void)
{
	long long end = now_ns() + NS_PER_SECOND * 11 / 10;	/* over the turn of a second */

	while (now_ns() < end) {
		int32_t before, seconds, stored = 0, after;

		before = raw_syscall(SYS_time, NULL);
		seconds = vdso_time(&stored);
		CHECK_EQ(seconds, stored);
		CHECK(vdso_time(NULL) >= seconds);
		after = raw_syscall(SYS_time, NULL);
		CHECK(before <= seconds && seconds <= after);
	}
}

static void test_errors(void)
{
	static const int unknown[] = { 10, 12, 15, 16, 31, 32, 63, 64, 12345, INT_MAX };
	struct timespec32 time32;
	struct timespec64 time64;

	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		CHECK_EQ(vdso_clock32(unknown[i], &time32), -EINVAL);
		CHECK_EQ(vdso_clock64(unknown[i], &time64), -EINVAL);
	}
	CHECK_EQ(vdso_clock64(CLOCK_PROCESS_CPUTIME_ID, (void *)16), -EFAULT);
	CHECK_EQ(vdso_clock32(CLOCK_PROCESS_CPUTIME_ID, (void *)16), -EFAULT);
}

/* The answer goes where the caller says, be it aligned or not, and nowhere else. */
static void test_places(void)
{
	static const int clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME };
	char room[64], untouched[64];

	memset(untouched, 0x5a, sizeof(untouched));
	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
		for (size_t at = 16; at < 20; at++) {
			memset(room, 0x5a, sizeof(room));
			CHECK_EQ(vdso_clock32(clocks[i], (void *)(room + at)), 0);
			CHECK(memcmp(room, untouched, at) == 0);
			CHECK(memcmp(room + at + 8, untouched, 64 - at - 8) == 0);
			memset(room, 0x5a, sizeof(room));
			CHECK_EQ(vdso_clock64(clocks[i], (void *)(room + at)), 0);
			CHECK(memcmp(room, untouched, at) == 0);
			CHECK(memcmp(room + at + 16, untouched, 64 - at - 16) == 0);
		}
	}
}

/*
 * A place that cannot be written ends the program, whose own code this is; or it is an error, if
 * the vDSO asks the kernel (Linux, where it does not trust the counter).
 */
static void test_bad_place(int clock, bool wide, void *place)
{
	pid_t pid = FORK();
	int status;

	if (pid == 0)
		_exit((wide ? vdso_clock64(clock, place) : vdso_clock32(clock, place)) == -EFAULT);
	status = wait_status(pid);
	CHECK(WIFSIGNALED(status) ? WTERMSIG(status) == SIGSEGV : WEXITSTATUS(status) == 1);
}

static void test_bad_places(void)
{
	char *end = map_page_before_hole();

	for (int clock = CLOCK_REALTIME; clock <= CLOCK_MONOTONIC; clock++) {
		test_bad_place(clock, false, (void *)16);
		test_bad_place(clock, true, (void *)16);
		test_bad_place(clock, false, end - 4);
		test_bad_place(clock, true, end - 8);
	}
}

int main(void)
{
	static const int clocks[] = {
		CLOCK_REALTIME,
		CLOCK_MONOTONIC,
		CLOCK_MONOTONIC_RAW,
		CLOCK_REALTIME_COARSE,
		CLOCK_MONOTONIC_COARSE,
		CLOCK_BOOTTIME,
		CLOCK_TAI,
		CLOCK_PROCESS_CPUTIME_ID,
		CLOCK_THREAD_CPUTIME_ID,
	};
	struct vdso_image image = vdso_find();
	clockid_t own;

	vdso_clock32 = vdso_symbol(&image, "__vdso_clock_gettime");
	vdso_clock64 = vdso_symbol(&image, "__vdso_clock_gettime64");
	vdso_gettimeofday = vdso_symbol(&image, "__vdso_gettimeofday");
	vdso_time = vdso_symbol(&image, "__vdso_time");
	vdso_symbol(&image, "__kernel_vsyscall");
	vdso_symbol(&image, "__kernel_sigreturn");
	vdso_symbol(&image, "__kernel_rt_sigreturn");
	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++)
		test_clock(clocks[i]);
	/* A clock of a process has a negative number. */
	CHECK(clock_getcpuclockid(getpid(), &own) == 0);
	test_clock(own);
	test_time_of_day();
	test_seconds();
	test_errors();
	test_places();
	test_bad_places();
	return 0;
}
