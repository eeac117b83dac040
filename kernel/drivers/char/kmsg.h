/*
 * /dev/kmsg: the kernel log as a device.
 */
#pragma once
#include "vfs/file.h"

extern const struct file_ops kmsg_ops;
void kmsg_init(void);
/* The queue that is woken when the log grows; for /proc/kmsg too. */
struct wait_queue *kmsg_wait_queue(void);
