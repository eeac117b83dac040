/*
 * Pipes and FIFOs.
 */
#pragma once
#include "vfs/file.h"

struct inode;

/*
 * F_GETPIPE_SZ and F_SETPIPE_SZ: bytes; -EBADF if `file` is no pipe, -EBUSY, -ENOMEM, -EINVAL,
 * -EPERM (above 1 MiB).
 */
must_check int pipe_get_size(struct file *file);
must_check int pipe_set_size(struct file *file, size_t size, bool may_exceed);
/* Bytes that a read would find: FIONREAD. */
size_t pipe_readable(struct file *file);
/*
 * Two open ends: [0] reads, [1] writes. `flags`: O_NONBLOCK, O_DIRECT (packets). Errors: -ENFILE,
 * -ENOMEM.
 */
must_check int pipe_create(uint32_t flags, struct file *ends[2]);
/* file_ops of FIFO inodes: open() waits for the other side */
extern const struct file_ops pipe_fifo_ops;
