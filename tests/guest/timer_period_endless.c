/*
 * A timer that has rung and whose period leads beyond the end of time (2^63 nanoseconds) rings
 * next at the end of time: a timerfd and a POSIX timer, by a clock that is set and by one that is
 * not. What is left until then is told right, and nothing overflows.
 */
#include <signal.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include "check.h"

struct time64 { long long seconds, nanoseconds; };
struct setting { struct time64 interval, value; };

#define END_OF_TIME_NS 0x7fffffffffffffffLL
#define PERIOD_SECONDS 9223372035LL	/* the last whole second but one before it */

static long long clock_ns(clockid_t clock)
{
	struct time64 now;

	CHECK(syscall(SYS_clock_gettime64, clock, &now) == 0);
	return now.seconds * 1000000000 + now.nanoseconds;
}

/* Due a second ago on the clock that can be set, at once on the other. */
static struct setting setting_for(clockid_t clock)
{
	struct setting setting = { { PERIOD_SECONDS, 0 }, { 0, 1 } };

	if (clock == CLOCK_REALTIME)
		setting.value.seconds = clock_ns(clock) / 1000000000 - 1;
	return setting;
}

static void check_left(clockid_t clock, const struct setting *now)
{
	long long left = now->value.seconds * 1000000000 + now->value.nanoseconds;
	long long most = END_OF_TIME_NS - clock_ns(clock);

	CHECK_EQ(now->interval.seconds, PERIOD_SECONDS);
	/* A clock that shows less than two seconds has all of the period before it. */
	if (clock != CLOCK_REALTIME)
		most -= 2000000000LL;
	CHECK(left >= most && left - most < 100000000000LL);
}

static void with_timerfd(clockid_t clock)
{
	struct setting setting = setting_for(clock), now;
	int flags = clock == CLOCK_REALTIME ? TFD_TIMER_ABSTIME : 0;
	int fd = MUST(timerfd_create(clock, 0));
	unsigned long long ticks;

	CHECK(syscall(SYS_timerfd_settime64, fd, flags, &setting, NULL) == 0);
	CHECK_EQ(read(fd, &ticks, sizeof(ticks)), 8);
	CHECK_EQ(ticks, 1);
	CHECK(syscall(SYS_timerfd_gettime64, fd, &now) == 0);
	check_left(clock, &now);
	close(fd);
}

static void with_posix_timer(clockid_t clock)
{
	struct sigevent none = { .sigev_notify = SIGEV_NONE };
	struct setting setting = setting_for(clock), now;
	int flags = clock == CLOCK_REALTIME ? TIMER_ABSTIME : 0;
	int timer;

	CHECK(syscall(SYS_timer_create, clock, &none, &timer) == 0);
	CHECK(syscall(SYS_timer_settime64, timer, flags, &setting, NULL) == 0);
	sleep_ms(2);
	CHECK(syscall(SYS_timer_gettime64, timer, &now) == 0);
	check_left(clock, &now);
	CHECK(syscall(SYS_timer_delete, timer) == 0);
}

/* An expiration for each second since 1970, also for those before the machine was started. */
static void since_the_beginning(void)
{
	struct setting setting = { { 1, 0 }, { 0, 1 } };
	int fd = MUST(timerfd_create(CLOCK_REALTIME, 0));
	unsigned long long ticks;
	long long seconds;

	CHECK(syscall(SYS_timerfd_settime64, fd, TFD_TIMER_ABSTIME, &setting, NULL) == 0);
	CHECK_EQ(read(fd, &ticks, sizeof(ticks)), 8);
	seconds = clock_ns(CLOCK_REALTIME) / 1000000000;
	CHECK((long long)ticks >= seconds - 1 && (long long)ticks <= seconds + 1);
	close(fd);
}

int main(void)
{
	since_the_beginning();
	with_timerfd(CLOCK_MONOTONIC);
	with_timerfd(CLOCK_REALTIME);
	with_posix_timer(CLOCK_MONOTONIC);
	with_posix_timer(CLOCK_REALTIME);
	return 0;
}
