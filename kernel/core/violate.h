/*
 * Breaking rules on purpose, in debug builds: whether a protection works is seen only by trying
 * what it forbids. /proc/quartet/violate does what is written to it; a good machine panics.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/*
 * Do what `name` says, on behalf of a system call. If the machine let it happen, returns. False:
 * there is no such violation.
 */
bool violate(const char *name);

/* The nth name, or NULL behind the last. */
const char *violation_name(size_t n);
