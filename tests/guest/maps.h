/* Reading /proc/self/maps: how many regions lie in a range, and what one of them looks like. */
#pragma once
#include "check.h"

struct map_line {
	unsigned long start, end;
	char protection[8];
	unsigned long long offset;
	char name[256];
};

/* The region that contains `address`; false if none does. */
static inline bool map_line_at(pid_t pid, const volatile void *address, struct map_line *out)
{
	char path[64], line[600];
	bool found = false;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	CHECK(maps != NULL);
	while (!found && fgets(line, sizeof(line), maps)) {
		int name_at = 0;

		CHECK(sscanf(line, "%lx-%lx %7s %llx %*s %*s %n", &out->start, &out->end,
			     out->protection, &out->offset, &name_at) == 4);
		line[strcspn(line, "\n")] = '\0';
		snprintf(out->name, sizeof(out->name), "%.250s", name_at ? line + name_at : "");
		found = (uintptr_t)address >= out->start && (uintptr_t)address < out->end;
	}
	fclose(maps);
	return found;
}

/* How many regions lie in [start, start + size), touching ones counted. */
static inline int maps_in_range(const volatile char *start, size_t size)
{
	const volatile char *at = start;
	int count = 0;

	while (at < start + size) {
		struct map_line line;

		if (map_line_at(getpid(), at, &line)) {
			count++;
			at = (const volatile char *)line.end;
		} else {
			at += PAGE;
		}
	}
	return count;
}
