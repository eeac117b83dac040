/*
 * Pipes and FIFOs.
 */
#pragma once
#include "vfs/file.h"

struct credentials;
struct inode;

/*
 * F_GETPIPE_SZ and F_SETPIPE_SZ: bytes; -EBADF if `file` is no pipe, -EBUSY, -ENOMEM, -EINVAL,
 * -EPERM (above 1 MiB, or more than one user's pipes may have in all).
 */
must_check int pipe_get_size(struct file *file);
must_check int pipe_set_size(struct file *file, size_t size, const struct credentials *credentials);
/* How many pages one user's pipes may hold before they become small; 0: any. */
unsigned int pipe_user_pages(void);
void pipe_set_user_pages(unsigned int pages);
/* Bytes that a read would find: FIONREAD. */
size_t pipe_readable(struct file *file);
/*
 * Two open ends: [0] reads, [1] writes. `flags`: O_NONBLOCK, O_DIRECT (packets). Its pages are on
 * account of the user of `credentials`. Errors: -ENFILE, -ENOMEM.
 */
must_check int pipe_create(uint32_t flags, const struct credentials *credentials,
			   struct file *ends[2]);
/* file_ops of FIFO inodes: open() waits for the other side; and of pipes' without a name: not. */
extern const struct file_ops pipe_fifo_ops, pipe_nameless_ops;
