/*
 * timerfd: a timer whose expirations are read.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"

struct file;

void timerfd_init(void);

enum timerfd_clock { TIMERFD_MONOTONIC, TIMERFD_REALTIME };

/* `clock_id` is Linux's number, for show only. `flags`: O_NONBLOCK. Errors: -ENOMEM. */
must_check int timerfd_create(enum timerfd_clock clock, int clock_id, uint32_t flags,
			      struct file **out);
/* Linux's number of the clock, or -EINVAL: no timerfd. */
must_check int timerfd_clock_id(const struct file *file);

struct timerfd_setting {
	int64_t value_ns;	/* 0: off */
	int64_t interval_ns;	/* 0: once */
};
/* Linux's TFD_TIMER_ABSTIME and TFD_TIMER_CANCEL_ON_SET. */
enum timerfd_flags { TIMERFD_ABSOLUTE = 1 << 0, TIMERFD_CANCEL_ON_SET = 1 << 1 };

/*
 * timerfd_settime(2) of a timerfd: the old setting comes back, its value as time left. Errors:
 * -ECANCELED: set, but the clock was set since the last look and the program wants to know.
 */
must_check int timerfd_set(struct file *file, uint32_t flags, const struct timerfd_setting *new,
			   struct timerfd_setting *old);
void timerfd_get(struct file *file, struct timerfd_setting *out);
