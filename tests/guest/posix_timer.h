/*
 * POSIX timers by the system calls: a timer is a number, spans are nanoseconds below 2 s.
 */
#pragma once
#include "check.h"
#include <sys/syscall.h>
#include <time.h>

#define MS 1000000ll

static inline int timer_new_for(int clock, int notify, int signal, int value, pid_t thread)
{
	struct sigevent event = { .sigev_notify = notify, .sigev_signo = signal };
	int id = -1;

	event.sigev_value.sival_int = value;
	event._sigev_un._tid = thread;
	CHECK(syscall(SYS_timer_create, clock, &event, &id) == 0);
	return id;
}

static inline int timer_new(int clock, int notify, int signal, int value)
{
	return timer_new_for(clock, notify, signal, value, 0);
}

static inline void timer_start(int id, long long first, long long interval)
{
	struct itimerspec new = {
		.it_value = { first / 1000000000, first % 1000000000 },
		.it_interval = { interval / 1000000000, interval % 1000000000 },
	};

	CHECK(syscall(SYS_timer_settime, id, 0, &new, NULL) == 0);
}

static inline long long timer_left(int id)
{
	struct itimerspec now;

	CHECK(syscall(SYS_timer_gettime, id, &now) == 0);
	return now.it_value.tv_sec * 1000000000ll + now.it_value.tv_nsec;
}

static inline int timer_overrun(int id)
{
	return syscall(SYS_timer_getoverrun, id);
}

static inline int timer_remove(int id)
{
	return syscall(SYS_timer_delete, id);
}
