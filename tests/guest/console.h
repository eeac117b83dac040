/* What tests of the virtual consoles share. */
#pragma once
#include "check.h"
#include <linux/vt.h>
#include <sys/ioctl.h>

/* Bring console `number` to the front; `fd` is any console's. */
static inline void console_show(int fd, int number)
{
	MUST(ioctl(fd, VT_ACTIVATE, number));
	MUST(ioctl(fd, VT_WAITACTIVE, number));
}
