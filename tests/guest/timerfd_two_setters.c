/*
 * Two threads set one timerfd at once, one to a relative time, one to an absolute: it is always as
 * one of them has set it, never the one's time with the other's flags or interval. The clock is one
 * that can be set, and only who gives an absolute time wants to hear of that.
 */
#include "check.h"
#include <pthread.h>
#include <sys/timerfd.h>
#include <time.h>

enum { ROUNDS = 6000, FAR_S = 100000 };

static int timer;

static void check_setting(const struct itimerspec *setting)
{
	time_t left = setting->it_value.tv_sec;

	if (setting->it_interval.tv_sec == 1)
		CHECK(left > FAR_S - 100 && left <= FAR_S);
	else if (setting->it_interval.tv_sec == 2)
		CHECK(left > 2 * FAR_S - 100 && left <= 2 * FAR_S);
	else
		CHECK_EQ(setting->it_interval.tv_sec, 0);
}

static void *set_often(void *argument)
{
	bool absolute = argument;
	struct itimerspec new = { { absolute ? 2 : 1, 0 }, { FAR_S, 0 } }, old, now;

	for (int i = 0; i < scaled(ROUNDS); i++) {
		if (absolute)
			new.it_value.tv_sec = time(NULL) + 2 * FAR_S;
		CHECK(timerfd_settime(timer, absolute ? TFD_TIMER_ABSTIME : 0, &new, &old) == 0);
		check_setting(&old);
		CHECK(timerfd_gettime(timer, &now) == 0);
		check_setting(&now);
	}
	return NULL;
}

int main(void)
{
	pthread_t thread;

	timer = MUST(timerfd_create(CLOCK_REALTIME, 0));
	CHECK_EQ(pthread_create(&thread, NULL, set_often, &timer), 0);
	set_often(NULL);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	return 0;
}
