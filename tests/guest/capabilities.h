/* Giving up single capabilities, for tests of what asks for one of several. */
#pragma once
#include "check.h"
#include <linux/capability.h>

/* The current thread can no longer do what it takes `capability` for. */
static inline void give_up(int capability)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	CHECK_EQ(raw_syscall(SYS_capget, &header, data), 0);
	data[CAP_TO_INDEX(capability)].effective &= ~CAP_TO_MASK(capability);
	CHECK_EQ(raw_syscall(SYS_capset, &header, data), 0);
}
