/*
 * Moving bytes between a pipe and a file, or two pipes: splice(2), tee(2), vmsplice(2).
 *
 * Each returns bytes moved, 0 at an end, or an error if none were moved: -EAGAIN (`nonblock`),
 * -ERESTARTSYS, -EPIPE, -ENOMEM, -EINVAL (that file cannot), and the file's own. All may sleep.
 * Modes are checked by the caller. `offset` NULL: at and with the file's own position.
 */
#pragma once
#include "vfs/file.h"

bool file_is_pipe(const struct file *file);

must_check ssize_t splice_file_to_pipe(struct file *from, file_offset *offset, struct file *pipe,
				       size_t size, bool nonblock);
must_check ssize_t splice_pipe_to_file(struct file *pipe, struct file *to, file_offset *offset,
				       size_t size, uint64_t size_limit, bool nonblock);
/* `keep`: the bytes stay in `from` as well (tee). */
must_check ssize_t splice_pipe_to_pipe(struct file *from, struct file *to, size_t size, bool keep,
				       bool nonblock);
/* vmsplice: wait for the first bytes, or for room, then move what goes at once. */
must_check ssize_t splice_pipe_to_buffer(struct file *pipe, struct io_buffer *buffer,
					 bool nonblock);
must_check ssize_t splice_buffer_to_pipe(struct io_buffer *buffer, struct file *pipe,
					 bool nonblock);
