/* Loop devices for tests: one that is free, and what is in it. */
#pragma once
#include "check.h"
#include <linux/fs.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

/* The number of a free device. */
static inline int loop_free(void)
{
	int control = open("/dev/loop-control", O_RDWR);
	int number;

	if (control < 0 && errno == ENOENT)
		SKIP("this kernel has no loop devices");
	CHECK(control >= 0);
	number = MUST(ioctl(control, LOOP_CTL_GET_FREE));
	CHECK(close(control) == 0);
	return number;
}

static inline int loop_open(int number, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/loop%d", number);
	return open(path, flags | O_CLOEXEC);
}

/* A new file of `size` bytes, all zeros. */
static inline int loop_make_file(const char *name, off_t size)
{
	int fd = MUST(open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));

	CHECK(ftruncate(fd, size) == 0);
	return fd;
}

/* A free device, open, and attached to `file`. Others may look for one at the same time. */
static inline int loop_attach(int file, int *number)
{
	for (;;) {
		int loop;

		*number = loop_free();
		loop = MUST(loop_open(*number, O_RDWR));
		if (ioctl(loop, LOOP_SET_FD, file) == 0)
			return loop;
		CHECK_EQ(errno, EBUSY);
		CHECK(close(loop) == 0);
	}
}

static inline unsigned long long loop_size(int loop)
{
	unsigned long long bytes = 0;

	CHECK(ioctl(loop, BLKGETSIZE64, &bytes) == 0);
	return bytes;
}
