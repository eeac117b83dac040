/*
 * Failing on demand, in a debug build of Quartet: the Nth time from now that the calling thread
 * comes to a point of a kind (a "frame", a "slab" object, "block_io"), it fails; or it and some
 * after it. With "any_path" the next allocation of anybody else fails that is made on a new path.
 */
#pragma once
#include "check.h"

#define FAILPOINT_FILE "/proc/quartet/failpoint"

/* `nth` 0 disarms. False if this system cannot do it. */
static inline bool failpoint_arm_many(const char *point, int nth, int count)
{
	char text[48];
	int fd = open(FAILPOINT_FILE, O_WRONLY | O_CLOEXEC);
	int length = snprintf(text, sizeof(text), "%s %d %d", point, nth, count);

	if (fd < 0)
		return false;
	bool done = write(fd, text, length) == length;

	close(fd);
	return done;
}

static inline bool failpoint_arm(const char *point, int nth)
{
	return failpoint_arm_many(point, nth, 1);
}

/* Lines "POINT struck 0|1 hits COUNT". */
static inline bool failpoint_has_struck(const char *point)
{
	char text[512], wanted[32];

	/* If asking is what it strikes, it has not struck before. */
	int fd = open(FAILPOINT_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

	close(fd);
	if (got < 0)
		return false;
	text[got] = '\0';
	snprintf(wanted, sizeof(wanted), "%s struck 1", point);
	return strstr(text, wanted) != NULL;
}
