/*
 * Tests of frozen file systems: the body runs in a child, so that what it has frozen is thawed
 * whatever becomes of it. It may be the root file system.
 */
#pragma once
#include "check.h"
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

static int frozen_fd = -1;	/* the directory on a disk, which is also the current one */

static inline void freeze_disk(void)
{
	CHECK_EQ(ioctl(frozen_fd, FIFREEZE, 0), 0);
}

static inline void thaw_disk(void)
{
	CHECK_EQ(ioctl(frozen_fd, FITHAW, 0), 0);
}

static inline int run_freezing(void (*body)(void))
{
	pid_t child;
	int status;

	if (!getenv("TEST_DISK_DIR"))
		SKIP("no disk");
	enter_disk_directory();
	frozen_fd = MUST(open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	child = FORK();
	if (child == 0) {
		body();
		_exit(0);
	}
	status = wait_status(child);
	ioctl(frozen_fd, FITHAW, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : CHECK_FAILED;
}
