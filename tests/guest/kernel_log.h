/* What tests of the kernel log share. */
#pragma once
#include "check.h"

enum { FIRST_OF_USERS = 8 };	/* priorities below are the kernel's own lines' */

/* Linux takes only some lines a second unless it is told to take all. */
static inline void log_take_all(void)
{
	int limit = open("/proc/sys/kernel/printk_devkmsg", O_WRONLY | O_CLOEXEC);

	if (limit < 0)
		return;
	CHECK(write(limit, "on\n", 3) == 3);
	CHECK(close(limit) == 0);
}
