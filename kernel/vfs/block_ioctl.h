/*
 * ioctl on disks and partitions.
 */
#pragma once
#include <stdint.h>

struct file;

/* As file_ops.ioctl, of a block device's file, whose `private` is the device. */
int block_ioctl(struct file *file, unsigned int command, uintptr_t argument);
