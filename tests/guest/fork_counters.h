/*
 * How much work copy-on-write has done so far, as Quartet counts it: lines "NAME VALUE" in
 * /proc/quartet/counters. Linux has no such file; there the counters are absent.
 */
#pragma once
#include "check.h"

#define FORK_COUNTERS_FILE "/proc/quartet/counters"

/* The value of a counter, or -1 if this system does not count. */
static inline long long fork_counter(const char *name)
{
	char line[128];
	long long value = -1;
	FILE *file = fopen(FORK_COUNTERS_FILE, "re");

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file)) {
		char found[64];
		long long number;

		if (sscanf(line, "%63s %lld", found, &number) == 2 && strcmp(found, name) == 0)
			value = number;
	}
	fclose(file);
	return value;
}
