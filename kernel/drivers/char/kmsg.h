/*
 * /dev/kmsg: the kernel log as a device.
 */
#pragma once
#include "vfs/file.h"

extern const struct file_ops kmsg_ops;
