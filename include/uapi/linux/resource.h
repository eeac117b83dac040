/*
 * Resource usage and priorities.
 */
#pragma once
#include <stdint.h>

/* clang-format off */
#define RUSAGE_SELF	0
#define RUSAGE_THREAD	1
#define RUSAGE_CHILDREN	(-1)

#define PRIO_PROCESS	0
#define PRIO_PGRP	1
#define PRIO_USER	2
/* clang-format on */

struct linux_rusage {
	struct {
		int32_t seconds;
		int32_t microseconds;
	} user, system;
	int32_t max_resident_kib;
	int32_t shared, data, stack; /* always 0 on Linux */
	int32_t minor_faults, major_faults;
	int32_t swaps;
	int32_t blocks_in, blocks_out;
	int32_t messages_sent, messages_received, signals;
	int32_t voluntary_switches, involuntary_switches;
};
_Static_assert(sizeof(struct linux_rusage) == 72, "struct rusage on i386");
