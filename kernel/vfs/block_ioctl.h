/*
 * ioctl on disks and partitions.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct file;

/* Is `command` for this file one of a disk's that the caller needs CAP_SYS_ADMIN for? */
bool block_ioctl_administers(const struct file *file, unsigned int command);
/*
 * As file_ops.ioctl, of a block device's file, whose `private` is the device. The caller has that
 * right.
 */
int block_ioctl(struct file *file, unsigned int command, uintptr_t argument);
