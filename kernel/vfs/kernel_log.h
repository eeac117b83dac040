/*
 * The kernel log for readers that sleep until it grows; its one reader that consumes: /proc/kmsg
 * and syslog(2) share how far it has been read; and what was cleared, which those who look at the
 * log as it is do not see.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/types.h"
#include "vm/io_buffer.h"

struct wait_queue;

/* Once, before anybody reads. */
void kernel_log_init(void);
/* Woken when the log grows. */
struct wait_queue *kernel_log_queue(void);

/*
 * Move what nobody has consumed yet to `buffer`, as much as it takes; if there is nothing and
 * `waits`, sleep until there is. Bytes moved. May sleep.
 * Errors: -EAGAIN, -ERESTARTSYS, -EFAULT (then the bytes are gone, as on Linux), -ENOMEM.
 */
must_check ssize_t kernel_log_consume(struct io_buffer *buffer, bool waits);
/* How many bytes that would be. */
size_t kernel_log_unread(void);

/*
 * The newest lines since the log was cleared, as many whole ones as `buffer` takes. Bytes moved.
 * May sleep. Errors: -EFAULT, -ENOMEM.
 */
must_check ssize_t kernel_log_read_newest(struct io_buffer *buffer);
void kernel_log_clear(void);
/* Position in the log of the first line that is not cleared. */
uint64_t kernel_log_cleared(void);
